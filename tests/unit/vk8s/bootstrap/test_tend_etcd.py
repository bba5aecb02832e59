"""hooks/vk8s/bootstrap/tend-etcd.sh: how the database of etcd is kept in order, and what is reported of it."""

import json
import shlex

import pytest

from tests.unit.vk8s.bootstrap.bench import Ended, Node, answer
from tests.unit.vk8s.bootstrap.watched import IS_READY, make_ready, watch

SENTENCE = "The database of etcd is full (alarm NOSPACE): 2000 of the 2048 MiB that etcd may have are in use."
FULL = f"EtcdFull {SENTENCE}\n"
EVENTS = "/api/v1/namespaces/default/events"
PROGRAM = "usr/local/bin/etcd-member"


@pytest.fixture
def node(node: Node) -> Node:
    """A control-plane node alone that is ready, with the program."""
    node.write(PROGRAM).chmod(0o755)
    return make_ready(node).given(ROLE="master")


def print_both(node: Node, stdout: str = "", stderr: str = "", code: int = 0) -> None:
    """Makes the program print that."""
    commands = f"printf %s {shlex.quote(stdout)}; printf %s {shlex.quote(stderr)} >&2; exit {code}"
    node.program("etcd-member", commands)


def tend(node: Node, *seconds: int, before: str = "true") -> Ended:
    """What the watcher does at these moments of its life."""
    moments = " ".join(map(str, seconds))
    ask = 'ask() { curl "$@"; }'
    ended = node.source(
        "sentences.sh kubelet.sh etcd-member.sh tend-etcd.sh",
        f"{ask}; {before}; for moment in {moments}; do set_clock ${{moment}}000000; tend_etcd; wait; done",
    )
    assert ended.code == 0
    return ended


def test_watcher_tends_the_database(node: Node) -> None:
    ended = watch(node, limit=5)
    (call,) = ended.calls_of("etcd-member")
    assert call.startswith("etcd-member tend --name demo-worker --service  --address 10.0.0.7 --ca ")
    assert ended.said == [IS_READY]


def test_database_is_tended_every_five_minutes(node: Node) -> None:
    assert len(tend(node, 0, 299, 300, 599, 600).calls_of("etcd-member")) == 3


def test_worker_has_no_database(node: Node) -> None:
    assert not tend(node.given(ROLE="worker"), 0, 300).calls


def test_older_node_image_has_no_program_for_it(node: Node) -> None:
    (node.root / PROGRAM).unlink()
    assert not tend(node, 0, 300).calls


def test_boot_is_left_alone_for_a_minute(node: Node) -> None:
    """Later, it may be that which it waits for."""
    (node.root / "run/vk8s/booted").unlink()
    assert not tend(node, 0, 59).calls
    assert len(tend(node, 0, 59, 60).calls) == 1


def test_work_on_the_database_is_said(node: Node) -> None:
    print_both(node, stderr="etcd-member: its database is rewritten: of 900 MiB, 100 were in use\n")
    assert tend(node, 0).said == ["etcd: its database is rewritten: of 900 MiB, 100 were in use."]


@pytest.mark.parametrize("code", [1, 2], ids=["etcd does not answer", "the node image is older"])
def test_program_that_fails_reports_nothing(node: Node, code: int) -> None:
    print_both(node, FULL, "etcd-member: gave up\n", code)
    assert tend(node, 0, 300).said == []


def test_problem_that_only_people_can_solve_is_said_and_an_event(node: Node) -> None:
    print_both(node, FULL)
    ended = tend(node, 0, 300, 600, before=answer(EVENTS, status=201, method="POST"))
    assert ended.said == [SENTENCE]
    (call,) = ended.calls_of("curl")
    assert call.endswith(EVENTS)
    event = json.loads(call[call.index('{"') : call.rindex("}") + 1])
    assert (event["type"], event["reason"], event["message"]) == ("Warning", "EtcdFull", SENTENCE)
    assert event["involvedObject"] == {"kind": "Node", "name": "demo-worker", "uid": "demo-worker"}


def test_problem_that_lasts_is_reported_again_every_hour(node: Node) -> None:
    """Without an answer of the API server, which may be full: it is said all the same."""
    print_both(node, FULL)
    assert tend(node, 0, 3500, 3800, 7300).said == [SENTENCE] * 2


def test_reminders_survive_a_restart_of_the_watcher(node: Node) -> None:
    """SECONDS begin again, and the clock goes on."""
    print_both(node, FULL)
    restarted = "set_clock() { SECONDS=0 EPOCHSECONDS=$((1000000000 + $1 / 1000000)); }"
    assert tend(node, 80000).said == [SENTENCE]
    assert tend(node, 83599, before=restarted).said == []
    assert tend(node, 83600, before=restarted).said == [SENTENCE]
