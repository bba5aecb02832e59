"""`scale`, `upgrade`, `pause`, `resume` and `restart`: what they ask of kubectl, and when they ask the user first."""

import io
import json
import re
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from kubectl_vk8s.problems import Exit
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import booting, build_object, running
from tests.world import World, node, running_world, spec

GET, PATCH = "get vk8s demo --output=json", "patch vk8s demo"


@pytest.fixture
def runs(kubectl: FakeKubectl) -> FakeKubectl:
    """A virtual cluster that runs, before an edit and after it."""
    kubectl.answer(GET, running())
    kubectl.answer(PATCH, running())
    kubectl.watch(running())
    return kubectl


def read_patch(kubectl: FakeKubectl) -> Any:
    """The last patch."""
    call = next(call for call in reversed(kubectl.calls) if PATCH in call)
    found = re.search(r"--patch=(.*) --output=json", call)
    assert found
    return json.loads(found[1])


def paused(**spec: Any) -> Manifest:
    vk8s = running()
    return {**vk8s, "spec": {**vk8s["spec"], "paused": True, **spec}, "status": {**vk8s["status"], "phase": "Paused"}}


def test_more_workers_are_like_the_last_one(kubectl: FakeKubectl, run: Run) -> None:
    worker = node("demo-worker-1", "worker", resources={"limits": {"cpu": "2"}})
    vk8s = running()
    vk8s = {**vk8s, "spec": {"nodes": [vk8s["spec"]["nodes"][0], worker]}}
    kubectl.answer(GET, vk8s)
    kubectl.answer(PATCH, vk8s)
    ended = run("scale", "demo", "--workers", "3", "--no-wait")
    assert ended.code == Exit.DONE, ended.err
    test, replace = read_patch(kubectl)
    assert test == {"op": "test", "path": "/spec/nodes", "value": vk8s["spec"]["nodes"]}
    assert replace["value"][2:] == [{**worker, "name": "demo-worker-2"}, {**worker, "name": "demo-worker-3"}]
    assert ended.err == "New workers: demo-worker-2, demo-worker-3.\n"


def test_name_of_a_worker_that_is_being_removed_is_not_taken(kubectl: FakeKubectl, run: Run) -> None:
    vk8s = running()
    leaving = {"name": "demo-worker-1", "role": "worker", "ready": False, "reason": "Leaving"}
    vk8s["status"] = {**vk8s["status"], "nodes": [*vk8s["status"]["nodes"], leaving]}
    kubectl.answer(GET, vk8s)
    assert run("scale", "demo", "--add", "1", "--dry-run").out == "New workers: demo-worker-2.\n"


def test_first_worker_is_like_the_control_plane_node(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, {**running(), "spec": {"nodes": [node("m", "master")]}})
    kubectl.answer(PATCH, running())
    assert run("scale", "demo", "--add", "1", "--no-wait").code == Exit.DONE
    assert read_patch(kubectl)[1]["value"][1] == node("demo-worker-1", "worker")


def test_workers_with_the_highest_numbers_go_first(kubectl: FakeKubectl, run: Run) -> None:
    nodes = [node("m", "master"), *(node(f"w-{number}", "worker") for number in (1, 10, 2))]
    kubectl.answer(GET, {**running(), "spec": {"nodes": nodes}})
    kubectl.answer(PATCH, running())
    ended = run("scale", "demo", "--workers", "1", "--yes", "--no-wait")
    assert "with their volumes: w-2, w-10." in ended.err
    assert [each["name"] for each in read_patch(kubectl)[1]["value"]] == ["m", "w-1"]


def test_forced_removal_is_annotated_before_the_edit(runs: FakeKubectl, run: Run) -> None:
    assert run("scale", "demo", "--remove", "w", "--force", "--yes", "--no-wait").code == Exit.DONE
    patches = [call for call in runs.calls if PATCH in call]
    assert "--type=merge" in patches[0]
    assert '"vk8s.sktelecom.com/force-remove": "w"' in patches[0]
    assert "--type=json" in patches[1]


