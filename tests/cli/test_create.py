"""`create` and `delete`: what is asked of kubectl, how progress is shown, and how waiting ends."""

import io
import json
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from kubectl_vk8s.problems import Exit
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import booting, items, rejected, running, unschedulable, untouched

CREATE = "create --filename=- --output=json"
CONFIG_MAP = json.dumps({"kind": "ConfigMap", "apiVersion": "v1"})
IMAGES = ("--registry", "registry.example.com/team")


@pytest.fixture
def no_defaults(kubectl: FakeKubectl) -> FakeKubectl:
    """An administrator who has set no defaults."""
    kubectl.refuse("get configmap vk8s-defaults", "NotFound", 'configmaps "vk8s-defaults" not found')
    kubectl.answer(CREATE, untouched())
    return kubectl


def read_created(kubectl: FakeKubectl) -> Manifest:
    created: Manifest = json.loads(kubectl.stdin)
    return created


def test_vk8s_is_written_from_words(no_defaults: FakeKubectl, run: Run) -> None:
    size = ("--workers", "2", "--cpu", "2", "--memory", "4Gi", "--storage", "30Gi", "--storage-class", "fast")
    more = ("--port", "30000", "--label", "team=a", "--ssh-port", "30022")
    assert run("create", "team-a/demo", *IMAGES, *size, *more, "--no-wait").code == 0
    created = read_created(no_defaults)
    assert created["metadata"] == {"name": "demo", "namespace": "team-a", "labels": {"team": "a"}}
    assert [(node["name"], node["role"]) for node in created["spec"]["nodes"]] == [
        ("demo-master", "master"),
        ("demo-worker-1", "worker"),
        ("demo-worker-2", "worker"),
    ]
    assert {node["image"] for node in created["spec"]["nodes"]} == {"registry.example.com/team/vk8s/kink:v1.34.4"}
    assert created["spec"]["nodes"][0]["resources"] == {"limits": {"cpu": "2", "memory": "4Gi"}}
    assert created["spec"]["storage"] == {"size": "30Gi", "storageClassName": "fast"}
    assert created["spec"]["ports"] == [{"name": "port-30000", "port": 30000, "targetPort": 30000}]
    assert created["spec"]["accessPodImage"] == "registry.example.com/team/vk8s/access:v1.34.4"
    assert created["spec"]["accessPodPort"] == 30022


def test_nothing_is_written_that_nobody_asked_for(no_defaults: FakeKubectl, run: Run) -> None:
    assert run("create", "demo", *IMAGES, "--workers", "0", "--no-wait").code == 0
    (node,) = read_created(no_defaults)["spec"]["nodes"]
    assert read_created(no_defaults)["spec"] == {"nodes": [node]}
    assert set(node) == {"name", "image", "role"}


@pytest.mark.parametrize(
    ("arguments", "node", "access"),
    [
        (("--image", "r/vk8s/kink:v1.33.1-gpu"), "r/vk8s/kink:v1.33.1-gpu", "r/vk8s/access:v1.33.1"),
        (("--image", "r/vk8s/kink:v1.33.1-gpu", "--version", "v1.34.2"),
         "r/vk8s/kink:v1.34.2-gpu", "r/vk8s/access:v1.34.2"),
        (("--registry", "r", "--version", "v1.34.2"), "r/vk8s/kink:v1.34.2", "r/vk8s/access:v1.34.2"),
    ],
)  # fmt: skip
def test_images_follow_what_is_asked_for(
    arguments: tuple[str, ...], node: str, access: str, no_defaults: FakeKubectl, run: Run
) -> None:
    assert run("create", "demo", *arguments, "--ssh", "--no-wait").code == 0
    spec = read_created(no_defaults)["spec"]
    assert (spec["nodes"][0]["image"], spec["accessPodImage"]) == (node, access)


