"""release/assemble.py: the directory that is published."""

import hashlib
import subprocess
from pathlib import Path

from release.assemble import Parts, assemble
from tests.release.archives import DEBIAN, OciArchive, write_docker_archive
from tests.release.conftest import CREATED, VERSION, write_command

NAMES = {
    "SHA256SUMS", "images.txt", "kink-v1.34.4-amd64.cdx.json", "kink-v1.34.4-arm64.cdx.json", "kink-v1.34.4.oci.tar",
    "kubectl-vk8s", "kubectl-vk8s.cdx.json", "kubectl-vk8s.tar.gz", "kubectl_complete-vk8s",
    "kubeflow-installer-v1.10.2-amd64.cdx.json", "kubeflow-installer-v1.10.2-images.txt",
    "kubeflow-installer-v1.10.2.oci.tar", "vk8s-0.2.0.chart.oci.tar", "vk8s-0.2.0.tgz", "vk8s-push",
}  # fmt: skip


def test_release_has_exactly_these_files(release: Path) -> None:
    assert {path.name for path in release.iterdir()} == NAMES


def test_list_names_each_archive_with_its_digest(release: Path) -> None:
    lines = [line.split() for line in (release / "images.txt").read_text().splitlines() if not line.startswith("#")]
    *entries, external = lines
    assert {name: file for name, _, file in entries} == {
        "vk8s/kink:v1.34.4": "kink-v1.34.4.oci.tar",
        "vk8s/kubeflow-installer:v1.10.2": "kubeflow-installer-v1.10.2.oci.tar",
        "vk8s/charts/vk8s:0.2.0": "vk8s-0.2.0.chart.oci.tar",
    }
    for _, digest, file in entries:
        assert [each["digest"] for each in OciArchive(release / file).index["manifests"]] == [digest]
    assert external == ["docker.io/metacontrollerio/metacontroller:v4.17.2"]


def test_sums_are_those_of_all_files(release: Path) -> None:
    checked = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=release, check=False)
    assert checked.returncode == 0
    lines = [line.split() for line in (release / "SHA256SUMS").read_text().splitlines()]
    listed = {name: total for total, name in lines}
    assert listed.keys() == NAMES - {"SHA256SUMS"}
    assert listed["vk8s-push"] == hashlib.sha256((release / "vk8s-push").read_bytes()).hexdigest()


def test_image_is_named_before_it_is_packed(tmp_path: Path) -> None:
    image = write_docker_archive(tmp_path / "image", "vk8s/controller:1", [DEBIAN])
    (tmp_path / "out").mkdir()
    said: list[str] = []
    assemble(tmp_path / "out", Parts(VERSION, CREATED, [[image]], [], write_command(tmp_path / "cli")), said.append)
    assert said == ["Packing vk8s/controller:1"]


def test_images_of_kubeflow_are_listed_for_those_who_mirror_them(release: Path) -> None:
    listed = (release / "kubeflow-installer-v1.10.2-images.txt").read_text()
    assert listed == "docker.io/istio/proxyv2:1\nghcr.io/kubeflow/dashboard:1\n"
