"""YAML that the hooks write, read by kubectl: it takes a few words for booleans that others take for text."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.offline.render import render, write_yaml
from hooks.vk8s.keys.pki import read_secret
from testbed import builds
from tests.machine import require_testbed
from tests.world import CONTEXT, spec

VK8S = {"apiVersion": "vk8s.sktelecom.com/v1alpha1", "kind": "Vk8s", "metadata": {"name": "demo"}, "spec": spec()}


@pytest.fixture(scope="module")
def kubectl() -> Path:
    require_testbed()
    return builds.build_binaries() / "kubectl"


@pytest.mark.parametrize("name", ["y", "n", "yes", "null"])
def test_kubectl_reads_the_kubeconfig_of_any_name(kubectl: Path, name: str, tmp_path: Path) -> None:
    children = render({**VK8S, "metadata": {"name": name}}, CONTEXT).children
    secret = next(child for child in children if child["metadata"]["name"] == f"{name}-kubeconfig")
    (tmp_path / "config").write_bytes(read_secret(secret)["config"])
    assert run(kubectl, f"--kubeconfig={tmp_path / 'config'}", "config", "current-context").strip() == name


def test_kubectl_reads_labels_as_they_were_rendered(kubectl: Path, tmp_path: Path) -> None:
    labels = {
        "a": "y",
        "b": "no",
        "c": "1e3",
        "d": "null",
        "e": "0x1f",
        "f": "1_000",
        "g": "1.5e3",
        "h": "0o17",
        "i": "017",
    }
    vk8s = {**VK8S, "metadata": {"name": "demo", "labels": labels}}
    children = render(vk8s, CONTEXT).children
    (tmp_path / "all.yaml").write_text(write_yaml(children))
    template = "{{range $key, $value := .metadata.labels}}{{$key}}={{$value}};{{end}}{{println}}"
    output = f"--output=go-template={template}"
    read = run(
        kubectl, "patch", "--local", "--type=merge", "--patch={}", f"-f={tmp_path / 'all.yaml'}", output
    ).splitlines()
    assert read == ["".join(f"{key}={value};" for key, value in sorted(labels_of(child))) for child in children]


def run(program: Path, *arguments: str) -> str:
    """Standard output."""
    return subprocess.run([str(program), *arguments], capture_output=True, text=True, check=True).stdout


def labels_of(child: Manifest) -> Iterable[tuple[str, str]]:
    labels: dict[str, str] = child["metadata"]["labels"]
    return labels.items()
