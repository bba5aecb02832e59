"""hooks/vk8s/bootstrap/sleep.sh, by the real clock."""

import subprocess

import pytest

from testbed.layout import ROOT

SCRIPT = ROOT / "hooks" / "vk8s" / "bootstrap" / "sleep.sh"
# How long the command took, in microseconds.
TIMED = 'begin=${EPOCHREALTIME/./}; %s; echo "$((${EPOCHREALTIME/./} - begin))"'


def run(commands: str) -> list[int]:
    """The numbers that the commands print, in a shell that finds no program."""
    bash = ["/bin/bash", "-euo", "pipefail", "-c", f". {SCRIPT}; {commands}"]
    result = subprocess.run(bash, env={"PATH": "/nowhere"}, capture_output=True, text=True, check=True, timeout=30)
    assert result.stderr == ""
    return [int(line) for line in result.stdout.split()]


@pytest.mark.parametrize("command", ["sleep 0.25", "(sleep 0.25)", "sleep 0.2; sleep 0.05"])
def test_wait_takes_its_time_and_starts_no_program(command: str) -> None:
    (microseconds,) = run(TIMED % command)
    assert microseconds >= 250_000


def test_sleep_that_is_there_already_is_used() -> None:
    result = subprocess.run(
        ["/bin/bash", "-c", f"sleep() {{ echo virtual; }}; . {SCRIPT}; sleep 9"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout == "virtual\n"
