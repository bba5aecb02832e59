"""Programs of a host that restart, and a host without network: nodes stay, and nothing is lost."""

import time
from collections.abc import Mapping

import pytest

from testbed.waiting import wait_for
from tests.figures import record
from tests.kind.machines import Machine, list_node_containers
from tests.kind.placing import read_claims, read_hosts
from tests.nested.kept import Kept
from tests.nested.virtual import VirtualCluster

SECONDS = 120
NODES = ("local-master", "local-worker")
# What a host may be without network, with nothing restarted.
SHORT_CUT, CUT = 10, 60
# Long enough for Kubernetes to delete the pods of the host.
LONG_CUT = 600


def read_runs(virtual: VirtualCluster) -> dict[str, str]:
    """The container that each node runs in: another one after each restart."""
    pods = [virtual.kubectl.get("pod", node) for node in virtual.nodes]
    return {pod["metadata"]["name"]: pod["status"]["containerStatuses"][0]["containerID"] for pod in pods}


def get_machine(kept: Kept, machines: Mapping[str, Machine], node: str) -> Machine:
    return machines[read_hosts(kept.virtual)[node]]


@pytest.mark.nightly("tests/nested/test_loss.py::test_program_of_a_node_that_is_killed_runs_again_and_the_pods_go_on")
@pytest.mark.parametrize(
    ("unit", "node"),
    [
        ("containerd", "local-worker"),
        ("kubelet", "local-master"),
        ("kubelet", "local-worker"),
        ("containerd", "local-master"),
    ],
)
def test_nodes_run_on_while_a_program_of_their_host_restarts(
    kept: Kept, machines: Mapping[str, Machine], unit: str, node: str
) -> None:
    before = read_runs(kept.virtual)
    get_machine(kept, machines, node).restart_program(unit)
    kept.virtual.wait_for_phase("Running")
    kept.check()
    assert read_runs(kept.virtual) == before


def cut_off(kept: Kept, machine: Machine, seconds: int) -> None:
    """Takes the network away from a host for so long, and waits until all is well again."""
    with machine.unplugged():
        time.sleep(seconds)
    start = time.monotonic()
    kept.virtual.wait_for_phase("Running")
    kept.check()
    record(f"host_cut_{seconds}s_recovery_s", time.monotonic() - start)


@pytest.mark.nightly("tests/unit/vk8s/plan/test_node_pods.py")
@pytest.mark.parametrize("node", ["local-worker", "local-master"])
def test_nodes_run_on_while_their_host_has_no_network(kept: Kept, machines: Mapping[str, Machine], node: str) -> None:
    assert_nothing_restarts(kept, get_machine(kept, machines, node), SHORT_CUT)


@pytest.mark.nightly("tests/unit/vk8s/plan/test_node_pods.py")
@pytest.mark.parametrize("node", NODES)
def test_nodes_run_on_without_network_for_a_minute(kept: Kept, machines: Mapping[str, Machine], node: str) -> None:
    assert_nothing_restarts(kept, get_machine(kept, machines, node), CUT)


def assert_nothing_restarts(kept: Kept, machine: Machine, seconds: int) -> None:
    before = read_runs(kept.virtual)
    cut_off(kept, machine, seconds)
    assert read_runs(kept.virtual) == before


@pytest.mark.nightly("tests/unit/vk8s/plan/test_node_pods.py")
def test_nodes_of_a_host_without_network_for_long_come_back_once(kept: Kept, machines: Mapping[str, Machine]) -> None:
    virtual, namespace = kept.virtual, kept.virtual.host.namespace
    before, hosts = read_claims(virtual), read_hosts(virtual)
    cut_off(kept, get_machine(kept, machines, "local-worker"), LONG_CUT)
    assert (read_claims(virtual), read_hosts(virtual)) == (before, hosts)
    wait_for("one container each", lambda: list_node_containers(machines, namespace) == sorted(virtual.nodes), SECONDS)
