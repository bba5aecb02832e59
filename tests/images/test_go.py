"""Tests of the Go programs that are ours: what of them is no matter of a real cluster, which tests/nested has."""

import os
import subprocess

import pytest

from tests.shared_material import ROOT

PROGRAMS = [
    *(
        ("binaries", name)
        for name in (
            "api-proxy",
            "api-writer",
            "cni-list",
            "cnilist",
            "etcd-member",
            "flanneld",
            "local-storage",
            "networkpolicies",
        )
    ),
    ("backup", "vk8s-backup"),
]
# Those of the build, so that Go's cache serves both.
FLAGS = ["-trimpath", "-buildvcs=false"]
ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"}


@pytest.mark.parametrize(("module", "program"), PROGRAMS)
def test_go_programs_pass_their_own_tests(module: str, program: str) -> None:
    # Of a program that has not changed, Go has the result in its cache.
    command = ["go", "test", *FLAGS, f"./{program}"]
    environment = {**os.environ, **ENVIRONMENT}
    directory = ROOT / "images" / module
    ended = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
