"""`make up`: what it prints is what a newcomer types next."""

import re
import subprocess
import time
from pathlib import Path

import pytest

from testbed.layout import ROOT
from tests.figures import record
from tests.nested.conftest import COMMAND
from tests.nested.virtual import VirtualCluster


def test_each_printed_line_can_be_typed_in_and_shows_the_clusters(
    up_output: str, running: VirtualCluster, tmp_path: Path
) -> None:
    lines = [line for line in up_output.splitlines() if line.startswith("    ")]
    assert len(lines) == 7
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert shell.returncode == 0, shell.stderr
    assert re.search(r"^vk8s.*/local +Running +2/2", shell.stdout, re.MULTILINE)
    for node in running.nodes:
        assert re.search(rf"^{node} +Ready ", shell.stdout, re.MULTILINE)


def test_progress_is_reported_in_phases_until_running(up_output: str) -> None:
    told = re.findall(r"^ +[0-9.]+ s  (\w+): .", up_output, re.MULTILINE)
    phases = [phase for phase, former in zip(told, ["", *told], strict=False) if phase != former]
    # On a busy machine, the nodes may start before anybody watches.
    assert phases in (["Waiting", "Installing", "Running"], ["Installing", "Running"])


@pytest.mark.exclusive
@pytest.mark.usefixtures("up_output")
def test_second_call_reuses_everything_and_touches_no_node(running: VirtualCluster) -> None:
    before = [running.kubectl.get("pod", node)["metadata"]["uid"] for node in running.nodes]
    start = time.monotonic()
    again = subprocess.run([*COMMAND, "up"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    record("second_up_s", time.monotonic() - start)
    assert [running.kubectl.get("pod", node)["metadata"]["uid"] for node in running.nodes] == before


@pytest.mark.usefixtures("up_output", "running")
def test_status_and_logs_show_every_program() -> None:
    shown = {
        command: subprocess.run([*COMMAND, command], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for command in ("status", "logs")
    }
    for program in ("etcd", "kube-apiserver", "containerd", "kubelet", "hooks", "metacontroller"):
        assert re.search(rf"^{program} +runs$", shown["status"], re.MULTILINE)
        assert re.search(rf"^--- .*/{program}\.log$", shown["logs"], re.MULTILINE)
    assert re.search(r"^vk8s.*/local +Running", shown["status"], re.MULTILINE)
