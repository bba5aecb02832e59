"""`logs`: the nodes' own words, sorted by time, also of pods that come later."""

import json
from contextlib import closing

import pytest

from hooks.kubernetes.manifest import Manifest
from kubectl_vk8s.kubectl import Kubectl
from kubectl_vk8s.logs import Line, Wanted, stream_lines
from kubectl_vk8s.problems import Exit
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import booting, items

SELECTOR = "--selector=vk8s.sktelecom.com/vk8s=demo,vk8s.sktelecom.com/node"
MASTER = """2026-11-29T11:00:01.5Z [   0.0 s] Node m starts.
2026-11-29T11:00:04.5Z [   3.0 s] The API server answers.
"""
WORKER = "2026-11-29T11:00:02.5Z [   0.0 s] Node w starts.\n"


def build_pod(name: str, node: str = "", state: str = "running") -> Manifest:
    """A pod of a node, or of the Job that removes it."""
    status = {"name": "node", "containerID": f"containerd://{name}", "state": {state: {}}}
    labels = {"vk8s.sktelecom.com/node": node or name}
    return {"metadata": {"name": name, "labels": labels}, "status": {"containerStatuses": [status]}}


@pytest.fixture
def logged(kubectl: FakeKubectl) -> FakeKubectl:
    """Two nodes that have logged, and the Job of a worker."""
    kubectl.answer("get vk8s demo", booting())
    kubectl.answer(f"get pods {SELECTOR} --output", items(build_pod("m"), build_pod("w"), build_pod("w-leave-x", "w")))
    kubectl.answer("logs m --container=node --timestamps", MASTER)
    kubectl.answer("logs w --container=node --timestamps", WORKER)
    return kubectl


def test_lines_of_all_nodes_are_sorted_by_time(logged: FakeKubectl, run: Run) -> None:
    assert run("logs", "demo").out.splitlines() == [
        "11:00:01  m  [   0.0 s] Node m starts.",
        "11:00:02  w  [   0.0 s] Node w starts.",
        "11:00:04  m  [   3.0 s] The API server answers.",
    ]
    assert not [call for call in logged.calls if "leave" in call]


def test_each_node_has_a_colour_of_its_own(logged: FakeKubectl, run: Run) -> None:
    lines = run("logs", "demo", "--color=always").out.splitlines()
    assert "\x1b[36mm\x1b[0m" in lines[0]
    assert "\x1b[35mw\x1b[0m" in lines[1]
    assert logged.calls


def test_raw_lines_have_the_whole_time(logged: FakeKubectl, run: Run) -> None:
    assert run("logs", "demo", "--raw").out.startswith("2026-11-29T11:00:01.5Z m [   0.0 s] Node m starts.\n")
    assert logged.calls


def test_one_node_can_be_chosen_and_how_far_back(logged: FakeKubectl, run: Run) -> None:
    assert "Node m" not in run("logs", "demo", "--node", "w", "--since", "10m", "--previous").out
    assert logged.calls[-1].endswith("logs w --container=node --timestamps --since=10m --previous")


def test_unknown_node_is_answered_with_those_that_there_are(logged: FakeKubectl, run: Run) -> None:
    ended = run("logs", "demo", "--node", "x")
    assert ended.code == Exit.NOT_FOUND
    assert "demo has no node x; its nodes are m, w." in ended.err
    assert len(logged.calls) == 1


def test_container_that_has_not_started_has_no_lines(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s demo", booting())
    kubectl.answer("get pods", items(build_pod("w")))
    kubectl.refuse("logs w", "BadRequest", "container is waiting to start")
    assert run("logs", "demo").out == ""


def test_other_errors_are_said(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s demo", booting())
    kubectl.answer("get pods", items(build_pod("w")))
    kubectl.refuse("logs w", "Forbidden", "pods/log is forbidden")
    ended = run("logs", "demo")
    assert (ended.code, ended.err) == (Exit.FAILED, "error: pods/log is forbidden\n")


def test_stream_follows_pods_that_start_later_and_each_container_once(kubectl: FakeKubectl) -> None:
    waiting, started = build_pod("w", state="waiting"), build_pod("w")
    kubectl.watch(build_pod("m"), waiting, started, started, build_pod("w-leave-x", "w"))
    kubectl.run("logs m", f"cat <<'END'\n{MASTER}END\nexec sleep 600")
    kubectl.run("logs w", f"cat <<'END'\n{WORKER}END\nexec sleep 600")
    with closing(stream_lines(Kubectl(), Wanted("demo"))) as lines:
        seen = sorted(next(lines) for _ in range(3))
    assert seen == [
        Line("2026-11-29T11:00:01.5Z", "m", "[   0.0 s] Node m starts."),
        Line("2026-11-29T11:00:02.5Z", "w", "[   0.0 s] Node w starts."),
        Line("2026-11-29T11:00:04.5Z", "m", "[   3.0 s] The API server answers."),
    ]
    assert len([call for call in kubectl.calls if call.startswith("logs w ")]) == 1


def test_watch_is_begun_again_when_the_api_server_ends_it(kubectl: FakeKubectl) -> None:
    event = json.dumps({"type": "ADDED", "object": build_pod("w")})
    first = kubectl.directory / "first"
    kubectl.run("--watch", f"[ -e {first} ] && cat <<'END' && exec sleep 600\n{event}\nEND\n: >{first}")
    kubectl.run("logs w", f"cat <<'END'\n{WORKER}END\nexec sleep 600")
    with closing(stream_lines(Kubectl(), Wanted("demo"))) as lines:
        assert next(lines).node == "w"
