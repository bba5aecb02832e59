"""`python -m release`: what it says before it builds anything."""

import subprocess
import sys
from pathlib import Path

import pytest

from testbed.layout import ROOT
from tests.testbed.fake_programs import FakePrograms

ARCHITECTURES = {"amd64": "arm64", "arm64": "amd64"}


def run_release(tmp_path: Path, own: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """On a machine of that architecture that has no compiler for the other, and no apt to install one."""
    fake = FakePrograms(tmp_path)
    fake.add("go", {"GOHOSTARCH": own})
    fake.link("bash", "dirname")
    command = [sys.executable, "-m", "release", "--out", str(tmp_path / "out"), *arguments]
    return subprocess.run(command, cwd=ROOT, env=fake.environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("own", "other"), ARCHITECTURES.items(), ids=ARCHITECTURES)
def test_command_for_one_architecture_is_shown_where_two_are_impossible(tmp_path: Path, own: str, other: str) -> None:
    """Nothing else is asked for: a release is for both."""
    result = run_release(tmp_path, own)
    assert (result.returncode, result.stdout) == (1, "")
    missing, advice = result.stderr.splitlines()
    assert missing.startswith(f"Builds for {other} need ")
    assert advice == f'To leave out {other}, type: make release ARGS="--architecture {own}"'
    assert not (tmp_path / "out").exists()


def test_architecture_that_is_asked_for_and_impossible_has_no_replacement(tmp_path: Path) -> None:
    result = run_release(tmp_path, "amd64", "--architecture=arm64")
    assert result.returncode == 1
    (missing,) = result.stderr.splitlines()
    assert missing.startswith("Builds for arm64 need ")


def test_previous_release_stays_where_a_new_one_is_impossible(tmp_path: Path) -> None:
    (tmp_path / "out" / "vk8s-0.2.0").mkdir(parents=True)
    assert run_release(tmp_path, "amd64").returncode == 1
    assert (tmp_path / "out" / "vk8s-0.2.0").exists()
