"""What is said of a command line that can't be meant."""

import os
import subprocess
import sys

from testbed.layout import ROOT, TESTBEDS, VARIABLE


def test_unknown_testbed_is_reported_with_the_known_ones() -> None:
    command = [sys.executable, "-m", "testbed", "status"]
    environment = {**os.environ, VARIABLE: "nowhere"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    told = f"error: {VARIABLE} is 'nowhere'; there are {', '.join(TESTBEDS)}"
    assert result.stderr.splitlines()[-1].endswith(told)
