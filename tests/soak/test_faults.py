"""The faults of a seed: always the same, of every kind, on every node; and which processes they hit."""

from itertools import islice

import pytest

from tests.soak.faults import INIT, KINDS, LONGEST_AWAY, MEAN_WAIT, Place, draw
from tests.soak.victims import Process, choose

NODES = ("master", "worker-1", "worker-2")


def test_each_seed_has_its_own_faults() -> None:
    assert list(islice(draw(1, NODES), 100)) == list(islice(draw(1, NODES), 100))
    assert list(islice(draw(1, NODES), 100)) != list(islice(draw(2, NODES), 100))


def test_every_fault_is_injected_and_every_node_is_hit() -> None:
    hit = {(fault.kind, fault.node) for fault in islice(draw(0, NODES), 1000)}
    assert {kind for kind, _ in hit} == set(KINDS)
    assert {(kind, node) for kind in KINDS if kind.place is Place.NODE for node in NODES} <= hit


def test_control_plane_faults_hit_the_control_plane() -> None:
    faults = [fault for fault in islice(draw(0, NODES), 1000) if fault.kind.place is Place.MASTER]
    assert {fault.node for fault in faults} == {"master"}


def test_some_faults_coincide_and_none_lasts_long() -> None:
    faults = list(islice(draw(0, NODES), 1000))
    assert any(fault.wait < 1 for fault in faults)
    assert sum(fault.wait for fault in faults) / 1000 == pytest.approx(MEAN_WAIT, rel=0.1)
    assert max(fault.away for fault in faults) <= LONGEST_AWAY


PROCESSES = (
    Process(1, "systemd", "pod-a", "master"),
    Process(2, "kubelet", "pod-a", None),
    Process(3, "kube-apiserver", "pod-a", None),
    Process(4, "systemd", "pod-b", "worker-1"),
    Process(5, "kubelet", "pod-b", None),
    Process(6, "kubelet", "", None),
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
