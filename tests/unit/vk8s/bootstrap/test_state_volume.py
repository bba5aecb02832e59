"""hooks/vk8s/bootstrap/state-volume.sh: of which generation of its cluster a volume is, and who wrote it."""

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


def boot(root: Path, image: str, commands: str) -> str:
    """What a node with an image of that version says when it looks at its volume and then runs `commands`."""
    given = (
        f'KUBERNETES_VERSION={image}; read_image_version() {{ echo {image}; }}; give_up() {{ echo "$*"; exit 0; }}; '
    )
    return run(root, f"{given} refuse_version_jump; {commands}", 1)


COMPLETE, FAILED_BEFORE, FAILED_AFTER = "stamp_upgrade; stamp_volume", "true", "stamp_upgrade"


def test_an_upgrade_that_failed_before_anything_was_written_can_be_taken_back(tmp_path: Path) -> None:
    boot(tmp_path, "v1.34.4", COMPLETE)
    assert boot(tmp_path, "v1.35.4", FAILED_BEFORE) == ""
    assert boot(tmp_path, "v1.34.4", COMPLETE) == ""


def test_an_upgrade_that_has_begun_to_write_can_only_go_on(tmp_path: Path) -> None:
    boot(tmp_path, "v1.34.4", COMPLETE)
    assert boot(tmp_path, "v1.35.4", FAILED_AFTER) == ""
    assert boot(tmp_path, "v1.34.4", COMPLETE) == (
        "The upgrade of this node to Kubernetes v1.35.4 has begun to write and its image has v1.34.4: a downgrade is "
        "not possible. Write an image with v1.35.4 or a newer patch of it.\n"
    )
    assert "one minor version at a time" in boot(tmp_path, "v1.36.0", COMPLETE)
    assert boot(tmp_path, "v1.35.5", FAILED_AFTER) == ""
    assert boot(tmp_path, "v1.35.4", COMPLETE) == ""
    assert "This node ran Kubernetes v1.35.4 and its image has v1.34.4" in boot(tmp_path, "v1.34.4", COMPLETE)
    assert boot(tmp_path, "v1.36.0", COMPLETE) == ""


def test_an_upgrade_of_the_patch_can_be_taken_back_always(tmp_path: Path) -> None:
    boot(tmp_path, "v1.34.3", COMPLETE)
    boot(tmp_path, "v1.34.4", FAILED_AFTER)
    assert boot(tmp_path, "v1.34.3", COMPLETE) == ""
    assert not (tmp_path / "kubernetes-upgrade").exists()


def test_a_boot_of_the_same_version_is_no_upgrade(tmp_path: Path) -> None:
    assert boot(tmp_path, "v1.34.4", FAILED_AFTER) == ""
    boot(tmp_path, "v1.34.4", COMPLETE)
    boot(tmp_path, "v1.34.4", FAILED_AFTER)
    assert not (tmp_path / "kubernetes-upgrade").exists()


def test_a_complete_boot_stamps_the_volume(tmp_path: Path) -> None:
    run(tmp_path, "stamp_volume", 3)
    assert (tmp_path / "generation").read_text() == "3\n"
    assert (tmp_path / "kubernetes-version").read_text() == "v1.34.4\n"
