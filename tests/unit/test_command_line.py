"""`python -m hooks render` and `request` as a user types them: what is printed where, and the exit code."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hooks import __main__ as command
from hooks.__main__ import main
from hooks.offline.request import build_request
from tests.shared_material import ROOT, VK8S_EXAMPLES
from tests.world import IDENTITY, node, spec

VK8S: dict[str, Any] = {**IDENTITY, "metadata": {"name": "demo", "namespace": "team-a"}, "spec": spec()}
CONTROL_PLANE = "master"
KUBEFLOW = {"kubeflow": {"version": "v1.3.0"}, "ports": [{"name": "kubeflow", "port": 30080, "targetPort": 30080}]}


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a text, or an object, on standard input."""

    def put(text: object) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text if isinstance(text, str) else yaml.safe_dump(text)))

    return put


@pytest.mark.parametrize("path", VK8S_EXAMPLES, ids=lambda path: str(path.name))
def test_examples_are_rendered(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With the settings of an installation."""
    monkeypatch.setenv("VK8S_SETTING_IP_MANAGER", "true")
    assert main(["render", "-f", str(path)]) == 0
    assert "Pod" in {document["kind"] for document in yaml.safe_load_all(capsys.readouterr().out)}


def test_example_for_this_machine_has_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "-f", str(ROOT / "examples" / "local.yaml")]) == 0
    assert capsys.readouterr().err == ""


def test_standard_input_is_read(type_in: Any, capsys: pytest.CaptureFixture[str]) -> None:
    type_in(VK8S)
    assert main(["render", "-f", "-"]) == 0
    assert "kind: Pod" in capsys.readouterr().out


def test_request_is_printed_as_json(type_in: Any, capsys: pytest.CaptureFixture[str]) -> None:
    type_in(VK8S)
    assert main(["request", "-f", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == build_request([VK8S])


def test_several_files_are_read(tmp_path: Path, type_in: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "other.yaml"
    file.write_text(yaml.safe_dump({**VK8S, "metadata": {"name": "other"}}))
    type_in(VK8S)
    assert main(["render", "-f", str(file), "-f", "-"]) == 0
    children = list(yaml.safe_load_all(capsys.readouterr().out))
    assert {"demo-pki", "other-pki"} <= {child["metadata"]["name"] for child in children}
    file.write_text(yaml.safe_dump(next(child for child in children if child["kind"] == "ConfigMap")))
    type_in(VK8S)
    assert main(["request", "-f", str(file), "-f", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["children"]["ConfigMap.v1"]


def test_problem_names_the_files_that_it_is_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / name for name in ("a", "b")]
    for file in files:
        file.write_text(yaml.safe_dump(VK8S))
    assert main(["render", *(f"--file={file}" for file in files)]) == 1
    told = capsys.readouterr()
    assert told.err == f"{files[0]}, {files[1]}: Vk8s team-a/demo: 2 of them; give each a name of its own.\n"
    assert told.out == ""


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        (KUBEFLOW, "kubeflow.version: v1.3.0 is made for Kubernetes 1.17 to 1.21, not for 1.34; write"),
        (KUBEFLOW, "spec.kubeflow has no effect: the hooks need VK8S_SETTING_KUBEFLOW_INSTALLER_IMAGE"),
        ({"accessPodPort": 30000}, "accessPodPort has no effect without accessPodImage."),
        (
            {"nodes": [node("m", CONTROL_PLANE, resources={"limits": {"memory": "767Mi"}})]},
            f"spec.nodes[0].resources.limits.memory: write 768Mi or more; a {CONTROL_PLANE} with less fails to start.",
        ),
        (
            {"nodes": [{**node("m", "master"), "image": "registry.example.com:5000/kink:v1.20"}]},
            "spec.nodes[0].image: v1.20 does not look like a node image;",
        ),
    ],
    ids=["Kubeflow for another Kubernetes", "no installer", "port without image", "memory", "tag"],
)
def test_accepted_spec_that_cannot_work_has_a_warning(
    type_in: Any, capsys: pytest.CaptureFixture[str], fields: dict[str, Any], warning: str
) -> None:
    type_in({**VK8S, "spec": spec(**fields)})
    assert main(["render", "-f", "-"]) == 0
    told = capsys.readouterr()
    assert f"standard input: warning: {warning}" in told.err
    assert "kind: Pod" in told.out


@pytest.mark.parametrize("command", ["render", "request"])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no such file."),
        (b"\xf5", "It is not UTF-8 text."),
        (b"[" * 20_000, "It is nested too deeply."),
        (b"a: [", "This is not valid YAML: line 1, column 5: "),
        (b"a: 1", "An object does not say what it is: write its apiVersion and kind."),
    ],
    ids=["no file", "binary", "deep", "no YAML", "no object"],
)
def test_unusable_file_is_reported(
    command: str, content: bytes | None, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "vk8s.yaml"
    if content is not None:
        path.write_bytes(content)
    assert main([command, "-f", str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"{path}: {sentence}")


def test_directory_or_unreadable_file_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "-f", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path}: This is a directory; name the files in it.\n"
    name = "x" * 300
    assert main(["render", "-f", name]) == 1
    assert capsys.readouterr().err == f"{name}: It can't be read: File name too long.\n"


def test_request_about_no_vk8s_is_reported(type_in: Any, capsys: pytest.CaptureFixture[str]) -> None:
    type_in("")
    assert main(["request", "-f", "-"]) == 1
    told = "standard input: A call is about one object of kind Vk8s, and there are 0.\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("port", ["0", "-1", "65536", "99999", "9" * 5000, "http", "\u0668\u0660"])
def test_invalid_port_is_reported(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", f"--port={port}"])
    assert ended.value.code == 2
    assert "argument --port: write a number from 1 to 65535\n" in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["render"]], ids=["all", "render"])
def test_help_says_where_settings_come_from(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    assert "VK8S_SETTING_*" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "advice"), [("MAX_BODY", "did you mean VK8S_SETTING_MAX_BODY_MIB? "), ("FOO", "")], ids=["near", "far"]
)
def test_unknown_setting_is_reported(
    name: str, advice: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"VK8S_SETTING_{name}", "1")
    assert main(["render", "-f", "-"]) == 2
    told = f"The environment variable VK8S_SETTING_{name} is not a setting; {advice}docs/operations.md lists them.\n"
    assert capsys.readouterr().err == told


def test_reader_that_has_enough_is_no_error() -> None:
    example = ROOT / "examples" / "local.yaml"
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "hooks", "render", "-f", str(example)]
    result = subprocess.run(
        command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (1, "")


def test_wrong_setting_ends_the_process_with_a_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VK8S_SETTING_KUBECONFIG_DAYS", "many")
    assert command.main(["serve"]) == 2
    assert capsys.readouterr().err.startswith("The environment variable VK8S_SETTING_KUBECONFIG_DAYS can't be used: ")
