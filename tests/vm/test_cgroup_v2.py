"""The product on a host with cgroup v2 alone, whose kubelet and containerd let systemd make the cgroups of pods.

The tests are one story, in the order of this file.
"""

import signal
import time
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed import cgroups
from testbed.cgroups import MOUNT
from testbed.kubectl import Kubectl
from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.virtual import VirtualCluster, list_ready_nodes
from tests.nested.workload import build_hungry_pod, build_web_pod
from tests.vm.conftest import FIGURES, Guest
from tests.vm.tree import is_within, list_contained, list_groups

MOMENT_SECONDS = 10
POD_SECONDS = 120
DELETE_SECONDS = 60
NEIGHBOUR, HUNGRY = "neighbour", "hungry"


@pytest.mark.usefixtures("guest")
def test_guest_has_cgroup_v2_alone_and_systemd_creates_pod_cgroups() -> None:
    mounted = {line.split()[2] for line in Path("/proc/self/mounts").read_text().splitlines()}
    assert "cgroup2" in mounted
    assert "cgroup" not in mounted
    assert cgroups.choose_driver() == "systemd"


def test_virtual_cluster_gets_running(virtual: VirtualCluster) -> None:
    virtual.wait_for_nodes()
    assert list_ready_nodes(virtual.inside) == virtual.nodes
    assert [count_restarts(virtual.kubectl, node) for node in virtual.nodes] == [0, 0]


def test_pods_of_the_guest_are_scopes_of_systemd(virtual: VirtualCluster) -> None:
    for node in virtual.nodes:
        assert get_container(virtual, node).suffix == ".scope"


def test_everything_in_it_has_its_cgroup_below_that_of_a_node_pod(guest: Guest, virtual: VirtualCluster) -> None:
    master, worker = (get_container(virtual, node) for node in virtual.nodes)
    for container in (master, worker):
        below = ("init.scope", "system.slice/containerd.service", "system.slice/kubelet.service", "kubelet/kubepods")
        assert [part for part in below if not (container / part).is_dir()] == []
    uids = read_uids(virtual)
    assert {group for group in list_groups() - guest.groups if not is_in_pods(group, uids)} == set()

    def list_outside() -> list[str]:
        return [f"{what}: {group}" for what, group in list_contained().items() if not is_in_pods(group, uids)]

    # What a probe has started is for a moment in a container already, and not yet in its cgroup.
    wait_for("everything to be in its place", lambda: not list_outside(), MOMENT_SECONDS, lambda: str(list_outside()))
    names = {what.partition(" ")[2] for what in list_contained()}
    assert {"systemd", "kubelet", "containerd", "kube-apiserver", "etcd", "flanneld"} <= names


def test_hungry_pod_is_killed_alone(virtual: VirtualCluster) -> None:
    inside, worker = virtual.inside, virtual.nodes[1]
    wait_for("the service account", lambda: inside.find("serviceaccount", "default"), POD_SECONDS)
    inside.apply(build_web_pod(NEIGHBOUR, worker))
    wait_for(f"pod {NEIGHBOUR}", lambda: is_ready(inside, NEIGHBOUR), POD_SECONDS)
    before = [describe_container(virtual.kubectl, node) for node in virtual.nodes]
    neighbour, kills = describe_container(inside, NEIGHBOUR), count_kills(virtual, worker)
    start = time.monotonic()
    inside.apply(build_hungry_pod(HUNGRY, worker))
    ended = wait_for(f"the end of pod {HUNGRY}", lambda: get_end(inside, HUNGRY), POD_SECONDS)
    record(f"{FIGURES}_hungry_pod_s", time.monotonic() - start)
    # Not by its reason: containerd may see the end of a container before it sees what the kernel did to it.
    assert ended["exitCode"] == 128 + signal.SIGKILL, ended
    assert count_kills(virtual, worker) > kills, ended
    assert [describe_container(virtual.kubectl, node) for node in virtual.nodes] == before
    assert describe_container(inside, NEIGHBOUR) == neighbour
    assert is_ready(inside, NEIGHBOUR)
    virtual.wait_for_nodes()


def test_missing_memory_never_ends_a_whole_node(virtual: VirtualCluster) -> None:
    for node in virtual.nodes:
        assert (get_container(virtual, node) / "memory.oom.group").read_text().strip() == "0"


def test_no_cgroup_is_left_after_its_deletion(guest: Guest, virtual: VirtualCluster) -> None:
    start = time.monotonic()
    virtual.kubectl.run("delete", "vk8s", virtual.name, "--wait=false")

    def list_remains() -> list[str]:
        return [*virtual.list_objects(), *(list_groups() - guest.groups), *list_contained()]

    wait_for("nothing to be left", lambda: not list_remains(), DELETE_SECONDS, lambda: "\n".join(list_remains()))
    record(f"{FIGURES}_delete_s", time.monotonic() - start)


def is_in_pods(group: str, uids: list[str]) -> bool:
    return any(is_within(group, uid) for uid in uids)


def read_uids(virtual: VirtualCluster) -> list[str]:
    """Uids of all pods of the virtual cluster: nodes, and access."""
    return [pod["metadata"]["uid"] for pod in virtual.kubectl.get("pods")["items"]]


def get_container(virtual: VirtualCluster, node: str) -> Path:
    """The cgroup of a node's only container."""
    container = describe_container(virtual.kubectl, node)[0].rpartition("/")[2]
    (group,) = (group for group in list_groups() if group.endswith(f"/cri-containerd-{container}.scope"))
    return MOUNT / group.lstrip("/")


def describe_container(kubectl: Kubectl, pod: str) -> tuple[str, int]:
    """Id of a pod's only container, and how often that was restarted."""
    (status,) = kubectl.get("pod", pod)["status"]["containerStatuses"]
    return status["containerID"], status["restartCount"]


def count_kills(virtual: VirtualCluster, node: str) -> int:
    """How often the kernel has ended something in a node, or in what runs there, because memory ran out."""
    events = (get_container(virtual, node) / "memory.events").read_text().split()
    return int(events[events.index("oom_kill") + 1])


def count_restarts(kubectl: Kubectl, pod: str) -> int:
    return describe_container(kubectl, pod)[1]


def is_ready(kubectl: Kubectl, pod: str) -> bool:
    found = kubectl.find("pod", pod) or {}
    return any(status["ready"] for status in found.get("status", {}).get("containerStatuses", []))


def get_end(kubectl: Kubectl, pod: str) -> Manifest | None:
    """How a pod's only container has ended; None while it runs."""
    statuses = (kubectl.find("pod", pod) or {}).get("status", {}).get("containerStatuses", [])
    return next((status["state"]["terminated"] for status in statuses if "terminated" in status["state"]), None)
