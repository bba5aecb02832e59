"""release/oci.py: archives that a registry can be filled from."""

import gzip
import json
from pathlib import Path

import pytest

from release.oci import Layers, write_image
from release.oci import write_chart as write_chart_archive
from tests.release.archives import OciArchive, pack, write_chart, write_docker_archive

BASE, OWN = {"./etc/motd": b"hello"}, {"./bin/program": b"\x7fELF"}
NAME = "vk8s/kink:v1.34.4"


@pytest.fixture
def layers(tmp_path: Path) -> Layers:
    (tmp_path / "layers").mkdir()
    return Layers(tmp_path / "layers")


def test_image_has_a_manifest_for_each_platform(tmp_path: Path, layers: Layers) -> None:
    archives = [write_docker_archive(tmp_path / name, NAME, [BASE, OWN], name) for name in ("arm64", "amd64")]
    digest = write_image(tmp_path / "out", archives, layers)
    oci = OciArchive(tmp_path / "out")
    assert [each["digest"] for each in oci.index["manifests"]] == [digest]
    manifests = oci.list_manifests()
    assert list(manifests) == ["amd64", "arm64"]
    for archive in archives:
        manifest = manifests[archive.path.name]
        assert oci.get_blob(manifest["config"]) == archive.config
        assert [gzip.decompress(oci.get_blob(each)) for each in manifest["layers"]] == [pack(BASE), pack(OWN)]


def test_archive_says_its_name_to_containerd_and_skopeo(tmp_path: Path, layers: Layers) -> None:
    write_image(tmp_path / "out", [write_docker_archive(tmp_path / "in", NAME, [BASE])], layers)
    (entry,) = OciArchive(tmp_path / "out").index["manifests"]
    assert entry["annotations"] == {
        "io.containerd.image.name": "registry.example.com/vk8s/kink:v1.34.4",
        "org.opencontainers.image.ref.name": "v1.34.4",
    }
    assert json.loads(OciArchive(tmp_path / "out").read("oci-layout")) == {"imageLayoutVersion": "1.0.0"}


def test_same_image_gives_the_same_bytes(tmp_path: Path) -> None:
    for directory in (tmp_path / "first", tmp_path / "second"):
        directory.mkdir()
        archive = write_docker_archive(directory / "in", NAME, [BASE, OWN])
        write_image(directory / "out", [archive], Layers(directory))
    assert (tmp_path / "first" / "out").read_bytes() == (tmp_path / "second" / "out").read_bytes()


def test_layer_of_two_images_is_compressed_once(tmp_path: Path, layers: Layers) -> None:
    for name, contents in (("one", [BASE]), ("two", [BASE, OWN])):
        write_image(
            tmp_path / f"{name}.oci", [write_docker_archive(tmp_path / name, f"vk8s/{name}:1", contents)], layers
        )
    assert len(list((tmp_path / "layers").iterdir())) == 2


def test_two_archives_for_one_platform_are_refused(tmp_path: Path, layers: Layers) -> None:
    archives = [write_docker_archive(tmp_path / name, NAME, [BASE]) for name in ("one", "two")]
    with pytest.raises(ValueError, match="two archives are for the same platform"):
        write_image(tmp_path / "out", archives, layers)
    assert not (tmp_path / "out").exists()


def test_chart_is_what_helm_would_push(tmp_path: Path) -> None:
    package = write_chart(tmp_path / "vk8s-0.2.0.tgz", "vk8s", "0.2.0")
    digest = write_chart_archive(tmp_path / "out", "vk8s/charts/vk8s:0.2.0", package)
    oci = OciArchive(tmp_path / "out")
    (top,) = oci.index["manifests"]
    manifest = json.loads(oci.get_blob(top))
    assert top["digest"] == digest
    assert manifest["config"]["mediaType"] == "application/vnd.cncf.helm.config.v1+json"
    assert json.loads(oci.get_blob(manifest["config"]))["name"] == "vk8s"
    (layer,) = manifest["layers"]
    assert layer["mediaType"] == "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
    assert oci.get_blob(layer) == package.read_bytes()
    assert manifest["annotations"]["org.opencontainers.image.version"] == "0.2.0"
