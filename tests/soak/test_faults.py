"""The faults of a seed: always the same, of every kind, on every node; and which processes they hit."""

from collections.abc import Sequence
from itertools import islice

import pytest

from tests.soak.faults import HOST_KINDS, INIT, KINDS, LONGEST_AWAY, MEAN_WAIT, Fault, Kind, Place, draw
from tests.soak.victims import Process, choose, choose_on_host

MASTERS, WORKERS, HOSTS = ("a", "b", "c"), ("worker",), ("host-1", "host-2")
NODES = (*MASTERS, *WORKERS)
TARGETS = {Place.NODE: NODES, Place.MASTER: MASTERS, Place.WORKLOAD: WORKERS, Place.HOST: HOSTS}
BOTH = pytest.mark.parametrize("kinds", [pytest.param(KINDS, id="one host"), pytest.param(HOST_KINDS, id="several")])


def list_faults(seed: int, count: int, kinds: Sequence[Kind] = HOST_KINDS) -> list[Fault]:
    return list(islice(draw(seed, kinds, TARGETS), count))


def test_each_seed_has_its_own_faults() -> None:
    assert list_faults(1, 100) == list_faults(1, 100)
    assert list_faults(1, 100) != list_faults(2, 100)


@BOTH
def test_every_fault_is_injected_and_hits_each_of_its_targets(kinds: Sequence[Kind]) -> None:
    hit = {(fault.kind, fault.target) for fault in list_faults(0, 3000, kinds)}
    assert hit == {(kind, target) for kind in kinds for target in TARGETS.get(kind.place, [""])}


@BOTH
def test_some_faults_coincide_and_none_lasts_long(kinds: Sequence[Kind]) -> None:
    faults = list_faults(0, 1000, kinds)
    assert any(fault.wait < 1 for fault in faults)
    assert sum(fault.wait for fault in faults) / 1000 == pytest.approx(MEAN_WAIT, rel=0.1)
    assert all(fault.away <= LONGEST_AWAY * fault.kind.away for fault in faults)
    assert {fault.kind for fault in faults if fault.away} == {kind for kind in kinds if kind.away}


PROCESSES = (
    Process(1, "systemd", "pod-a", "master"),
    Process(2, "kubelet", "pod-a", None),
    Process(3, "kube-apiserver", "pod-a", None),
    Process(4, "systemd", "pod-b", "worker-1"),
    Process(5, "kubelet", "pod-b", None),
    Process(6, "kubelet", "", None, "host-1"),
    Process(7, "kubelet", "", None, "host-2"),
    Process(8, "kubelet", "pod-c", None, "host-1"),
)


@pytest.mark.parametrize(
    ("node", "program", "victims"),
    [
        pytest.param("master", INIT, {1}, id="the first process of a node"),
        pytest.param("worker-1", "kubelet", {5}, id="a program of that node, neither of another nor of the host"),
        pytest.param("master", "kube-apiserver", {3}, id="a program of a pod in it"),
        pytest.param("worker-1", "etcd", set(), id="nothing where there is no such program"),
        pytest.param("worker-2", "kubelet", set(), id="nothing where the node is not there"),
    ],
)
def test_fault_hits_its_victim(node: str, program: str, victims: set[int]) -> None:
    assert choose(PROCESSES, node, program) == victims


def test_program_of_a_host_is_in_none_of_its_pods() -> None:
    assert choose_on_host(PROCESSES, "host-1", "kubelet") == {6}
