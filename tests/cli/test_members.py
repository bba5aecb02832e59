"""`members`: which control-plane nodes are members of etcd, who leads, and why one is none."""

import json
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from kubectl_vk8s.problems import Exit
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import items, replicated, running, with_one_down
from tests.unit.vk8s.plan.test_members import THREE, new_world, three_world, with_nodes
from tests.world import node

GET = "get vk8s demo --output=json"
LISTS = "exec {} --container=node -- etcd-member list"
FORBIDDEN = 'pods "a" is forbidden: User "jane" cannot create resource "pods/exec" in API group "" in the namespace'
NO_ANSWER = "etcd-member: gave up, as it waited for a member of etcd\ncommand terminated with exit code 1"


def member(name: str, role: str = "voter", **fields: Any) -> Manifest:
    """A member that answers."""
    known = {"version": "3.6.10", "dbSize": 2_700_000} if fields.get("answers", True) else {}
    return {"name": name, "id": f"{name}1", "role": role, "peerURL": "https://x", "answers": True, **known, **fields}


def listing(*members: Manifest, quorum: bool = True) -> str:
    return json.dumps({"quorum": quorum, "members": members})


ALL = listing(member("a"), member("b", "leader"), member("c"))
ONE_DOWN = listing(member("a"), member("b", "leader"), member("c", answers=False))
ONE_LEARNS = listing(member("a", "leader"), member("b"), member("c", "learner"))
NO_QUORUM = listing(member("a"), *(member(name, answers=False) for name in "bc"), quorum=False)
NO_LEADER = listing(*(member(name) for name in "abc"))


@pytest.fixture
def three(kubectl: FakeKubectl) -> FakeKubectl:
    """Three control-plane nodes that are Ready."""
    kubectl.answer(GET, replicated())
    return kubectl


def test_members_are_shown_with_leader_and_data(three: FakeKubectl, run: Run) -> None:
    three.answer(LISTS.format("a"), ALL)
    lines = run("members", "demo").out.splitlines()
    assert lines[0].split() == ["NODE", "ROLE", "ANSWERS", "ETCD", "DATA", "ADDRESS"]
    assert lines[2].split() == ["b", "leader", "yes", "3.6.10", "2.6", "MiB", "10.200.0.7"]
    assert lines[4:] == ["3 of 3 voters answer a, and 2 are a quorum."]
    assert three.calls[-1] == f"--namespace=team-a {LISTS.format('a')}"


def test_node_that_is_not_ready_is_asked_last_and_explained(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, replicated(with_one_down()))
    kubectl.refuse(LISTS.format("a"), "NotFound", 'pods "a" not found')
    kubectl.answer(LISTS.format("b"), ONE_DOWN)
    lines = run("members", "demo").out.splitlines()
    assert lines[3].split()[:4] == ["c", "voter", "no", "10.0.0.3"]
    assert lines[3].endswith("is booting: kubectl logs -n team-a c")
    assert lines[4] == "2 of 3 voters answer b, and 2 are a quorum."


def test_node_that_is_no_member_is_shown_and_so_is_a_member_without_node(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, replicated(new_world()))
    kubectl.answer(LISTS.format("a"), listing(member("a", "leader"), member("gone", answers=False)))
    lines = run("members", "demo").out.splitlines()
    assert lines[2].split()[:2] == ["b", "none"]
    assert "waits for" in lines[2]
    assert lines[4].split()[:3] == ["gone", "voter", "no"]
    assert lines[4].endswith("is not in the spec")


def test_members_for_programs_are_the_same(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, replicated(with_one_down()))
    kubectl.answer(LISTS.format("a"), ONE_DOWN)
    found = run("members", "demo", "-o", "json").json
    assert (found["namespace"], found["name"], found["source"]) == ("team-a", "demo", "a")
    assert (found["hasQuorum"], found["quorum"]) == (True, 2)
    assert [(each["name"], each["role"], each["answers"]) for each in found["members"]] == [
        ("a", "voter", True), ("b", "leader", True), ("c", "voter", False)
    ]  # fmt: skip
    assert [each["sizeBytes"] for each in found["members"]] == [2_700_000, 2_700_000, None]
    assert found["members"][2]["message"] == "is booting: kubectl logs -n team-a c"


