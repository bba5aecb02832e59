"""What `make up` reports about a boot, and when it stops waiting; by a kubectl that prints what a test wants."""

from pathlib import Path

import pytest

from testbed.follow_boot import BootError, follow_boot
from testbed.kubectl import Kubectl


def build_kubectl(directory: Path, *lines: str) -> Kubectl:
    """A kubectl that shows a Vk8s of generation 2, and these lines of a watch."""
    program = directory / "kubectl"
    shown = "\n".join(lines)
    program.write_text(f"""#!/bin/sh
case "$*" in
*--watch*) echo '{shown}' ;;
*) echo '{{"metadata": {{"generation": 2}}}}' ;;
esac
""")
    program.chmod(0o755)
    return Kubectl([str(program)])


def test_each_phase_is_reported_once_until_the_spec_runs(tmp_path: Path) -> None:
    told: list[str] = []
    before, later = ("1 Running: old", "2 Waiting: a", "2 Waiting: a", "2 Running: b"), ("2 Restarting: c",)
    follow_boot(build_kubectl(tmp_path, *before, *later), "local", told.append)
    assert [line.split(" s  ")[1] for line in told] == ["Waiting: a", "Running: b"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [("2 Paused: c", "local is paused: take spec.paused"), ("2 Waiting: a", "local is not Running after")],
    ids=["paused", "no end"],
)
def test_cluster_that_does_not_get_running_is_reported(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(BootError, match=sentence):
        follow_boot(build_kubectl(tmp_path, line), "local", lambda _: None)
