"""hooks/vk8s/bootstrap/leave.sh: how a worker is removed from its cluster, with a kubectl that knows one Node."""

import pytest

from tests.unit.vk8s.bootstrap.bench import ENDED_BY_BENCH, Node
from tests.unit.vk8s.bootstrap.leaving import BEGINS, ENDS, HELD, MOVING, STOPS, leave, steps, write_kubectl


@pytest.fixture
def node(node: Node) -> Node:
    """The Job's pod, for a worker that is Ready, one of several."""
    write_kubectl(node)
    node.write("bench/node", "node True//{}")
    node.write("bench/drain", "\n")
    return node.given(FORCE="false")


def test_worker_is_drained_and_stopped_before_its_node_is_deleted(node: Node) -> None:
    ended = leave(node)
    assert ended.code == 0
    assert ended.said == [BEGINS, STOPS, ENDS]
    assert steps(ended) == ["cordon", "drain", "annotate", "delete"]
    _, drain, annotate, delete = [call for call in ended.calls if call.split()[2] != "get"]
    assert "drain demo-worker --ignore-daemonsets --delete-emptydir-data --force --timeout=10s" in drain
    assert "annotate node demo-worker --overwrite vk8s.sktelecom.com/leaving=true" in annotate
    assert "delete node demo-worker --ignore-not-found --wait=false" in delete


def test_node_that_is_gone_needs_nothing(node: Node) -> None:
    node.write("bench/node", "")
    ended = leave(node)
    assert ended.said == [BEGINS, ENDS]
    assert not steps(ended)


def test_node_that_does_not_answer_is_not_waited_for(node: Node) -> None:
    """Neither for its pods nor for its watcher."""
    node.write("bench/node", "node Unknown//{}")
    ended = leave(node)
    assert ended.said == [BEGINS, "The node does not answer; not waiting for its pods.", ENDS]
    assert steps(ended) == ["cordon", "delete"]


def test_pods_are_not_evicted_if_the_owner_forces_the_removal(node: Node) -> None:
    ended = leave(node.given(FORCE="true"))
    assert steps(ended) == ["cordon", "annotate", "delete"]


def test_node_is_deleted_only_when_its_kubelet_has_stopped(node: Node) -> None:
    """It would register it again."""
    write_kubectl(node, annotate="exit 0")
    ended = leave(node, {10: "echo 'node True/true/{}' >$BENCH/node"})
    assert ended.output.splitlines()[-1] == f"[  10.2 s] {ENDS}"
    assert steps(ended) == ["cordon", "drain", "annotate", "delete"]


def test_node_that_stops_answering_is_not_waited_for(node: Node) -> None:
    write_kubectl(node, annotate="exit 0")
    ended = leave(node, {10: "echo 'node False//{}' >$BENCH/node"})
    assert ended.said[-1] == ENDS


# The last worker


@pytest.mark.parametrize(
    "taints", ["node-role.kubernetes.io/control-plane", "any node-role.kubernetes.io/control-plane any"]
)
def test_control_plane_loses_its_taint_before_the_last_worker(node: Node, taints: str) -> None:
    node.write("bench/taints", taints)
    ended = leave(node.given(HAS_WORKERS="false"))
    assert ended.said[1:3] == ["node/demo-master untainted", "Pods run on the control-plane node from now on."]
    assert steps(ended) == ["taint", "cordon", "drain", "annotate", "delete"]
    (untaint,) = [call for call in ended.calls if " taint " in call]
    key = "node-role.kubernetes.io/control-plane"
    assert untaint.endswith(f"taint nodes --selector {key} {key}-")


def test_control_plane_without_taint_is_left_as_it_is(node: Node) -> None:
    node.write("bench/taints", "any")
    assert steps(leave(node.given(HAS_WORKERS="false")))[0] == "cordon"


def test_control_plane_is_not_changed_while_workers_remain(node: Node) -> None:
    assert not [call for call in leave(node).calls if "get nodes" in call]


# Pods that may not be evicted


def test_pods_that_a_budget_protects_are_named_once_and_retried(node: Node) -> None:
    node.write("bench/drain", f"{HELD}\n{HELD}\n\n")
    ended = leave(node)
    assert ended.said == [
        BEGINS,
        "A PodDisruptionBudget does not allow the eviction of: shop/web-0. Retrying until it does.",
        STOPS,
        ENDS,
    ]
    assert steps(ended).count("drain") == 3


@pytest.mark.parametrize(
    ("outcome", "moving"),
    [(HELD, "no"), ("error: global timeout reached: 10s", "yes")],
    ids=["not while a budget protects them", "while they take their time to end"],
)
def test_whether_pods_move_is_shown_by_the_jobs_readiness(node: Node, outcome: str, moving: str) -> None:
    write_kubectl(node, drain=f"if [[ -e ../{MOVING} ]]; then echo yes; else echo no; fi >>moving")
    node.write("bench/drain", f"{outcome}\n\n")
    leave(node)
    assert node.read("bench/moving").split() == ["yes", moving]
    assert node.has(MOVING)


def test_node_that_stops_answering_while_it_is_drained_is_not_waited_for(node: Node) -> None:
    write_kubectl(node, drain="echo 'node Unknown//{}' >node")
    node.write("bench/drain", f"{HELD}\n" * 9)
    ended = leave(node)
    assert ended.code == 0
    assert steps(ended) == ["cordon", "drain", "delete"]


# An API server that goes away


@pytest.mark.parametrize("verb", ["get node", "cordon", "drain", "annotate", "delete"])
def test_removal_is_retried_when_the_api_server_answers_again(node: Node, verb: str) -> None:
    """Wherever it was when the API server went away."""
    once = f"[[ $* != *' {verb} '* || -e bench/was-away ]] || touch bench/away bench/was-away"
    write_kubectl(node, first=once)
    ended = leave(node, {8: "rm -f $BENCH/away"})
    assert ended.code == 0
    assert "Waiting for the API server of the virtual cluster." in ended.said
    assert ended.said[-1] == ENDS
    assert steps(ended)[-1] == "delete"


def test_no_pod_moves_while_the_api_server_is_away(node: Node) -> None:
    node.write("bench/away")
    node.write(MOVING)
    ended = leave(node, limit=20)
    assert ended.code == ENDED_BY_BENCH
    assert ended.said == [BEGINS, "Waiting for the API server of the virtual cluster."]
    assert not node.has(MOVING)
