"""Condition AccessReady: whether one can connect by ssh."""

import pytest

from tests.lost_hosts import place, silent_status
from tests.unit.vk8s.plan.test_access import world
from tests.world import condition, ready_status


def test_access_ready_follows_the_access_pod() -> None:
    booting = world().steps(4)
    assert condition(booting.sync(), "AccessReady")["reason"] == "Starting"
    ready = booting.with_pod_status("demo-access-pod", ready_status())
    assert condition(ready.sync(), "AccessReady")["message"] == "demo-access-pod is Ready."
    assert ready.sync().status["readyNodes"] == "0/2"


@pytest.mark.parametrize("status", [{"phase": "Running"}, {"phase": "Pending"}])
def test_ready_one_of_two_access_pods_counts(status: dict[str, str]) -> None:
    lost = place(world().steps(4).with_ready_pods(), "demo-access-pod", "host-2", silent_status())
    both = place(place(lost.step(), "demo--access-pod", "host-1"), "demo-access-pod", "host-2", status)
    assert condition(both.sync(), "AccessReady")["message"] == "demo--access-pod is Ready."
