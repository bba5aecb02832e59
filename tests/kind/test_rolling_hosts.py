"""Hosts that are upgraded one after the other, as their page says, while the virtual cluster writes."""

import time
from collections.abc import Mapping
from functools import partial

import pytest

from testbed.waiting import wait_for
from tests.figures import record
from tests.kind.machines import Machine
from tests.kind.page import follow
from tests.kind.placing import read_claims, read_hosts
from tests.kind.workload import count_lost_writes, write_meanwhile
from tests.nested.virtual import VirtualCluster
from tests.soak.writers import Writer

SECONDS = 180


def upgrade(virtual: VirtualCluster, machine: Machine) -> float:
    """Drains, shuts down, starts and uncordons a host, until all nodes run; how long the drain took, in seconds."""
    start = time.monotonic()
    follow(virtual, "Drain a host", machine.name)
    drained = time.monotonic() - start
    machine.shut_down()
    machine.start()
    follow(virtual, "Upgrade hosts", machine.name)
    virtual.wait_for_phase("Running")
    return drained


def read_inside(virtual: VirtualCluster) -> dict[str, str]:
    """The uids of the Nodes of the virtual cluster."""
    return {node["metadata"]["name"]: node["metadata"]["uid"] for node in virtual.inside.get("nodes")["items"]}


def has_answered(writer: Writer, since: float) -> bool:
    return writer.ledger.find_answer(since) is not None


@pytest.mark.nightly("tests/unit/vk8s/plan/test_disruptions.py")
def test_upgrade_of_all_hosts_loses_no_node_and_no_write(
    running: VirtualCluster, machines: Mapping[str, Machine]
) -> None:
    running.wait_for_nodes()
    before, hosts, claims = read_inside(running), read_hosts(running), read_claims(running)
    with write_meanwhile(running) as writers:
        drains = [upgrade(running, machine) for machine in machines.values()]
        end = time.monotonic()
        for writer in writers:
            wait_for(writer.ledger.name, partial(has_answered, writer, end), SECONDS, running.describe)
        gaps = [writer.ledger.compute_longest_gap() for writer in writers]
        lost = count_lost_writes(writers)
    record("drain_s", max(drains))
    record("rolling_hosts_lost_writes", lost)
    record("rolling_hosts_longest_gap_s", max(gaps))
    assert lost == 0
    assert (read_inside(running), read_hosts(running), read_claims(running)) == (before, hosts, claims)
