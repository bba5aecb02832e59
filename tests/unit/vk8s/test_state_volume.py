"""hooks/vk8s/bootstrap/state-volume.sh: which generation of its cluster a volume is of."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.shared_material import ROOT

BOOT = ROOT / "hooks" / "vk8s" / "bootstrap"
SCRIPT = ". {boot}/sentences.sh; STATE={root}; . {boot}/state-volume.sh; "


def run(root: Path, commands: str, generation: int) -> str:
    command = ["bash", "-euo", "pipefail", "-c", SCRIPT.format(boot=BOOT, root=root) + commands]
    variables = {"PATH": os.environ["PATH"], "GENERATION": str(generation), "KUBERNETES_VERSION": "v1.34.4"}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("stamp", "generation", "expected"),
    [(None, 1, "same"), (None, 2, "other"), ("1\n", 1, "same"), ("1\n", 2, "other"), ("2\n", 2, "same")],
)
def test_a_volume_is_of_the_generation_of_its_last_boot(
    tmp_path: Path, stamp: str | None, generation: int, expected: str
) -> None:
    """One that an earlier version has written has no stamp, and is of the first."""
    if stamp:
        (tmp_path / "generation").write_text(stamp)
    assert run(tmp_path, "is_same_generation && echo same || echo other", generation) == f"{expected}\n"


def test_a_complete_boot_stamps_the_volume(tmp_path: Path) -> None:
    run(tmp_path, "stamp_volume", 3)
    assert (tmp_path / "generation").read_text() == "3\n"
    assert (tmp_path / "kubernetes-version").read_text() == "v1.34.4\n"