def test_administrator_sets_registry_and_version_for_everybody(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get configmap vk8s-defaults", {"data": {"registry": "registry.example.com/", "version": "v1.35.4"}})
    kubectl.answer(CREATE, untouched())
    assert run("create", "demo", "--no-wait").code == 0
    assert read_created(kubectl)["spec"]["nodes"][0]["image"] == "registry.example.com/vk8s/kink:v1.35.4"


def test_keys_for_ssh_are_read_from_files(no_defaults: FakeKubectl, run: Run, tmp_path: Path) -> None:
    key = tmp_path / "id.pub"
    key.write_text("ssh-ed25519 AAAA me@example.com\n")
    assert run("create", "demo", *IMAGES, "--ssh-key", str(key), "--no-wait").code == 0
    assert read_created(no_defaults)["spec"]["access"] == {"authorizedKeys": ["ssh-ed25519 AAAA me@example.com"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Write the name of the new virtual cluster, or -f FILE."),
        (("demo", "-f", "x.yaml"), "Write the name of the new virtual cluster, or -f FILE."),
        (("demo",), "Where are the images? Write --registry"),
        (("demo", *IMAGES, "--version", "1.34"), "--version 1.34: write a version such as v1.34.4."),
        (("demo", *IMAGES, "--label", "team"), "--label team: write KEY=VALUE."),
        (("demo", *IMAGES, "--timeout", "soon"), "soon is no time; write 90s, 5m or 1h"),
    ],
)
def test_missing_prerequisite_is_reported_before_anything_is_created(
    arguments: tuple[str, ...], words: str, no_defaults: FakeKubectl, run: Run
) -> None:
    ended = run("create", *arguments)
    assert ended.code == Exit.USAGE
    assert words in ended.err
    assert not [call for call in no_defaults.calls if "create" in call]


def test_dry_run_prints_what_kubectl_makes_of_it(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("create --dry-run=client --output=yaml --filename=-", "kind: Vk8s\n")
    assert run("create", "demo", "--image", "r/vk8s/kink:v1.34.4", "--dry-run").out == "kind: Vk8s\n"


def test_file_is_created_as_it_is(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("create --filename=demo.yaml", f"{CONFIG_MAP}\n{json.dumps(running())}")
    kubectl.watch(running())
    ended = run("create", "-f", "demo.yaml")
    assert ended.out.startswith("demo is Running, after 0 s. 2 of 2 nodes are Ready.")


def test_standard_input_is_passed_on(kubectl: FakeKubectl, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl.answer(CREATE, running())
    monkeypatch.setattr("sys.stdin", io.StringIO("kind: Vk8s\n"))
    assert run("create", "-f", "-", "--no-wait").code == Exit.DONE
    assert kubectl.stdin == "kind: Vk8s\n"


def test_file_without_a_vk8s_is_named(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("create --filename=demo.yaml", CONFIG_MAP)
    assert "There is no Vk8s among what was created." in run("create", "-f", "demo.yaml").err


def test_progress_is_a_line_for_each_change(no_defaults: FakeKubectl, run: Run) -> None:
    no_defaults.run("logs w --container=node --follow --tail=1", "echo '[   2.1 s] It joins.'; exec sleep 0.5")
    no_defaults.run("--watch", build_watch(untouched(), booting(), running()))
    ended = run("create", "demo", *IMAGES)
    assert ended.code == Exit.DONE
    rows = [" ".join(line.split()[2:]) for line in ended.err.splitlines() if " s  " in line]
    assert rows[:4] == ["spec waits for the hooks", "spec accepted", "objects all created", "m Ready"]
    assert rows[-2:] == ["w It joins.", "w Ready"]
    assert "kubectl vk8s connect demo --switch --namespace team-a" in ended.err


def test_progress_for_programs_is_an_object_for_each_change(no_defaults: FakeKubectl, run: Run) -> None:
    no_defaults.watch(unschedulable(), running())
    ended = run("create", "demo", *IMAGES, "-o", "json", "-q")
    seen = [json.loads(line) for line in ended.out.splitlines()]
    assert {"name": "w", "tone": "bad"}.items() <= seen[3].items()
    assert seen[-1]["message"] == "Ready"
    assert ended.err == ""


def test_rejected_spec_ends_the_wait_at_once(no_defaults: FakeKubectl, run: Run) -> None:
    no_defaults.watch(rejected())
    ended = run("create", "demo", *IMAGES)
    assert ended.code == Exit.NEEDS_YOU
    assert "demo needs you: spec.nodes: " in ended.err


def test_end_of_the_wait_is_no_failure(no_defaults: FakeKubectl, run: Run) -> None:
    no_defaults.watch(unschedulable())
    ended = run("create", "demo", *IMAGES, "--timeout", "1")
    assert ended.code == Exit.NOT_READY
    assert (
        "Waited 1 s for demo; it goes on by itself. It is Installing: 1 of 2 nodes are Ready: w can't be" in ended.err
    )
    assert "kubectl vk8s why demo --namespace team-a says more." in ended.err


def test_deletion_by_somebody_else_ends_the_wait(no_defaults: FakeKubectl, run: Run) -> None:
    no_defaults.answer("--watch", json.dumps({"type": "DELETED", "object": running()}) + "\n")
    ended = run("create", "demo", *IMAGES)
    assert ended.code == Exit.NOT_FOUND
    assert "demo has been deleted." in ended.err


def test_deletion_asks_for_the_name(kubectl: FakeKubectl, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_deletion(kubectl)
    monkeypatch.setattr("sys.stdin", io.StringIO("other\n"))
    ended = run("delete", "demo")
    assert ended.code == Exit.FAILED
    assert "volume m-state, 20Gi, kept as pv-1" in ended.err
    assert "volume w-state, no size yet" in ended.err
    assert not [call for call in kubectl.calls if " delete " in f" {call} "]


def test_deletion_waits_until_it_is_gone(kubectl: FakeKubectl, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_deletion(kubectl)
    kubectl.answer("--watch", json.dumps({"type": "DELETED", "object": running()}) + "\n")
    kubectl.answer("delete vk8s demo --wait=false")
    monkeypatch.setattr("sys.stdin", io.StringIO("demo\n"))
    ended = run("delete", "demo")
    assert ended.code == Exit.DONE
    assert "demo has been deleted." in ended.err


def test_volumes_that_may_not_be_listed_are_no_reason_to_stop(
    kubectl: FakeKubectl, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    kubectl.answer("get vk8s demo --output", running())
    kubectl.refuse("get persistentvolumeclaims", "Forbidden", "no")
    ended = run("delete", "demo")
    assert "its volumes, which could not be listed: no" in ended.err


def test_nobody_is_asked_with_yes(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s demo --output", running())
    kubectl.answer("delete vk8s demo --wait=false")
    assert run("delete", "demo", "--yes", "--no-wait").code == Exit.DONE


def answer_deletion(kubectl: FakeKubectl) -> None:
    bound = {
        "metadata": {"name": "m-state"},
        "spec": {"volumeName": "pv-1"},
        "status": {"capacity": {"storage": "20Gi"}},
    }
    pending = {"metadata": {"name": "w-state"}, "spec": {}, "status": {}}
    kubectl.answer("get vk8s demo --output=json", running())
    kubectl.answer("get persistentvolumeclaims", items(bound, pending))
    kubectl.answer("get persistentvolume pv-1", {"spec": {"persistentVolumeReclaimPolicy": "Retain"}})


def build_watch(*objects: Manifest) -> str:
    """A watch whose events come one after the other, a moment apart."""
    events = [json.dumps({"type": "MODIFIED", "object": each}) for each in objects]
    return "sleep 0.4\n".join(f"cat <<'END'\n{event}\nEND\n" for event in events) + "exec sleep 600"
