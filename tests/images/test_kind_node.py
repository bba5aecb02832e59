"""images/kind-node: what it shares with virtual nodes."""

import subprocess
from pathlib import Path

from testbed.layout import ROOT

BUILD = ROOT / "images" / "kind-node" / "build.sh"
BOOTSTRAP = ROOT / "hooks" / "vk8s" / "bootstrap"


def test_scripts_of_virtual_nodes_find_there_what_they_source(tmp_path: Path) -> None:
    (shared,) = (line for line in BUILD.read_text().splitlines() if line.startswith("shared="))
    commands = f'bootstrap={BOOTSTRAP}; {shared}; cp "${{shared[@]}}" .; . ./sentences.sh; . ./image-store.sh'
    subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=tmp_path, check=True)
    assert (tmp_path / "image-store.sh").exists()