def test_list_without_a_quorum_says_whose_it_is(three: FakeKubectl, run: Run) -> None:
    three.answer(LISTS.format("a"), NO_QUORUM)
    assert run("members", "demo").out.splitlines()[-1] == (
        "1 of 3 voters answer a, which has no quorum: nothing is written, and this is the list that a has."
    )


@pytest.mark.parametrize(
    ("printed", "code"),
    [(ALL, Exit.DONE), (ONE_DOWN, Exit.NOT_READY), (ONE_LEARNS, Exit.NOT_READY), (NO_LEADER, Exit.NOT_READY),
     (NO_QUORUM, Exit.NEEDS_YOU)],
    ids=["all vote", "one is down", "one learns", "no leader", "no quorum"],
)  # fmt: skip
def test_exit_code_says_whether_all_vote(printed: str, code: int, three: FakeKubectl, run: Run) -> None:
    three.answer(LISTS.format("a"), printed)
    assert run("members", "demo", "--exit-code").code == code
    assert run("members", "demo").code == Exit.DONE


@pytest.mark.parametrize("wanted", [[*THREE, node("d", "master")], THREE[:2]], ids=["one more", "one less"])
def test_member_that_is_not_in_the_spec_is_not_all_right(
    wanted: list[Manifest], kubectl: FakeKubectl, run: Run
) -> None:
    vk8s = replicated()
    kubectl.answer(GET, {**vk8s, "spec": {"nodes": wanted}})
    kubectl.answer(LISTS.format("a"), ALL)
    assert run("members", "demo", "--exit-code").code == Exit.NOT_READY


def test_single_control_plane_node_has_no_other_member(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, running())
    ended = run("members", "demo")
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert "demo has one control-plane node, so its etcd has no other member: kubectl vk8s status demo" in ended.err
    assert len(kubectl.calls) == 1


def test_members_of_nodes_that_are_being_removed_are_shown(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, replicated(with_nodes(three_world(), THREE[0], THREE[3]).step()))
    kubectl.answer(LISTS.format("a"), ALL)
    lines = run("members", "demo").out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["a", "b", "c"]


def test_missing_right_to_execute_in_pods_is_named_at_once(three: FakeKubectl, run: Run) -> None:
    three.refuse("exec", "Forbidden", FORBIDDEN)
    ended = run("members", "demo")
    assert ended.code == Exit.FAILED
    assert f"This asks a program in a node, which you may not: {FORBIDDEN}" in ended.err
    assert len(three.calls) == 2


def test_error_names_each_node_that_does_not_answer(three: FakeKubectl, run: Run) -> None:
    three.answer(LISTS.format("a"), error=NO_ANSWER)
    three.answer(LISTS.format("b"), '{"name": "a"}\n{"name": "b"}\n')
    three.answer(LISTS.format("c"), "[]")
    lines = run("members", "demo").err.splitlines()
    assert lines[0].endswith("No control-plane node lists the members of etcd.")
    assert lines[1].strip() == "a: etcd-member: gave up, as it waited for a member of etcd"
    assert [line.strip() for line in lines[3:]] == [
        f"{name}: its image is of another version than this command" for name in "bc"
    ]


def test_status_shows_what_each_is_as_a_member(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, replicated(with_one_down()))
    kubectl.answer("get pods", items())
    kubectl.answer("logs", "")
    lines = run("status", "demo").out.splitlines()
    assert lines[2].split()[:4] == ["NODE", "ROLE", "MEMBER", "STATE"]
    assert lines[5].split()[:4] == ["c", "master", "Down", "Booting"]
    assert lines[5].endswith("is booting: kubectl logs -n team-a c")
    assert "VOTERS 2/3   QUORUM 2" in lines
    assert "kubectl vk8s members demo --namespace team-a shows the leader." in lines
    found = run("status", "demo", "-o", "json").json
    assert found["controlPlane"] == {"voters": "2/3", "quorum": 2}
    assert [each.get("member") for each in found["nodes"]] == ["Voter", "Voter", "Down", None]
