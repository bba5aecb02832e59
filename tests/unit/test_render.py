"""`python -m hooks render`: what would be created, with no cluster."""

import io
from pathlib import Path
from typing import Any

import pytest
import yaml

from hooks.__main__ import main
from hooks.render import read_vk8s, render, write_yaml
from hooks.request import ManifestError
from tests.shared_material import VK8S_EXAMPLES
from tests.world import CONTEXT, node, spec

VK8S: dict[str, Any] = {
    "apiVersion": "vk8s.sktelecom.com/v1alpha1",
    "kind": "Vk8s",
    "metadata": {"name": "demo", "namespace": "team-a"},
    "spec": spec(),
}


def shown(children: list[dict[str, Any]]) -> list[str]:
    return sorted(f"{child['kind']}/{child['metadata']['name']}" for child in children)


def test_every_child_is_shown_down_to_the_pods() -> None:
    everything = spec(
        accessPodImage="x", accessPodPort=30006, ports=[{"name": "web", "port": 30000, "targetPort": 30000}]
    )
    assert shown(render({**VK8S, "spec": everything}, CONTEXT)) == sorted(
        [
            f"ConfigMap/demo-bootstrap-{CONTEXT.scripts.digest}",
            "ConfigMap/demo-access",
            "NetworkPolicy/demo",
            "PersistentVolumeClaim/m-state",
            "PersistentVolumeClaim/w-state",
            "Pod/demo-access-pod",
            "Pod/m",
            "Pod/w",
            *(f"Secret/demo-{name}" for name in ("join", "kubeconfig", "pki", "ssh")),
            *(f"Service/{name}" for name in ("demo", "demo-access-svc", "demo-api")),
        ]
    )


def test_the_namespace_is_default_where_none_is_given() -> None:
    children = render({**VK8S, "metadata": {"name": "demo"}}, CONTEXT)
    assert {child["metadata"]["namespace"] for child in children} == {"default"}


def test_what_is_written_is_what_was_rendered() -> None:
    children = render(VK8S, CONTEXT)
    text = write_yaml(children)
    assert list(yaml.safe_load_all(text)) == children
    assert "&id" not in text
    assert "entrypoint.sh: |" in text


@pytest.mark.parametrize(
    ("vk8s", "sentence"),
    [
        ({**VK8S, "spec": spec(nodes=[node("w", "worker")])}, "spec.nodes: write exactly one node with role master"),
        ({**VK8S, "spec": None}, "spec: Input should be a valid dictionary"),
    ],
    ids=["no master", "no spec"],
)
def test_what_can_not_be_rendered_is_told(vk8s: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ManifestError, match=sentence):
        render(vk8s, CONTEXT)


@pytest.mark.parametrize(("text", "sentence"), [("a: [", "This is no YAML"), ("", "no object of kind Vk8s")])
def test_a_file_without_a_vk8s_is_told(text: str, sentence: str) -> None:
    with pytest.raises(ManifestError, match=sentence):
        read_vk8s(text)


@pytest.mark.parametrize("path", VK8S_EXAMPLES, ids=lambda path: str(path.name))
def test_the_command_prints_yaml(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "-f", str(path)]) == 0
    assert "Pod" in {document["kind"] for document in yaml.safe_load_all(capsys.readouterr().out)}


def test_the_command_reads_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(yaml.safe_dump(VK8S)))
    assert main(["render", "-f", "-"]) == 0
    assert "kind: Pod" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", None], ids=["no Vk8s", "no file"])
def test_the_command_says_what_is_wrong_and_fails(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "vk8s.yaml"
    if content is not None:
        path.write_text(content)
    assert main(["render", "-f", str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"{path}: ")
