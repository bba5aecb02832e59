"""hooks/vk8s/bootstrap/founding.sh: a control-plane node and the volume that it finds, with a fake etcd."""

from pathlib import Path

import pytest

from tests.unit.vk8s.bootstrap.bench import ENVIRONMENT, Ended, Node, answer

UID = ENVIRONMENT["VK8S_UID"]
DATA, LOG, STATE = "var/lib/etcd", "var/lib/etcd/member/wal/0.wal", "var/lib/vk8s"
NEW, BOOTED_BEFORE = "run/vk8s/new", "vk8s/booted/done"
FILES = "sentences.sh preflight.sh state-volume.sh image-store.sh etcd-data.sh restore.sh founding.sh"
ETCD = "opt/vk8s/store/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs/usr/local/bin/etcd"
# Writes its log, does what a test says, and serves until it is ended.
PROGRAM = """#!/bin/bash
while (($# > 1)); do
  case $1 in
    --data-dir) data=$2 ;;
    --initial-cluster-token) token=$2 ;;
  esac
  shift
done
mkdir -p "$data/member/wal"
printf %s "$token" >"$data/member/wal/0.wal"
{then}
{serve}
exec /bin/sleep 60
"""
POWER_FAILS = "kill -KILL 0"


def write_etcd(node: Node, then: str = "") -> None:
    node.write(ETCD, PROGRAM.format(then=then, serve=answer("/readyz", "ok"))).chmod(0o755)


def boot(node: Node) -> Ended:
    """What entrypoint.sh does with the state volume."""
    return node.source(FILES, "claim_state_volume; start_founding; await_founding")


def list_data(node: Node) -> list[str]:
    return [path.name for path in (node.root / DATA).iterdir()]


@pytest.fixture
def node(node: Node) -> Node:
    """The control-plane node of a cluster that has not been initialized."""
    write_etcd(node)
    return node.given(ROLE="master", NODE_NAME="demo-master", FOUND="true")


def test_first_control_plane_node_initializes_the_cluster(node: Node) -> None:
    ended = boot(node)
    assert (ended.code, ended.output) == (0, "")
    assert node.read(LOG) == f"{UID}.1"
    assert list_data(node) == ["member"]
    assert node.has(NEW)
    assert node.read(f"{STATE}/owner") == f"{UID}\n"


@pytest.mark.parametrize("found", ["false", "true"])
def test_existing_data_is_booted_from_whatever_the_pod_says(node: Node, found: str) -> None:
    """Also with hooks, or a volume, of a version that knew nothing of this check."""
    boot(node)
    (node.root / NEW).unlink()
    node.write(BOOTED_BEFORE)
    ended = boot(node.given(FOUND=found, GENERATION="2"))
    assert (ended.code, ended.output) == (0, "")
    assert node.read(LOG) == f"{UID}.1"
    assert not node.has(NEW)


@pytest.mark.parametrize("found", ["false", "true"], ids=["initialized by another pod", "initialized by this pod"])
def test_cluster_is_not_initialized_twice(node: Node, found: str) -> None:
    if found == "true":
        node.write(BOOTED_BEFORE)
    before = sorted((node.root / STATE).rglob("*"))
    ended = boot(node.given(FOUND=found))
    assert ended.code == 1
    (said,) = ended.said
    assert "The state volume has no data of etcd, but this virtual cluster existed before" in said
    assert (
        "delete claim demo-master-state and this pod, and annotate the Vk8s with vk8s.sktelecom.com/accept-state-loss="
        in said
    )
    # Nothing is written: the volume may be a mistake, and somebody else's.
    assert not list_data(node)
    assert sorted((node.root / STATE).rglob("*")) == before


def test_worker_needs_no_data_of_etcd(node: Node) -> None:
    ended = boot(node.given(ROLE="worker"))
    assert (ended.code, ended.output) == (0, "")
    assert not list_data(node)


def test_interrupted_initialization_is_repeated(node: Node) -> None:
    write_etcd(node, POWER_FAILS)
    assert boot(node).code < 0
    assert list(Path(node.root / DATA).rglob("0.wal"))
    assert not node.has(LOG)
    write_etcd(node)
    assert boot(node).code == 0
    assert list_data(node) == ["member"]


def test_data_of_an_etcd_without_a_log_is_set_aside(node: Node) -> None:
    node.write(f"{DATA}/member/snap/db")
    node.write(f"{STATE}/owner", f"{UID}\n")
    node.write(f"{STATE}/first-boot-complete")
    assert boot(node).code == 0
    assert node.has(LOG)
    assert len(list((node.root / DATA).glob("incomplete-*/snap"))) == 1
    # What kubeadm did once, it has to do again.
    assert not node.has(f"{STATE}/first-boot-complete")


def test_etcd_that_ends_says_why(node: Node) -> None:
    write_etcd(node, """echo '{"level":"fatal","msg":"no space left on device"}'; exit 1""")
    ended = boot(node)
    assert ended.code == 1
    (said,) = ended.said
    assert "The cluster could not be initialized: " in said
    assert "no space left on device" in said
    assert not node.has(LOG)


# One of several control-plane nodes


@pytest.fixture
def several(node: Node) -> Node:
    return node.given(ETCD_SERVICE="demo-etcd.team-a.svc.cluster.local")


def test_first_of_several_initializes_the_cluster(several: Node) -> None:
    several.write(f"{STATE}/joined")
    assert boot(several.given(MEMBERS_OF="m2.1")).code == 0
    # The loss of a quorum before is not its business.
    assert several.read(f"{STATE}/members-of") == "m2.1\n"
    assert list_data(several) == ["member"]
    assert several.has(NEW)
    assert not several.has(f"{STATE}/joined")


@pytest.mark.parametrize("found", ["false", "true"], ids=["not the first", "the first, which has done it before"])
def test_others_initialize_nothing_and_need_no_data(several: Node, found: str) -> None:
    """They fetch it (members.sh)."""
    if found == "true":
        several.write(BOOTED_BEFORE)
    ended = boot(several.given(FOUND=found))
    assert (ended.code, ended.output) == (0, "")
    assert not list_data(several)
    assert not several.has(NEW)
