"""hooks/vk8s/bootstrap/watch-members.sh: how one of several control-plane nodes leaves etcd, or removes another."""

import pytest

from tests.unit.vk8s.bootstrap import watched
from tests.unit.vk8s.bootstrap.bench import Ended, Node, answer, refuse
from tests.unit.vk8s.bootstrap.member import SERVICE
from tests.unit.vk8s.bootstrap.watched import (
    HEALTHY,
    IS_READY,
    LEFT,
    NODE_PATH,
    READY,
    UNHEALTHY,
    UNREACHABLE,
    reports,
    watch,
    write_node,
)

# The others, of which one does not answer.
ADDRESSES = "10.0.0.7 STREAM\n10.0.0.8 STREAM\n10.0.0.8 DGRAM\n10.0.0.9 STREAM\n"
AT_OTHER = f"demo-api:6443:10.0.0.9{NODE_PATH}"
ACCEPTS = answer(AT_OTHER, method="PATCH")
# In place of what would look for processes of pods.
PODS = """
signal_own_processes() { echo "signal $*" >>"$BENCH/calls"; }
kill_own_processes() { echo "kill $*" >>"$BENCH/calls"; }
"""
BEGINS, HAS_LEFT = "This node is being removed from its cluster.", "This node has left etcd."
REMOVES = "The member of control-plane node demo-master-3 is being removed from etcd."


@pytest.fixture
def node(node: Node) -> Node:
    """One of several control-plane nodes, which is ready."""
    node.write("bench/addresses", ADDRESSES)
    node.program("getent", "cat bench/addresses")
    return watched.make_ready(node).given(ROLE="master", ETCD_SERVICE=SERVICE)


def patches(ended: Ended) -> list[str]:
    return [call for call in ended.calls_of("curl") if "--request PATCH" in call]


# Its own removal


def test_control_plane_node_leaves_etcd_before_its_kubelet_stops(node: Node) -> None:
    """And says so through another API server: its own has no etcd any more."""
    node.program("etcd-member", f"[[ -s var/lib/vk8s/leaving && ! -e {READY} && ! -e {LEFT} ]] && touch in-order")
    node.write("vk8s/boot/pods.sh", PODS)
    ended = watch(node, {10: f"{reports(leaving=True)}; {ACCEPTS}"})
    assert ended.said == [IS_READY, BEGINS, HAS_LEFT]
    assert node.has("in-order")
    steps = [call for call in ended.calls if not call.startswith(("curl", "getent"))]
    assert [step.partition(" --name")[0] for step in steps] == [
        "signal TERM kube-apiserver",
        "etcd-member leave",
        "systemctl stop kubelet",
        "kill kube-apiserver kube-controller-manager kube-scheduler",
        "sleep infinity",
    ]
    patch = patches(ended)[-1]
    assert '{"metadata": {"annotations": {"vk8s.sktelecom.com/left": "true"}}}' in patch
    assert "--resolve demo-api:6443:10.0.0.9 " in patch
    assert node.has(LEFT)


def test_control_plane_node_asks_only_others_to_note_that_it_has_left(node: Node) -> None:
    ended = watch(node, {10: f"{reports(leaving=True)}; {answer(NODE_PATH, method='PATCH')}", 15: ACCEPTS})
    asked = [call.split("--resolve ")[1].split()[0] for call in patches(ended)]
    assert set(asked) == {"demo-api:6443:10.0.0.8", "demo-api:6443:10.0.0.9"}
    assert ended.calls[-1] == "sleep infinity"


def test_leaving_is_retried_until_etcd_is_left(node: Node) -> None:
    node.program(
        "etcd-member", "[[ -e bench/again ]] || { touch bench/again; echo 'etcd-member: not yet' >&2; exit 1; }"
    )
    ended = watch(node, {10: f"{reports(leaving=True)}; {ACCEPTS}"})
    assert ended.said == [IS_READY, BEGINS, "etcd: not yet", HAS_LEFT]
    assert len(ended.calls_of("etcd-member")) == 2


@pytest.mark.parametrize(
    "trouble",
    [UNREACHABLE, UNHEALTHY, "rm run/vk8s/booted"],
    ids=["its API server does not answer", "its kubelet is ill", "its boot is not complete"],
)
def test_node_that_is_ill_hears_from_others_that_it_is_to_leave(node: Node, trouble: str) -> None:
    leaving = answer(AT_OTHER, write_node(**watched.LEAVING))
    ended = watch(node, {5: trouble, 10: f"{leaving}; {ACCEPTS}"})
    assert ended.said[-2:] == [BEGINS, HAS_LEFT]
    assert ended.calls[-1] == "sleep infinity"
    assert ("systemctl stop vk8s-boot" in ended.calls) == ("booted" in trouble)


def test_others_are_asked_only_now_and_then(node: Node) -> None:
    ended = watch(node, {0: f"{HEALTHY}; {UNREACHABLE}; {answer(AT_OTHER, write_node())}"}, limit=35)
    assert sum("10.0.0.9" in call for call in ended.calls_of("curl")) == 3
    assert not ended.calls_of("etcd-member")


def test_node_alone_asks_nobody_else(node: Node) -> None:
    ended = watch(node.given(ETCD_SERVICE=""), {5: UNREACHABLE}, limit=25)
    assert not ended.calls_of("getent")


# That of another


def test_member_of_a_lost_node_is_removed_and_the_request_withdrawn(node: Node) -> None:
    asked = answer(NODE_PATH, write_node(remove_member="demo-master-3"))
    node.program("etcd-member", f"{answer(NODE_PATH, write_node())}; touch bench/removed")
    ended = watch(node, {10: f"{asked}; {answer(NODE_PATH, method='PATCH')}", 12: until("bench/removed")}, limit=15)
    assert ended.said == [IS_READY, REMOVES]
    (removal,) = ended.calls_of("etcd-member")
    assert removal.startswith("etcd-member remove --member demo-master-3 --name demo-worker ")
    (patch,) = patches(ended)
    assert '{"metadata": {"annotations": {"vk8s.sktelecom.com/remove-member": null}}}' in patch
    assert node.has(READY)


def test_request_stays_until_the_member_is_removed(node: Node) -> None:
    """The member may still answer; then it has to leave by itself."""
    asked = answer(NODE_PATH, write_node(remove_member="demo-master-3"))
    node.program("etcd-member", "echo 'etcd-member: member demo-master-3 answers' >&2; touch bench/asked; exit 1")
    ended = watch(node, {10: asked, 12: until("bench/asked")}, limit=15)
    assert ended.said.count(REMOVES) == 1
    assert not patches(ended)


def test_node_alone_removes_no_member(node: Node) -> None:
    asked = answer(NODE_PATH, write_node(remove_member="demo-master-3"))
    ended = watch(node.given(ETCD_SERVICE=""), {10: asked})
    assert not ended.calls_of("etcd-member")


def until(file: str) -> str:
    """Commands that wait, in real time, for what happens in the background."""
    return f"until [[ -e {file} ]]; do command sleep 0.01; done"


def test_worker_has_nothing_to_do_with_etcd(node: Node) -> None:
    ended = watch(node.given(ROLE="worker", ETCD_SERVICE=""), {10: f"{refuse(NODE_PATH)}"}, limit=25)
    assert not ended.calls_of("getent", "etcd-member")
