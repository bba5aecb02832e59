"""images/archive.py: an image on top of another one."""

import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from testbed.layout import ROOT

SEARCH_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def pack(out: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, ROOT / "images" / "archive.py", out, *arguments], check=True)


def unpack(archive: Path) -> Path:
    """A directory next to it, with its content."""
    directory = archive.with_suffix("")
    directory.mkdir()
    with tarfile.open(archive) as opened:
        for member in opened:
            content = opened.extractfile(member)
            assert content
            (directory / member.name).write_bytes(content.read())
    return directory


def read_manifest(directory: Path) -> tuple[list[str], dict[str, Any]]:
    """The names of the layers, and the settings."""
    (manifest,) = json.loads((directory / "manifest.json").read_text())
    return manifest["Layers"], json.loads((directory / manifest["Config"]).read_text())["config"]


def test_archive_has_the_layers_and_settings_of_its_base(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("first")
    below, above = tmp_path / "below.tar", tmp_path / "above.tar"
    pack(below, "below", f"{program}:/bin/first", "--entrypoint=/sbin/init", "--stop-signal=SIGRTMIN+3")
    base = unpack(below)
    program.write_text("second")
    pack(above, "above", f"{program}:/bin/second", f"--base={base}", "--env=COLOUR=green")
    layers, settings = read_manifest(unpack(above))
    base_layers, base_settings = read_manifest(base)
    assert layers[:-1] == base_layers
    with tarfile.open(above.with_suffix("") / layers[-1]) as uppermost:
        assert uppermost.getnames() == ["bin/second"]
    assert base_settings == {"Entrypoint": ["/sbin/init"], "Env": [SEARCH_PATH], "StopSignal": "SIGRTMIN+3"}
    assert settings == {**base_settings, "Env": [SEARCH_PATH, "COLOUR=green"]}


def test_by_itself_it_starts_its_first_program(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.touch()
    pack(tmp_path / "alone.tar", "alone", f"{program}:/bin/first", f"{program}:/bin/second")
    layers, settings = read_manifest(unpack(tmp_path / "alone.tar"))
    assert len(layers) == 1
    assert settings == {"Entrypoint": ["/bin/first"], "Env": [SEARCH_PATH]}
