"""Three control-plane nodes on three hosts: one host that stops dead, and drains of two, which take one node only.

All of it at night, as there is room for no other virtual cluster meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from testbed.kubectl import KubectlError, has_condition
from testbed.waiting import wait_for
from tests.figures import record
from tests.kind.machines import Machine
from tests.kind.page import follow
from tests.kind.placing import read_hosts
from tests.kind.spread import build_spread
from tests.nested.api_writer import Measurement, write_meanwhile
from tests.nested.current import CLIENT
from tests.nested.host import Host, read_example
from tests.nested.members import list_control_plane, order_by_leadership, wait_for_members
from tests.nested.virtual import DELETE_SECONDS, VirtualCluster

SECONDS = 120
# Longest time without an acknowledged write, for a user of the lost node as well.
GAP_SECONDS = 15
# Each is connected to one of three nodes: more than enough for one of them to be that which is wanted.
USERS = 15
CONNECTIONS = ("ss", "--no-header", "--tcp", "--numeric", "state", "established")
# How long a drain may try that has to fail: it tries again every five seconds.
DRAIN = ("--ignore-daemonsets", "--delete-emptydir-data", "--timeout=15s")


@pytest.fixture(scope="module")
def spread(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualCluster]:
    """Three control-plane nodes and a worker, not applied yet; meanwhile, there is no other Vk8s."""
    host.kubectl.run("delete", "vk8s", "--all", f"--timeout={DELETE_SECONDS}s")
    directory: Path = tmp_path_factory.mktemp("kubeconfigs")
    spread = VirtualCluster(host, build_spread(read_example()), directory)
    yield spread
    spread.ensure_absent()


@pytest.fixture
def members(spread: VirtualCluster) -> VirtualCluster:
    """The same, Running, with a control-plane node on each host."""
    spread.ensure_running()
    wait_for_members(spread)
    assert len({read_hosts(spread)[node] for node in list_control_plane(spread)}) == 3
    return spread


def connect(virtual: VirtualCluster, nodes: Sequence[str], stack: ExitStack) -> Measurement:
    """A user who writes until the stack ends, over a connection to one of these nodes: the Service chooses any."""
    for _ in range(USERS):
        with ExitStack() as attempt:
            before = count_connections(virtual)
            user = attempt.enter_context(write_meanwhile(virtual))
            after = count_connections(virtual)
            if any(after[node] > before[node] for node in nodes):
                stack.push(attempt.pop_all())
                return user
    raise AssertionError(f"none of {USERS} users has been connected to {', '.join(nodes)}")


def count_connections(virtual: VirtualCluster) -> dict[str, int]:
    """How many connections the client has to the API server on each node. What kubectl had is over."""
    address = virtual.kubectl.get("pod", CLIENT)["status"]["podIP"]
    connections = (*CONNECTIONS, f"sport = :6443 and dst {address}")
    nodes = list_control_plane(virtual)
    return {node: len(virtual.kubectl.run("exec", node, "--", *connections).splitlines()) for node in nodes}


def get_lost_node(virtual: VirtualCluster, machines: Mapping[str, Machine]) -> str:
    """The node with the leader of etcd. On the host that is never lost, its pod is deleted first: another one leads."""
    hosts, leader = read_hosts(virtual), order_by_leadership(virtual)[0]
    if hosts[leader] not in machines:
        virtual.replace_pod(leader, SECONDS)
        leader = order_by_leadership(virtual)[0]
    return leader


@pytest.mark.nightly("tests/nested/test_members.py::test_lost_pod_of_any_control_plane_node_hardly_interrupts_writes")
def test_lost_host_of_the_leader_interrupts_writes_for_a_moment(
    members: VirtualCluster, machines: Mapping[str, Machine]
) -> None:
    node = get_lost_node(members, machines)
    others = [each for each in list_control_plane(members) if each != node]
    machine = machines[read_hosts(members)[node]]
    with ExitStack() as stack:
        there, elsewhere = connect(members, [node], stack), connect(members, others, stack)
        machine.fail()
        try:
            # Until then, new connections may lead to it.
            machine.wait_until_lost()
            for user in (there, elsewhere):
                user.writer.wait_for_answer()
        finally:
            machine.start()
        members.wait_for_phase("Running")
        wait_for_members(members)
    record("ha_gap_host_s", there.outage.gap)
    record("ha_gap_other_host_s", elsewhere.outage.gap)
    assert (there.outage.lost, elsewhere.outage.lost) == (0, 0)
    assert max(there.outage.gap, elsewhere.outage.gap) <= GAP_SECONDS


@pytest.mark.nightly("tests/unit/vk8s/plan/test_members.py")
def test_drain_waits_while_a_control_plane_node_is_away(
    members: VirtualCluster, machines: Mapping[str, Machine]
) -> None:
    hosts = read_hosts(members)
    first, second = (node for node in list_control_plane(members) if hosts[node] in machines)
    before = members.kubectl.get("pod", second)["metadata"]["uid"]
    try:
        follow(members, "Drain a host", hosts[first])
        wait_for("the eviction", lambda: not has_condition(members.kubectl.find("pod", first)), SECONDS)
        # Other pods there may have reasons of their own to stay.
        own = f"--pod-selector=vk8s.sktelecom.com/node={second}"
        with pytest.raises(KubectlError, match="violate the pod's disruption budget"):
            members.kubectl.run("drain", hosts[second], own, *DRAIN)
        after = members.kubectl.get("pod", second)
        assert (after["metadata"]["uid"], has_condition(after)) == (before, True)
        assert members.inside.succeeds("create", "configmap", "written-meanwhile")
    finally:
        members.kubectl.run("uncordon", hosts[first], hosts[second])
    members.wait_for_phase("Running")
    wait_for_members(members)
