"""Condition AccessReady: whether one can connect by ssh."""

from tests.unit.vk8s.plan.test_access import world
from tests.world import condition, ready_status


def test_access_ready_follows_the_access_pod() -> None:
    booting = world().steps(4)
    assert condition(booting.sync(), "AccessReady")["reason"] == "Starting"
    ready = booting.with_pod_status("demo-access-pod", ready_status())
    assert condition(ready.sync(), "AccessReady")["message"] == "demo-access-pod is Ready."
    assert ready.sync().status["readyNodes"] == "0/2"
