"""Several control-plane nodes over time: a pause, certificates that are renewed, and five of which two are lost."""

import time
from collections.abc import Iterator, Mapping

import pytest
from cryptography import x509

from testbed.kubectl import KubectlError
from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.api_writer import write_meanwhile
from tests.nested.conftest import StartHooks
from tests.nested.members import (
    POD_SECONDS,
    list_control_plane,
    order_by_leadership,
    read_ids,
    read_uids,
    replicate,
    wait_for_members,
)
from tests.nested.virtual import DELETE_SECONDS, VirtualCluster

# What writes is built here.
pytestmark = [pytest.mark.exclusive, pytest.mark.usefixtures("machine")]

KEPT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept-over-upkeep"}}
# Each node renews its certificates when a third of this is left, or up to half of that third later.
VALIDITY = 360
SETTINGS = {"VK8S_SETTING_NODE_CERTIFICATE_DAYS": str(VALIDITY / 86400)}
SERVED = "openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | openssl x509"


def pause(virtual: VirtualCluster, value: str) -> None:
    """Writes whether it is paused."""
    virtual.kubectl.run("patch", "vk8s", virtual.name, "--type=merge", f'--patch={{"spec": {{"paused": {value}}}}}')


@pytest.mark.nightly("tests/unit/vk8s/plan/test_members.py")
def test_three_resume_with_their_data_and_are_the_same_members(members: VirtualCluster) -> None:
    members.inside.apply(KEPT)
    ids, claims = read_ids(members), read_uids(members, "pvc", [f"{node}-state" for node in members.nodes])
    pause(members, "true")
    members.kubectl.run("wait", "--for=delete", *(f"pod/{node}" for node in members.nodes), f"--timeout={POD_SECONDS}s")
    paused = members.wait_for_phase("Paused")["status"]
    assert (paused["readyNodes"], paused["controlPlane"]["voters"]) == ("0/4", "0/3")
    start = time.monotonic()
    pause(members, "false")
    members.wait_for_phase("Running")
    record("ha_resume_s", time.monotonic() - start)
    assert read_ids(members) == ids
    assert read_uids(members, "pvc", list(claims)) == claims
    assert members.inside.find("configmap", "kept-over-upkeep")


@pytest.fixture
def brief(three: VirtualCluster, start_hooks: StartHooks) -> Iterator[VirtualCluster]:
    """Three control-plane nodes whose certificates live for minutes; Running."""
    three.ensure_absent()
    start_hooks(settings=SETTINGS)
    three.ensure_running()
    wait_for_members(three)
    yield three
    three.ensure_absent()


def read_serials(virtual: VirtualCluster) -> Mapping[str, int]:
    """The serial number of the certificate that each API server shows; none of one that restarts."""
    return {node: serial for node in list_control_plane(virtual) for serial in read_serial(virtual, node)}


def read_serial(virtual: VirtualCluster, node: str) -> list[int]:
    try:
        text = virtual.kubectl.run("exec", node, "--", "bash", "-c", SERVED)
    except KubectlError:
        return []
    return [x509.load_pem_x509_certificate(text.encode()).serial_number]


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_certificates.py")
def test_renewal_of_certificates_costs_no_acknowledged_write(brief: VirtualCluster) -> None:
    pods, ids, first = read_uids(brief, "pod", brief.nodes), read_ids(brief), read_serials(brief)
    end = time.time() + VALIDITY

    def renewed() -> bool:
        now = read_serials(brief)
        return now.keys() == first.keys() and not set(now.values()) & set(first.values())

    with write_meanwhile(brief) as measurement:
        wait_for("other certificates of all API servers", renewed, VALIDITY, brief.describe)
        # From then on, nothing works any more that still uses a first one.
        wait_for("the end of the first ones", lambda: time.time() > end, VALIDITY)
    assert measurement.outage.lost == 0
    record("ha_gap_renewal_s", measurement.outage.gap)
    brief.wait_for_nodes()
    assert read_ids(brief) == ids
    assert read_uids(brief, "pod", brief.nodes) == pods
    assert brief.wait_for_phase("Running")["status"]["controlPlane"]["voters"] == "3/3"


@pytest.fixture
def five(three: VirtualCluster) -> Iterator[VirtualCluster]:
    """Five control-plane nodes and a worker, Running; meanwhile, there are no three."""
    three.ensure_absent()
    five = replicate(three, "five", 5)
    start = time.monotonic()
    five.ensure_running()
    record("ha_five_apply_to_running_s", time.monotonic() - start)
    wait_for_members(five)
    yield five
    five.ensure_absent()


@pytest.mark.nightly("tests/unit/vk8s/plan/test_members.py")
def test_five_go_on_without_two_which_then_join_again(five: VirtualCluster) -> None:
    assert five.wait_for_phase("Running")["status"]["controlPlane"] == {"voters": "5/5", "quorum": 3}
    lost = order_by_leadership(five)[:2]
    ids, before = read_ids(five), read_uids(five, "pod", lost)
    with write_meanwhile(five) as measurement:
        five.kubectl.run("delete", "pvc", *(f"{node}-state" for node in lost), "--wait=false")
        five.kubectl.run("delete", "pods", *lost, "--wait=false")
        for name, uid in before.items():
            five.wait_for_another_pod(name, uid, DELETE_SECONDS)
    assert measurement.outage.lost == 0
    record("ha_gap_two_of_five_s", measurement.outage.gap)
    after = read_ids(five)
    assert {name for name in ids if after[name] != ids[name]} == set(lost)
