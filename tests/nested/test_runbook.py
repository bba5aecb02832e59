"""The commands of docs/troubleshooting.md, typed in as they stand there."""

import re
import subprocess
from pathlib import Path

import pytest

from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.nested.virtual import VirtualCluster

SECONDS = 60
RECOVERY_SECONDS = 90


def read_commands(heading: str) -> str:
    """The shell commands below a heading."""
    section = (ROOT / "docs" / "troubleshooting.md").read_text().split(f"\n### {heading}\n")[1]
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1]


def read_reason(virtual: VirtualCluster) -> str:
    status = virtual.kubectl.get("vk8s", virtual.name)["status"]
    return next(str(entry["reason"]) for entry in status["conditions"] if entry["type"] == "ChildrenObserved")


@pytest.mark.nightly("tests/unit/vk8s/plan/test_keys.py")
def test_lost_pki_is_restored_from_the_control_plane_node(running: VirtualCluster, tmp_path: Path) -> None:
    before = running.kubectl.get("secret", "local-pki")["data"]
    running.kubectl.run("delete", "secret", "local-pki")
    wait_for("PKILost", lambda: read_reason(running) == "PKILost", SECONDS, running.describe)
    commands = read_commands("PKILost").replace("<master>", "local-master").replace("<name>", "local")
    commands = commands.replace("<namespace>", running.host.namespace)
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=tmp_path,
        env=running.host.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.returncode == 0, shell.stderr
    assert [path for path in tmp_path.rglob("*") if path.suffix in (".crt", ".key")] == []
    wait_for("all children", lambda: read_reason(running) == "AllObserved", SECONDS, running.describe)
    assert running.kubectl.get("secret", "local-pki")["data"] == before
    running.replace_pod("local-master", RECOVERY_SECONDS)
    running.wait_for_nodes()
