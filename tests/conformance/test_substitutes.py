"""images/conformance/substitutes.py: an image for each reference that something can stand in for."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from testbed.layout import ROOT

REGISTRY = "registry.k8s.io/e2e-test-images"
LAYERS = ("debian", "agnhost", "httpd", "busybox")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """What is written for a list that also has an image that nothing stands in for."""
    for layer in LAYERS:
        with tarfile.open(tmp_path / f"{layer}.tar", "w") as opened:
            opened.addfile(tarfile.TarInfo(layer))
    names = ("agnhost:2.56", "busybox:1.37.0-1", "httpd:2.4.38-4", "httpd:2.4.39-4", "volume/nfs:1.4")
    references = tmp_path / "references"
    references.write_text("".join(f"{REGISTRY}/{name}\n" for name in names))
    script = ROOT / "images" / "conformance" / "substitutes.py"
    command = [sys.executable, str(script), str(tmp_path / "out.tar"), str(references), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "images")}
    subprocess.run(command, env=environment, capture_output=True, check=True)
    return tmp_path / "out.tar"


def read_member(archive: Path, name: str) -> Any:
    with tarfile.open(archive) as opened:
        content = opened.extractfile(name)
        assert content
        return json.loads(content.read())


def test_every_known_reference_has_an_image(archive: Path) -> None:
    tags = [image["RepoTags"] for image in read_member(archive, "manifest.json")]
    assert tags == [
        [f"{REGISTRY}/{name}"] for name in ("agnhost:2.56", "busybox:1.37.0-1", "httpd:2.4.38-4", "httpd:2.4.39-4")
    ]


def test_layer_of_several_images_is_in_the_archive_once(archive: Path) -> None:
    images = read_member(archive, "manifest.json")
    layers = [layer for image in images for layer in image["Layers"]]
    assert len(layers) == 7
    with tarfile.open(archive) as opened:
        members = opened.getnames()
    assert len(members) == len(set(members))
    assert {member for member in members if member.endswith(".tar")} == set(layers)


def test_images_of_the_same_layers_are_two(archive: Path) -> None:
    # A node that has one image under both names says the one for the other.
    images = read_member(archive, "manifest.json")
    first, second = (image for image in images if "/httpd:" in image["RepoTags"][0])
    assert first["Layers"] == second["Layers"]
    assert first["Config"] != second["Config"]


def test_image_has_the_settings_that_specs_rely_on(archive: Path) -> None:
    agnhost, busybox, *_ = read_member(archive, "manifest.json")
    settings = read_member(archive, agnhost["Config"])["config"]
    assert (settings["Entrypoint"], settings["Cmd"]) == (["/agnhost"], ["pause"])
    assert "9376/tcp" in settings["ExposedPorts"]
    settings = read_member(archive, busybox["Config"])["config"]
    assert settings["Cmd"] == ["sh"]
    assert "Entrypoint" not in settings
