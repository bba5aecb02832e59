"""A small release."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from release.assemble import Parts, assemble
from tests.release.archives import DEBIAN, METADATA, pack, write_chart, write_docker_archive

CREATED = datetime(2026, 11, 29, tzinfo=UTC)
VERSION = "0.2.0"
OBJECT = b"""\
kind: Deployment
spec:
  template:
    spec:
      initContainers: [{name: a, image: docker.io/istio/proxyv2:1}]
      containers: [{name: b, image: "ghcr.io/kubeflow/dashboard:1"}, {name: c}]
"""


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a release with an image for two platforms, an installer of Kubeflow, a chart and the command."""
    directory = tmp_path_factory.mktemp("release")
    node = [write_docker_archive(directory / name, "vk8s/kink:v1.34.4", [DEBIAN], name) for name in ("amd64", "arm64")]
    own = {"./kubeflow/objects/0001": OBJECT, "./kubeflow/objects/0002": OBJECT, "./kubeflow/list": b""}
    installer = write_docker_archive(directory / "installer", "vk8s/kubeflow-installer:v1.10.2", [DEBIAN, own])
    chart = write_chart(directory / f"vk8s-{VERSION}.tgz", "vk8s", VERSION)
    out = directory / "out"
    out.mkdir()
    assemble(out, Parts(VERSION, CREATED, [node, [installer]], [chart], write_command(directory / "cli")), print)
    return out


def write_command(directory: Path) -> Path:
    """What images/cli/build.sh makes, as far as a release looks at it."""
    directory.mkdir()
    with zipfile.ZipFile(directory / "kubectl-vk8s", "w") as program:
        program.writestr("click-1.0.dist-info/METADATA", METADATA.format(name="click"))
    (directory / "kubectl_complete-vk8s").symlink_to("kubectl-vk8s")
    (directory / "kubectl-vk8s.tar.gz").write_bytes(pack({"kubectl-vk8s": b""}, "w:gz"))
    (directory / "SHA256SUMS").write_text("those of the command alone\n")
    return directory
