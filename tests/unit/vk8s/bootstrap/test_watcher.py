"""hooks/vk8s/bootstrap/watcher.sh: when a node counts as ready."""

import pytest

from tests.unit.vk8s.bootstrap import watched
from tests.unit.vk8s.bootstrap.bench import Node, answer
from tests.unit.vk8s.bootstrap.watched import (
    CLIENT_CERTIFICATE,
    CNI_LIST,
    HEALTHY,
    IS_READY,
    NODE_PATH,
    READY,
    REFUSED,
    SUBNET_FILE,
    UNHEALTHY,
    UNKNOWN,
    UNREACHABLE,
    reports,
    watch,
)


@pytest.fixture
def node(node: Node) -> Node:
    return watched.make_ready(node)


def test_node_whose_status_is_of_this_boot_is_ready(node: Node) -> None:
    ended = watch(node)
    assert ended.said == [IS_READY]
    assert node.has(READY)
    assert not ended.calls_of("systemctl")


# What happens to a node that is ready, and what it says then.
LOSSES = {
    "its kubelet does not answer": (UNHEALTHY, "the kubelet is not healthy"),
    "its kubelet is ill": (answer("/healthz", "[-]syncloop failed", status=500), "the kubelet is not healthy"),
    "its certificate is gone": (f"rm {CLIENT_CERTIFICATE}", "its kubelet has no certificate"),
    "its Node has another address": (reports(address="10.0.0.70"), "its Node does not have the address 10.0.0.7 yet"),
    "its Node is of another boot": (reports(machine="0"), "its Node has not been updated since this boot"),
    "its Node is not Ready": (reports(ready="False"), "its Node is not Ready yet"),
    "its Node is unknown to be Ready": (reports(ready="Unknown"), "its Node is not Ready yet"),
    "the network is down": (f"rm {SUBNET_FILE}", "the network between the nodes is not up yet"),
    "its Node is gone": (UNKNOWN, "its Node does not exist"),
    "its certificate is refused": (REFUSED, "the API server rejects its certificate"),
}


@pytest.mark.parametrize(("loss", "reason"), LOSSES.values(), ids=LOSSES)
def test_node_that_loses_something_is_not_ready_any_more(node: Node, loss: str, reason: str) -> None:
    ended = watch(node, {10: loss}, limit=12)
    assert ended.said == [IS_READY, f"Not ready any more: {reason}."]
    assert not node.has(READY)


@pytest.mark.parametrize("loss", [loss for loss, _ in LOSSES.values()], ids=LOSSES)
def test_node_that_comes_up_says_nothing_until_it_is_ready(node: Node, loss: str) -> None:
    """The boot says what it waits for."""
    ended = watch(node, {0: f"{HEALTHY}; {reports()}; {loss}"}, limit=3)
    assert not ended.said
    assert not node.has(READY)


def test_node_becomes_ready_again(node: Node) -> None:
    ended = watch(node, {10: reports(ready="False"), 20: reports()})
    assert ended.said == [IS_READY, "Not ready any more: its Node is not Ready yet.", IS_READY]
    assert node.has(READY)


def test_control_plane_is_ready_only_when_its_boot_is_complete(node: Node) -> None:
    """A worker's boot ends when it has started everything, which need not be complete."""
    node.write("run/vk8s/booted").unlink()
    assert not watch(node.given(ROLE="master"), limit=5).said
    assert not node.has(READY)
    assert watch(node, limit=5).said == [IS_READY]


def test_without_a_network_of_ours_none_is_waited_for(node: Node) -> None:
    for file in (CNI_LIST, SUBNET_FILE):
        (node.root / file).unlink()
    assert watch(node.given(CNI="none")).said == [IS_READY]


@pytest.mark.parametrize(("ready", "calls"), [("False", 40), ("True", 10)])
def test_until_a_node_is_ready_it_is_looked_at_more_often(node: Node, ready: str, calls: int) -> None:
    ended = watch(node, {0: f"{HEALTHY}; {reports(ready=ready)}"}, limit=10)
    assert sum("healthz" in call for call in ended.calls) == calls


# The API server does not answer


def test_worker_outlives_the_api_server_for_five_minutes(node: Node) -> None:
    ended = watch(node, {10: UNREACHABLE}, limit=315)
    assert ended.said == [IS_READY, "Not ready any more: the API server does not answer."]
    # It answered for the last time at second 9.
    assert ended.output.splitlines()[1].startswith("[ 310.0 s]")
    assert not node.has(READY)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_api_server_that_fails_is_as_one_that_does_not_answer(node: Node, status: int) -> None:
    assert watch(node, {10: answer(NODE_PATH, status=status)}).said == [IS_READY]


def test_control_plane_does_not_outlive_its_api_server(node: Node) -> None:
    ended = watch(node.given(ROLE="master"), {10: UNREACHABLE}, limit=12)
    assert ended.said == [IS_READY, "Not ready any more: the API server does not answer."]


def test_worker_that_was_never_ready_is_not_while_the_api_server_is_away(node: Node) -> None:
    watch(node, {0: f"{HEALTHY}; {UNREACHABLE}"}, limit=5)
    assert not node.has(READY)


def test_worker_that_is_alone_still_needs_a_healthy_kubelet(node: Node) -> None:
    watch(node, {10: UNREACHABLE, 12: UNHEALTHY}, limit=15)
    assert not node.has(READY)
