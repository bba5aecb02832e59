"""The end of a Vk8s: whatever state it is in, and however it is deleted, nothing of it is left."""

from collections.abc import Callable

import pytest

from testbed.waiting import wait_for
from tests.cluster.conftest import Lenient
from tests.cluster.owner import Owner, build_vk8s
from tests.world import node

SECONDS = 60


def delete_plainly(owner: Owner) -> None:
    owner.kubectl.run("delete", "vk8s", "demo", "--timeout=60s")


def delete_in_foreground(owner: Owner) -> None:
    owner.kubectl.run("delete", "vk8s", "demo", "--cascade=foreground", "--timeout=60s")


def delete_namespace(owner: Owner) -> None:
    owner.kubectl.run("delete", "namespace", owner.namespace, "--timeout=60s")


@pytest.mark.parametrize("delete", [delete_plainly, delete_in_foreground, delete_namespace])
def test_nothing_is_left_when_a_vk8s_is_gone(owner: Owner, delete: Callable[[Owner], None]) -> None:
    owner.run_cluster()
    delete(owner)
    assert not owner.kubectl.succeeds("get", "vk8s", "demo")
    wait_for("nothing to be left", lambda: not owner.children(), 30, lambda: str(list(owner.children())))


def test_vk8s_goes_at_once_when_it_has_never_run(owner: Owner) -> None:
    owner.kubectl.apply(build_vk8s())
    delete_plainly(owner)
    wait_for("nothing to be left", lambda: not owner.children(), 30, lambda: str(list(owner.children())))


def test_vk8s_with_an_invalid_spec_goes_too(owner: Owner, lenient: Lenient) -> None:
    owner.run_cluster()
    lenient(build_vk8s(nodes=[node("w", "worker")]))
    owner.wait_for_reason("Accepted", "InvalidSpec")
    delete_plainly(owner)
    wait_for("nothing to be left", lambda: not owner.children(), 30, lambda: str(list(owner.children())))


def test_pod_on_a_dead_host_is_named_and_its_end_by_hand_ends_the_vk8s(owner: Owner, small_host: str) -> None:
    owner.kubectl.apply(build_vk8s(storage={"ephemeral": True}))
    owner.wait_for_children("Pod/m", "Pod/w")
    wait_for("a place", lambda: all(list_hosts(owner)), SECONDS, lambda: str(owner.status()))
    owner.kubectl.run("delete", "vk8s", "demo", "--wait=false")
    message = owner.wait_for_reason("Ready", "Terminating")["message"]
    assert f"Pod m on host {small_host}; Pod w on host {small_host}" in message
    owner.kubectl.run("delete", "pods", "m", "w", "--force", "--grace-period=0")
    wait_for("nothing to be left", lambda: not owner.children(), 30, lambda: str(list(owner.children())))
    owner.kubectl.run("wait", "vk8s/demo", "--for=delete", "--timeout=30s")


def list_hosts(owner: Owner) -> list[str]:
    """The host of each pod, empty where it has none."""
    pods = [child for name, child in owner.children().items() if name.startswith("Pod/")]
    return [pod["spec"].get("nodeName", "") for pod in pods]