def test_removed_workers_are_waited_for(runs: FakeKubectl, run: Run) -> None:
    ended = run("scale", "demo", "--remove", "w", "--yes", "--timeout", "1")
    assert ended.code == Exit.NOT_READY
    assert runs.calls


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), Exit.USAGE, "Write one of --workers N, --add N and --remove NODE."),
        (("--add", "1", "--workers", "2"), Exit.USAGE, "Write one of"),
        (("--remove", "m"), Exit.USAGE, "m is the control-plane node: it can't be removed."),
        (("--remove", "x"), Exit.NOT_FOUND, "demo has no node x; its nodes are m, w."),
        (("--workers", "1"), Exit.DONE, "demo has 1 workers; nothing is to be changed."),
        (("--workers", "0"), Exit.FAILED, "write --yes if you mean it. Nothing has been changed."),
    ],
)
def test_nothing_is_changed_without_need_and_consent(
    arguments: tuple[str, ...], code: int, words: str, runs: FakeKubectl, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    ended = run("scale", "demo", *arguments)
    assert ended.code == code
    assert words in ended.err
    assert not [call for call in runs.calls if PATCH in call]


def test_edit_by_somebody_else_meanwhile_is_not_lost(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, running())
    kubectl.refuse(PATCH, "Invalid", "the test operation failed: testing value /spec/nodes failed: test failed")
    ended = run("scale", "demo", "--add", "1")
    assert ended.err.endswith("error: Somebody has edited demo meanwhile: look at it, and try again.\n")


def test_rejection_of_an_edit_is_passed_on(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, running())
    kubectl.refuse(PATCH, "Invalid", "write no node more than the pod network has room for")
    assert "write no node more than" in run("scale", "demo", "--add", "1").err


class Terminal(io.StringIO):
    """Somebody who can be asked."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "is_changed"), [("y\n", True), ("n\n", False)])
def test_user_is_asked_before_workers_are_removed(
    answer: str, runs: FakeKubectl, run: Run, monkeypatch: pytest.MonkeyPatch, *, is_changed: bool
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    ended = run("scale", "demo", "--remove", "w", "--no-wait")
    assert (ended.code == Exit.DONE) == is_changed
    assert bool([call for call in runs.calls if PATCH in call]) == is_changed


def test_upgrade_changes_the_tags_of_all_images(kubectl: FakeKubectl, run: Run) -> None:
    nodes = [node("m", "master"), {**node("w", "worker"), "image": "r/vk8s/kink:v1.34.4-gpu"}]
    vk8s = {**running(), "spec": {"nodes": nodes, "accessPodImage": "r/vk8s/access:v1.34.4"}}
    kubectl.answer(GET, vk8s)
    kubectl.answer(PATCH, vk8s)
    kubectl.watch(running())
    ended = run("upgrade", "demo", "--version", "v1.35.4", "--yes")
    assert ended.code == Exit.DONE
    assert "  w: v1.34.4-gpu → v1.35.4-gpu" in ended.err
    _, replaced, access = read_patch(kubectl)
    assert [each["image"] for each in replaced["value"]] == [
        "registry.example.com/vk8s/kink:v1.35.4",
        "r/vk8s/kink:v1.35.4-gpu",
    ]
    assert access == {"op": "replace", "path": "/spec/accessPodImage", "value": "r/vk8s/access:v1.35.4"}


def test_plan_of_an_upgrade_names_who_is_not_ready(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, booting())
    out = run("upgrade", "demo", "--version", "v1.34.5", "--plan").out
    assert out.startswith("team-a/demo: v1.34.4 → v1.34.5, one node at a time, in this order:\n")
    assert "These are not Ready, and a rollout waits for them: w." in out


@pytest.mark.parametrize(
    ("version", "image", "words"),
    [
        ("1.35", "", "1.35 is no version; write one such as v1.35.4."),
        ("v1.34.3", "", "m has v1.34.4: Kubernetes can't be downgraded."),
        ("v1.36.0", "", "demo has v1.34.4: upgrade one minor version at a time, to v1.35 first."),
        ("v1.35.4", "r/kink@sha256:abc", "The image of w, r/kink@sha256:abc, has no version as its tag"),
    ],
)
def test_upgrade_that_nodes_would_refuse_is_refused_before(
    version: str, image: str, words: str, kubectl: FakeKubectl, run: Run
) -> None:
    nodes = [node("m", "master"), {**node("w", "worker"), **({"image": image} if image else {})}]
    kubectl.answer(GET, {**running(), "spec": {"nodes": nodes}})
    ended = run("upgrade", "demo", "--version", version)
    assert ended.code == Exit.USAGE
    assert words in ended.err


def test_pause_keeps_the_state_and_waits(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, running())
    kubectl.answer(PATCH, paused())
    kubectl.watch(paused())
    assert run("pause", "demo").out.startswith("demo is paused, after 0 s.")
    assert read_patch(kubectl) == {"spec": {"paused": True}}


def test_pause_that_loses_the_state_asks_first(kubectl: FakeKubectl, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    kubectl.answer(GET, build_object(World(spec=spec(storage={"ephemeral": True})).step()))
    ended = run("pause", "demo")
    assert ended.code == Exit.FAILED
    assert "demo has no volumes (storage.ephemeral): a pause deletes everything in it." in ended.err
    kubectl.answer(PATCH, paused())
    assert run("pause", "demo", "--yes", "--no-wait").code == Exit.DONE


def test_resume_removes_both_ways_to_pause(runs: FakeKubectl, run: Run) -> None:
    assert run("resume", "demo").out.startswith("demo is Running")
    assert read_patch(runs) == {
        "metadata": {"annotations": {"vk8s-resource-stopped": None}},
        "spec": {"paused": False},
    }
    assert run("resume", "demo", "--no-wait").code == Exit.DONE


def test_restart_waits_until_it_has_begun_and_is_over(kubectl: FakeKubectl, run: Run) -> None:
    restarting = {**running(), "status": {**running()["status"], "phase": "Restarting"}}
    kubectl.answer(GET, running())
    kubectl.answer(PATCH, running())
    kubectl.watch(running(), restarting, running())
    assert run("restart", "demo").code == Exit.DONE
    assert list(read_patch(kubectl)["metadata"]["annotations"]) == ["vk8s.sktelecom.com/restart"]


def test_restart_of_one_node_deletes_its_pod(runs: FakeKubectl, run: Run) -> None:
    runs.answer("delete pod w --wait=false")
    assert run("restart", "demo", "--node", "w", "--no-wait").code == Exit.DONE
    assert run("restart", "demo", "--node", "x").code == Exit.NOT_FOUND
    assert [call for call in runs.calls if "delete pod" in call] == ["--namespace=team-a delete pod w --wait=false"]


def test_restart_of_what_is_paused_is_refused(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer(GET, paused())
    ended = run("restart", "demo")
    assert "demo is paused, and has no pods: kubectl vk8s resume demo --namespace team-a" in ended.err


def test_status_after_a_resume_counts_only_for_the_new_spec() -> None:
    assert running_world().step().sync().status["observedGeneration"] == running()["metadata"]["generation"]
