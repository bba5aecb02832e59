"""Tests of the Go programs that are ours; of local-storage and CoreDNS, tests/nested is the test."""

import os
import subprocess

from tests.shared_material import ROOT

BINARIES = ROOT / "images" / "binaries"
# Those of the build, so that Go's cache serves both.
FLAGS = ["-trimpath", "-buildvcs=false"]
ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"}


def test_flanneld_follows_the_nodes() -> None:
    command = ["go", "test", "-count=1", *FLAGS, "./flanneld"]
    ended = subprocess.run(
        command, cwd=BINARIES, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
