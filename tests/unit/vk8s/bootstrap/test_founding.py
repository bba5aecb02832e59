"""hooks/vk8s/bootstrap/founding.sh: what a master makes of the volume that it finds, with an etcd of a few lines."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shared_material import ROOT

BOOT = ROOT / "hooks" / "vk8s" / "bootstrap"
UID = "1f6b1f0c-0000-4000-8000-000000000000"
SCRIPT = """
. {boot}/sentences.sh; RUN={root}/run STATE={root}/state LOG={root}/log NEW={root}/new BOOTED_BEFORE={root}/booted
. {boot}/state-volume.sh; SOURCE={root}/store SNAPSHOTTER=snapshotter; . {boot}/founding.sh
ETCD_DATA={root}/etcd FOUNDING={root}/etcd/founding
ROLE=${{ROLE:-master}} FOUND=${{FOUND:-false}} GENERATION=${{GENERATION:-1}} VK8S_UID={uid} NODE_NAME=demo-master
refuse_version_jump() {{ :; }}
give_up() {{ echo "$*"; exit 1; }}
"""
BOOT_NODE = "claim_state_volume; start_founding; await_founding"
# Writes its log, then serves; with `delay` seconds between them, or fails.
ETCD = """#!/usr/bin/env python3
import http.server, pathlib, socketserver, sys, time
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
log = pathlib.Path(given["--data-dir"], "member", "wal", "0.wal")
log.parent.mkdir(parents=True)
log.write_text(given["--initial-cluster-token"])
time.sleep({delay})
{last}
class Answer(http.server.BaseHTTPRequestHandler):
    do_GET = lambda self: (self.send_response(200), self.end_headers())
    address_string = lambda self: ""
socketserver.UnixStreamServer(given["--listen-client-urls"].removeprefix("unix://"), Answer).serve_forever()
"""


@dataclass(frozen=True)
class Node:
    """A master with its state volume, in a directory."""

    root: Path

    def start(self, commands: str = BOOT_NODE, **environment: str) -> subprocess.Popen[str]:
        script = SCRIPT.format(boot=BOOT, root=self.root, uid=UID) + commands
        variables = {"PATH": os.environ["PATH"], **environment}
        command = ["bash", "-euo", "pipefail", "-c", script]
        return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True, start_new_session=True)

    def run(self, commands: str = BOOT_NODE, **environment: str) -> tuple[int, str]:
        """Exit code, and what it says."""
        process = self.start(commands, **environment)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said

    def write_etcd(self, delay: float = 0, last: str = "") -> None:
        program = self.root / "store" / "snapshotter" / "snapshots" / "7" / "fs" / "usr" / "local" / "bin" / "etcd"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(ETCD.format(delay=delay, last=last))
        program.chmod(0o755)

    @property
    def data(self) -> Path:
        return self.root / "etcd"

    @property
    def log(self) -> Path:
        return self.data / "member" / "wal" / "0.wal"


@pytest.fixture
def node(tmp_path: Path) -> Node:
    for folder in ("run", "state", "log", "etcd"):
        (tmp_path / folder).mkdir()
    made = Node(tmp_path)
    made.write_etcd()
    return made


def test_the_first_master_of_a_cluster_founds_it(node: Node) -> None:
    assert node.run(FOUND="true") == (0, "")
    assert node.log.read_text() == f"{UID}.1"
    assert [path.name for path in node.data.iterdir()] == ["member"]
    assert (node.root / "new").exists()
    assert (node.root / "state" / "owner").read_text() == f"{UID}\n"


@pytest.mark.parametrize("found", ["false", "true"])
def test_what_is_there_is_booted_from_whatever_the_pod_says(node: Node, found: str) -> None:
    """Also by a controller, or on a volume, of a version that knew nothing of founding."""
    node.run(FOUND="true")
    inode = node.log.stat().st_ino
    (node.root / "new").unlink()
    (node.root / "booted").touch()
    assert node.run(FOUND=found, GENERATION="2") == (0, "")
    assert node.log.stat().st_ino == inode
    assert not (node.root / "new").exists()


@pytest.mark.parametrize("found", ["false", "true"], ids=["founded by another pod", "founded by this pod"])
def test_a_cluster_is_not_founded_twice(node: Node, found: str) -> None:
    if found == "true":
        (node.root / "booted").touch()
    code, said = node.run(FOUND=found)
    assert code == 1
    assert "The state volume has no data of etcd, but this virtual cluster has been founded before" in said
    assert (
        "delete claim demo-master-state and this pod, and annotate the Vk8s with vk8s.sktelecom.com/accept-state-loss="
        in said
    )
    # Nothing is written: the volume may be a mistake, and somebody else's.
    assert not [path for folder in ("etcd", "state") for path in (node.root / folder).iterdir()]


def test_a_worker_needs_no_data_of_etcd(node: Node) -> None:
    assert node.run(ROLE="worker") == (0, "")
    assert not list(node.data.iterdir())


def test_a_founding_that_was_interrupted_is_repeated(node: Node) -> None:
    node.write_etcd(delay=60)
    process = node.start(FOUND="true")
    half = node.data / "founding" / "member" / "wal" / "0.wal"
    end = time.monotonic() + 30
    while not half.exists() and time.monotonic() < end:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not node.log.exists()
    node.write_etcd()
    assert node.run(FOUND="true") == (0, "")
    assert [path.name for path in node.data.iterdir()] == ["member"]


def test_what_an_etcd_left_that_never_had_a_log_is_set_aside(node: Node) -> None:
    (node.data / "member" / "snap").mkdir(parents=True)
    (node.root / "state" / "owner").write_text(f"{UID}\n")
    (node.root / "state" / "first-boot-complete").touch()
    assert node.run(FOUND="true") == (0, "")
    assert node.log.exists()
    assert len(list(node.data.glob("incomplete-*/snap"))) == 1
    # What kubeadm did once, it has to do again.
    assert not (node.root / "state" / "first-boot-complete").exists()


def test_an_etcd_that_ends_says_why(node: Node) -> None:
    complaint = """{"level":"fatal","msg":"no space left on device"}"""
    node.write_etcd(last=f"sys.exit('{complaint}')")
    code, said = node.run(FOUND="true")
    assert code == 1
    assert "The cluster could not be founded: " in said
    assert "no space left on device" in said
    assert not node.log.exists()
