"""hooks/vk8s/bootstrap/entrypoint.sh, with neighbours that do nothing: how the first process of a node ends."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.shared_material import ROOT

BOOT = ROOT / "hooks" / "vk8s" / "bootstrap"
KEPT = {"entrypoint.sh", "sentences.sh"}


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    """The boot files; those that entrypoint.sh sources are empty, but for the first function that it calls."""
    for name in re.findall(r'^\. "\$boot/(\S+)"$', (BOOT / "entrypoint.sh").read_text(), re.MULTILINE):
        (tmp_path / name).write_text("")
    for name in KEPT:
        (tmp_path / name).write_text((BOOT / name).read_text())
    return tmp_path


def test_a_node_that_is_stopped_before_it_is_up_has_not_ended_well(boot: Path) -> None:
    """A pod whose container ends with 0 when its host stops it has Succeeded, and that is for good."""
    (boot / "cgroups.sh").write_text("enter_own_cgroup_namespace() { kill -s RTMIN+3 $$; sleep 1; exit 9; }")
    ended = subprocess.run(
        ["bash", str(boot / "entrypoint.sh")], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True,
        timeout=30, check=False,
    )  # fmt: skip
    assert ended.returncode == 143
    assert "Asked to stop before the node was up; it stops." in ended.stdout


def test_no_boot_file_that_can_be_the_first_process_of_a_pod_ends_well_when_it_is_stopped() -> None:
    traps = [line for path in BOOT.glob("*.sh") for line in path.read_text().splitlines() if "trap '" in line]
    assert [line for line in traps if "exit" in line]
    assert not [line for line in traps if re.search(r"\bexit( 0)?'", line)]
