"""Three control-plane nodes in turn, fewer and more of them, and the loss of two with their volumes: at night."""

import time
from collections.abc import Sequence
from functools import partial

import pytest

from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.api_writer import write_meanwhile
from tests.nested.limits import check_time
from tests.nested.members import POD_SECONDS, list_control_plane, read_uids, replicate, wait_for_members
from tests.nested.test_lost_volumes import accept_loss, read_condition
from tests.nested.test_members import SILENCE
from tests.nested.virtual import VirtualCluster

# What writes is built here.
pytestmark = [pytest.mark.exclusive, pytest.mark.usefixtures("machine")]

# The longest time without an acknowledged write, and until a test gives up waiting: nodes take turns.
GAP_SECONDS, TURN_SECONDS = 3, 180
RESTART = "vk8s.sktelecom.com/restart"
KEPT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}}


@pytest.mark.nightly("tests/unit/vk8s/plan/test_members.py")
def test_rolling_restart_hardly_interrupts_writes(members: VirtualCluster) -> None:
    check_time("ha_gap_rolling_s", GAP_SECONDS, lambda: restart(members))


def restart(virtual: VirtualCluster) -> float:
    """Restarts all nodes, one after the other; the longest gap of writes meanwhile."""
    before, start = read_uids(virtual, "pod", virtual.nodes), time.monotonic()
    with write_meanwhile(virtual) as measurement:
        virtual.kubectl.run("annotate", "--overwrite", "vk8s", virtual.name, f"{RESTART}={start}")
        for name, uid in before.items():
            virtual.wait_for_another_pod(name, uid, TURN_SECONDS)
        virtual.wait_for_phase("Running")
        record("ha_rolling_restart_s", time.monotonic() - start)
    assert measurement.outage.lost == 0
    return measurement.outage.gap


@pytest.mark.nightly("tests/unit/vk8s/plan/test_members.py")
def test_edits_lead_to_one_control_plane_node_and_back_to_three(members: VirtualCluster) -> None:
    """The single node restarts both times: as one that others reach, or do not. So there is no limit for the gaps."""
    one = replicate(members, members.name, 1)
    record("ha_gap_scale_down_s", scale(members, one))
    assert "subdomain" not in one.kubectl.get("pod", "three-a")["spec"]
    record("ha_gap_scale_up_s", scale(one, members))
    assert {member["name"] for member in wait_for_members(members)} == set(list_control_plane(members))


def scale(before: VirtualCluster, after: VirtualCluster) -> float:
    """Edits the list of nodes, and waits until all is as written; the longest gap of writes meanwhile."""
    start = time.monotonic()
    with write_meanwhile(before) as measurement:
        after.kubectl.apply(after.manifest)
        gone = [node for node in before.nodes if node not in after.nodes]
        wait_for(
            "what is written", lambda: not list_rest(after, gone) and is_settled(after), TURN_SECONDS, after.describe
        )
        after.wait_for_phase("Running", TURN_SECONDS)
        after.wait_for_nodes()
    record(f"ha_to_{len(list_control_plane(after))}_s", time.monotonic() - start)
    assert measurement.outage.lost == 0
    return measurement.outage.gap


def list_rest(virtual: VirtualCluster, nodes: Sequence[str]) -> list[str]:
    """What there still is of removed nodes in the host cluster."""
    own = [name for node in nodes for name in (f"pod/{node}", f"pvc/{node}-state", f"job/{node}-leave")]
    return virtual.kubectl.run("get", *own, "--ignore-not-found", "--output=name").split() if own else []


def is_settled(virtual: VirtualCluster) -> bool:
    """Whether each control-plane node has a pod of one of several, or of a single one, as the spec is now."""
    names = list_control_plane(virtual)
    pods = [virtual.kubectl.find("pod", name) for name in names]
    return all(pod and ("subdomain" in pod["spec"]) == (len(names) > 1) for pod in pods)


@pytest.mark.nightly("tests/unit/vk8s/plan/test_members.py")
def test_silent_node_keeps_none_of_the_others_from_leaving(members: VirtualCluster) -> None:
    """As if its host were gone. It is removed first: etcd would not do without one of the two that are left."""
    *_, silent = list_control_plane(members)
    members.kubectl.run("exec", silent, "--", "nft", SILENCE)
    members.kubectl.run("wait", "--for=condition=Ready=False", f"pod/{silent}", f"--timeout={POD_SECONDS}s")
    # A single node serves only if it is the only member of etcd.
    scale(members, replicate(members, members.name, 1))


@pytest.mark.nightly("tests/unit/vk8s/plan/test_members.py")
def test_lost_quorum_keeps_everything_until_its_owner_goes_on_with_the_rest(members: VirtualCluster) -> None:
    members.inside.apply(KEPT)
    cluster = members.inside.get("namespace", "kube-system")["metadata"]["uid"]
    stays, *lost = list_control_plane(members)
    before = read_uids(members, "pod", [stays]), read_uids(members, "pvc", [f"{stays}-state"])
    lose_volumes(members, lost)
    assert (read_uids(members, "pod", [stays]), read_uids(members, "pvc", [f"{stays}-state"])) == before
    assert not any(members.kubectl.find("pvc", f"{node}-state") for node in lost)

    start = time.monotonic()
    accept_loss(members)
    members.wait_for_phase("Running", TURN_SECONDS)
    record("ha_quorum_recovery_s", time.monotonic() - start)
    wait_for_members(members)
    members.wait_for_nodes()
    assert members.inside.find("configmap", "kept")
    assert members.inside.get("namespace", "kube-system")["metadata"]["uid"] == cluster


def lose_volumes(virtual: VirtualCluster, nodes: Sequence[str]) -> None:
    """Deletes claims and pods of these nodes at once, as the loss of their hosts comes to."""
    virtual.kubectl.run("delete", "pvc", *(f"{node}-state" for node in nodes), "--wait=false")
    virtual.kubectl.run("delete", "pods", *nodes)
    told = partial(read_condition, virtual, "Ready")
    wait_for("QuorumLost", lambda: told()["reason"] == "QuorumLost", POD_SECONDS, lambda: str(told()))
