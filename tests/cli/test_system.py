"""`version`, `doctor`, `report`, `render` and `completion`."""

import json
import tarfile
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from kubectl_vk8s import VERSION
from kubectl_vk8s.problems import Exit
from tests.cli.conftest import Run
from tests.cli.fake_kubectl import FakeKubectl
from tests.cli.objects import booting, items, running
from tests.shared_material import ROOT

SERVER = {"serverVersion": {"gitVersion": "v1.34.4+k3s1"}}
CLASSES = items(
    {"metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}}
)


def deployment(image: str, ready: int = 2) -> Manifest:
    return {
        "spec": {"replicas": 2, "template": {"spec": {"containers": [{"image": image}]}}},
        "status": {"readyReplicas": ready} if ready else {},
    }


@pytest.fixture
def installed(kubectl: FakeKubectl) -> FakeKubectl:
    """A host cluster with all that it takes."""
    kubectl.answer("get deployment vk8s-hooks", deployment(f"r/vk8s/controller:{VERSION}"))
    kubectl.answer("get deployment metacontroller", deployment("metacontrollerio/metacontroller:v4.17.2"))
    kubectl.answer("version --output=json", SERVER)
    kubectl.answer("get vk8s --output=name", "")
    kubectl.answer("get storageclasses", CLASSES)
    kubectl.answer("config view --minify", "team-a")
    kubectl.answer("get namespace team-a", {"metadata": {"name": "team-a"}})
    kubectl.answer("get resourcequotas,limitranges", items())
    kubectl.answer("auth can-i", "yes")
    return kubectl


def test_versions_of_all_parts_are_shown(installed: FakeKubectl, run: Run) -> None:
    assert run("version").out.splitlines() == [
        f"kubectl vk8s:   {VERSION}",
        f"hooks:          {VERSION}",
        "Metacontroller: v4.17.2",
        "host cluster:   v1.34.4+k3s1",
    ]
    assert run("version", "-o", "json").json["hooks"] == VERSION
    assert installed.calls


def test_own_version_asks_nobody(kubectl: FakeKubectl, run: Run) -> None:
    assert run("version", "--client").out == f"kubectl vk8s:   {VERSION}\n"
    assert kubectl.calls == []


def test_hooks_of_another_version_are_pointed_out(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get deployment vk8s-hooks", deployment("r/vk8s/controller:0.0.1"))
    kubectl.refuse("get deployment metacontroller", "Forbidden", "no")
    kubectl.answer("version", error="error: nobody answers")
    ended = run("version")
    assert f"This program is of version {VERSION}, and the hooks are of 0.0.1: use the same." in ended.err
    assert "Metacontroller: not known: you may not look\n" in ended.out


def test_doctor_finds_nothing_wrong(installed: FakeKubectl, run: Run) -> None:
    ended = run("doctor")
    assert ended.code == Exit.DONE
    assert {line.split()[0] for line in ended.out.splitlines()} == {"ok"}
    assert len(ended.out.splitlines()) == 9
    assert installed.calls


@pytest.mark.parametrize(
    ("pattern", "answer", "code", "words"),
    [
        ("version --output=json", {"serverVersion": {"gitVersion": "v1.30.1"}}, 5, "v1.31 or newer is needed."),
        ("get deployment vk8s-hooks", deployment(f"r/c:{VERSION}", 0), 5, "0 of 2 pods are Ready: kubectl describe"),
        ("get deployment vk8s-hooks", deployment("r/c:0.0.1"), 0, f"hooks are 0.0.1, and this program is {VERSION}"),
        ("get storageclasses", items(), 0, "write --storage-class (none at all), or --ephemeral."),
        ("get namespace team-a", {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}, 5,
         "kubectl label namespace team-a --overwrite pod-security.kubernetes.io/enforce=privileged"),
        ("get resourcequotas", items({"kind": "ResourceQuota", "metadata": {"name": "q"}}), 0, "Quota q applies"),
    ],
)  # fmt: skip
def test_doctor_says_what_to_do(
    pattern: str, answer: Manifest, code: int, words: str, installed: FakeKubectl, run: Run
) -> None:
    installed.answer_first(pattern, answer)
    ended = run("doctor")
    assert words in ended.out
    assert ended.code == code


@pytest.mark.parametrize(
    ("pattern", "reason", "code", "words"),
    [
        ("get storageclasses", "Forbidden", 0, "?        Default StorageClass: not known: you may not look"),
        ("get deployment vk8s-hooks", "Forbidden", 0, "?        The hooks: not known: you may not look"),
        (
            "get deployment vk8s-hooks",
            "NotFound",
            5,
            "there is no Deployment vk8s-hooks in namespace vk8s-system: ./install",
        ),
        ("get deployment metacontroller", "NotFound", 0, "if the cluster has another one, that is fine."),
        ("get deployment metacontroller", "InternalError", 5, "problem  Hooks and Metacontroller: words"),
        ("auth can-i get secrets", "", 5, "You may not get secrets: to connect, bind ClusterRole vk8s-admin"),
    ],
)
def test_doctor_says_what_it_could_not_see(
    pattern: str, reason: str, code: int, words: str, installed: FakeKubectl, run: Run
) -> None:
    installed.refuse_first(pattern, reason, "words")
    ended = run("doctor")
    assert words in ended.out
    assert ended.code == code


def test_doctor_for_programs(installed: FakeKubectl, run: Run) -> None:
    assert {finding["tone"] for finding in run("doctor", "-o", "json").json} == {"ok"}
    assert run("doctor", "-n", "team-a").code == Exit.DONE
    assert len([call for call in installed.calls if "config view" in call]) == 1


def test_report_has_everything_but_secrets(kubectl: FakeKubectl, run: Run, tmp_path: Path) -> None:
    secret = {
        "kind": "Secret",
        "metadata": {"name": "demo-pki", "annotations": {"last": "SECRET"}, "managedFields": []},
        "data": {"ca.key": "SECRET"},
    }
    about = {"metadata": {}, "involvedObject": {"name": "w-state"}, "message": "of the claim"}
    other = {"metadata": {}, "involvedObject": {"name": "x"}, "message": "of another"}
    applied = {"metacontroller.k8s.io/last-applied-configuration": "SECRET", "kept": "yes"}
    pod = {"metadata": {"name": "m", "annotations": applied}, "spec": {"nodeName": "h-07"}}
    kubectl.answer("get vk8s demo", booting())
    kubectl.answer("get secrets", items(secret))
    kubectl.answer("get events", items(about, other))
    kubectl.answer("get pods --selector=vk8s.sktelecom.com/vk8s=demo --output", items(pod))
    kubectl.refuse("logs deployment/vk8s-hooks", "Forbidden", "you may not")
    kubectl.answer("logs", "words\n")
    kubectl.answer("version", SERVER)
    kubectl.answer("get", items())
    file = tmp_path / "report.tar.gz"
    ended = run("report", "demo", "--file", str(file))
    assert ended.code == Exit.DONE
    assert ended.out == f"{file}\n"
    assert "vk8s-hooks.log is missing: you may not" in ended.err
    texts = read_archive(file)
    assert "SECRET" not in "".join(texts.values())
    assert json.loads(texts["secrets.json"])[0]["data"] == {"ca.key": "6 characters"}
    assert json.loads(texts["pods.json"])[0]["metadata"]["annotations"] == {"kept": "yes"}
    assert "of the claim" in texts["events.json"]
    assert "of another" not in texts["events.json"]
    assert texts["missing.txt"] == "vk8s-hooks.log: you may not\n"
    assert file.stat().st_mode & 0o777 == 0o600


def read_archive(file: Path) -> dict[str, str]:
    with tarfile.open(file) as archive:
        files = {member.name.partition("/")[2]: archive.extractfile(member) for member in archive.getmembers()}
        return {name: content.read().decode() for name, content in files.items() if content}


def test_render_shows_what_the_hooks_would_create(kubectl: FakeKubectl, run: Run) -> None:
    ended = run("render", "-f", str(ROOT / "examples" / "local.yaml"))
    assert ended.code == Exit.DONE
    assert "kind: Pod" in ended.out
    assert kubectl.calls == []


def test_render_says_what_would_be_rejected_and_what_would_not_work(
    kubectl: FakeKubectl, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "vk8s.yaml"
    example = (ROOT / "examples" / "local.yaml").read_text()
    file.write_text(example.replace("role: worker", "role: boss"))
    ended = run("render", "-f", str(file))
    assert ended.code == Exit.NEEDS_YOU
    assert "spec.nodes[1].role" in ended.err
    file.write_text(example.replace("kink:v1.34.4", "kink:devel"))
    assert "warning: spec.nodes[0].image: devel does not look like a node image" in run("render", "-f", str(file)).err
    assert run("render", "-f", str(tmp_path / "none.yaml")).code == Exit.USAGE
    assert kubectl.calls == []


def test_render_without_the_hooks_says_where_they_are(
    kubectl: FakeKubectl, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "kubectl_vk8s.rendering", None)
    assert "run it in a checkout of vk8s-metacontroller" in run("render", "-f", "-").err
    assert kubectl.calls == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(shell: str, kubectl: FakeKubectl, run: Run) -> None:
    assert "_VK8S_COMPLETE" in run("completion", shell).out
    assert kubectl.calls == []


def test_kubectl_completes_commands_names_and_flags(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get vk8s --output=json", items(running(), booting()))
    assert "__complete" in run("completion", "kubectl").out
    assert run("__complete", "sta").out == "status\tShow how a virtual cluster is, on one page.\n:4\n"
    assert run("__complete", "status", "d").out.splitlines()[0] == "demo\tRunning"
    assert run("__complete", "status", "--watc").out == "--watch\tShow it again after each change, until Ctrl-C.\n:4\n"
    assert "--request-timeout=2s" in kubectl.calls[0]
    assert run("__complete").out.startswith("list\t")


def test_names_are_not_completed_where_nobody_answers(kubectl: FakeKubectl, run: Run) -> None:
    kubectl.answer("get", error="nobody")
    assert run("__complete", "status", "d").out == ":4\n"
