"""Tests of the Go programs that are ours: what of them is no matter of a real cluster, which tests/nested has."""

import os
import subprocess

import pytest

from tests.shared_material import ROOT

BINARIES = ROOT / "images" / "binaries"
# Those of the build, so that Go's cache serves both.
FLAGS = ["-trimpath", "-buildvcs=false"]
ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"}


@pytest.mark.parametrize("program", ["api-proxy", "api-writer", "etcd-member", "flanneld", "local-storage"])
def test_go_programs_pass_their_own_tests(program: str) -> None:
    command = ["go", "test", "-count=1", *FLAGS, f"./{program}"]
    ended = subprocess.run(
        command, cwd=BINARIES, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
