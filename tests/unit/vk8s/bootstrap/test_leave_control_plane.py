"""hooks/vk8s/bootstrap/leave.sh: how one of several control-plane nodes is removed, also if it is lost."""

import pytest

from tests.unit.vk8s.bootstrap.bench import ENDED_BY_BENCH, Ended, Node
from tests.unit.vk8s.bootstrap.leaving import BEGINS, ENDS, STOPS, leave, steps, write_kubectl

LABELS = '{"kubernetes.io/os":"linux","node-role.kubernetes.io/control-plane":""}'
LOST = f"node Unknown//{LABELS}"
ASKS = "Control-plane node m2 is asked to remove this node from etcd."
# Annotating a node that is lost makes no difference.
IGNORED = "[[ $* != *leaving=* ]] || exit 0"


@pytest.fixture
def node(node: Node) -> Node:
    """The Job's pod, for a control-plane node that is Ready, one of three."""
    write_kubectl(node)
    node.write("bench/node", f"node True//{LABELS}")
    node.write("bench/drain", "\n")
    node.write("bench/others", "demo-master True 7 \nm2 True 7 \nm3 True 7 \n")
    return node.given(NODE_NAME="demo-master", FORCE="false", ROLE="master")


@pytest.fixture
def lost(node: Node) -> Node:
    """The same, for one whose host is gone."""
    node.write("bench/node", LOST)
    write_kubectl(node, annotate=IGNORED)
    return node


def annotations(ended: Ended) -> list[str]:
    """Which Nodes were annotated, with what."""
    calls = [call.split(" annotate node ")[1] for call in ended.calls_of("kubectl") if " annotate " in call]
    for option in ("--overwrite ", "--resource-version 7 ", "vk8s.sktelecom.com/"):
        calls = [call.replace(option, "") for call in calls]
    return calls


def own(text: str) -> str:
    return text.replace("demo-worker", "demo-master")


def removes(name: str) -> str:
    """Commands by which that node has removed the member, and withdrawn the request."""
    return f'sed -i "s|^{name} .*|{name} True 7 |" $BENCH/others'


def test_control_plane_node_leaves_by_itself(node: Node) -> None:
    ended = leave(node)
    assert ended.said == [own(BEGINS), STOPS, own(ENDS)]
    assert annotations(ended) == ["demo-master leaving=true"]
    assert steps(ended) == ["cordon", "drain", "annotate", "delete"]


@pytest.mark.parametrize(
    ("role", "labels"), [("master", "{}"), ("", LABELS)], ids=["the controller says so", "only its Node says so"]
)
def test_member_of_a_lost_control_plane_node_is_removed_by_another(lost: Node, role: str, labels: str) -> None:
    lost.write("bench/node", f"node Unknown//{labels}")
    ended = leave(lost.given(ROLE=role), {10: removes("m2")})
    assert ended.said[-2:] == [ASKS, own(ENDS)]
    # It may be able to leave all the same: its etcd and its watcher may run.
    assert annotations(ended) == ["demo-master leaving=true", "m2 remove-member=demo-master"]
    assert steps(ended)[-1] == "delete"
    assert ended.output.splitlines()[-1].startswith("[  10.")


def test_lost_worker_needs_nobody_else(lost: Node) -> None:
    lost.write("bench/node", "node Unknown//{}")
    assert not annotations(leave(lost.given(ROLE="")))


def test_node_without_a_node_object_is_removed_from_etcd_all_the_same(lost: Node) -> None:
    lost.write("bench/node", "")
    ended = leave(lost, {10: removes("m2")})
    assert ended.said == [own(BEGINS), ASKS, own(ENDS)]
    assert annotations(ended) == ["m2 remove-member=demo-master"]


def test_node_that_leaves_in_the_end_withdraws_what_it_asked_for(lost: Node) -> None:
    ended = leave(lost, {10: f"echo 'node Unknown/true/{LABELS}' >$BENCH/node"})
    assert ended.said[-1] == own(ENDS)
    assert annotations(ended)[1:] == ["m2 remove-member=demo-master", "m2 remove-member-"]


def test_another_is_asked_if_the_first_is_lost_as_well(lost: Node) -> None:
    gone = 'sed -i "s|^m2 .*|m2 Unknown 7 demo-master|" $BENCH/others'
    ended = leave(lost, {10: gone, 20: removes("m3")})
    asked = ["m2 remove-member=demo-master", "m3 remove-member=demo-master", "m2 remove-member-"]
    assert annotations(ended)[1:] == asked


def test_node_that_was_asked_by_a_previous_pod_of_the_job_is_asked_again(lost: Node) -> None:
    lost.write("bench/others", "m2 True 7 \nm3 True 7 demo-master\n")
    ended = leave(lost, {10: removes("m3")})
    assert annotations(ended)[1:] == ["m3 remove-member=demo-master"]


def test_node_that_is_asked_for_another_one_is_not_asked(lost: Node) -> None:
    lost.write("bench/others", "m2 True 7 m4\nm3 True 7 \n")
    assert annotations(leave(lost, {10: removes("m3")}))[1:] == ["m3 remove-member=demo-master"]


def test_removal_waits_while_the_only_other_node_is_asked_for_another_one(lost: Node) -> None:
    lost.write("bench/others", "m2 True 7 m4\n")
    ended = leave(lost, {10: removes("m2"), 20: removes("m2")})
    assert annotations(ended)[1:] == ["m2 remove-member=demo-master"]
    assert ended.output.splitlines()[-1].startswith("[  20.")


def test_replaced_request_is_repeated(lost: Node) -> None:
    """Such a Job is of an earlier version."""
    ended = leave(lost, {10: 'sed -i "s|^m2 .*|m2 True 8 m4|" $BENCH/others', 20: removes("m3")})
    assert annotations(ended)[1:] == ["m2 remove-member=demo-master", "m3 remove-member=demo-master"]
    assert ended.output.splitlines()[-1].startswith("[  20.")


def test_removal_waits_for_another_control_plane_node(lost: Node) -> None:
    lost.write("bench/others", "m2 False 7 \n")
    ended = leave(lost, limit=20)
    assert ended.code == ENDED_BY_BENCH
    waits = "Waiting for another control-plane node that is Ready: it has to remove this node from etcd."
    assert ended.said[-1] == waits
    assert ended.said.count(waits) == 1


def test_removal_waits_while_no_other_node_is_of_the_control_plane(lost: Node) -> None:
    """Nobody has removed the member, although no Node is left that is asked to."""
    lost.write("bench/others")
    ended = leave(lost, limit=20)
    assert ended.code == ENDED_BY_BENCH
    assert ended.said[-1].startswith("Waiting for another control-plane node that is Ready")


@pytest.mark.parametrize("verb", ["get nodes", "annotate"])
def test_removal_of_a_lost_node_is_retried_when_the_api_server_answers_again(lost: Node, verb: str) -> None:
    once = f"[[ $* != *' {verb} '*remove-member* || -e bench/was-away ]] || touch bench/away bench/was-away"
    write_kubectl(lost, first=once, annotate=IGNORED)
    ended = leave(lost, {8: "rm -f $BENCH/away", 20: removes("m2")})
    assert ended.code == 0
    assert steps(ended)[-1] == "delete"
