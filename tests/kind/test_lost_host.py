"""A host that loses its power: what is said of it, what is replaced, and what comes of it with and without its return.

The host has a worker, the access pod, one of the two hooks, and the Metacontroller that works.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.waiting import wait_for
from tests.figures import record
from tests.kind import shared_storage
from tests.kind.machines import Machine, list_node_containers
from tests.kind.page import follow
from tests.kind.placing import list_access_pods, move_access_pod, move_leadership, read_hosts, read_uids
from tests.nested.kept import Kept
from tests.nested.test_access import Ssh, build_ssh
from tests.nested.test_lost_volumes import read_condition
from tests.nested.virtual import DELETE_SECONDS, VirtualCluster

NOTICE_SECONDS = 60
# Until a test gives up; what is promised is NOTICE_SECONDS.
SECONDS = 180
# Where local-storage puts the volumes of kind's nodes.
VOLUMES = "/var/local-storage"
REASON, POINTER = "HostUnreachable", "docs/how-to/host-maintenance.md#a-host-is-lost"


@dataclass(frozen=True)
class Loss:
    """A host that has just lost its power. `start`: when, by the monotonic clock."""

    machine: Machine
    nodes: list[str]
    start: float


def get_host_of_workers(virtual: VirtualCluster) -> str:
    """The host that has workers, and not the control-plane node: a worker may share the host of that."""
    hosts = read_hosts(virtual)
    (host,) = set(hosts.values()) - {hosts["local-master"]}
    return host


@contextmanager
def lose_host(kept: Kept, machines: Mapping[str, Machine]) -> Iterator[Loss]:
    """A host of workers, with access pod and leader, is off; it is on in the end, whatever happens."""
    virtual = kept.virtual
    hosts = read_hosts(virtual)
    machine = machines[get_host_of_workers(virtual)]
    follow(virtual, "Spread hooks and Metacontroller", machine.name)
    move_access_pod(virtual, machine.name)
    move_leadership(virtual.kubectl, machine.name)
    start = time.monotonic()
    machine.fail()
    try:
        yield Loss(machine, [node for node, host in hosts.items() if host == machine.name], start)
    finally:
        machine.start()


def is_named(virtual: VirtualCluster, host: str, nodes: list[str]) -> bool:
    """Whether the status says which host does not answer, which nodes are on it, and where to read what to do."""
    ready = read_condition(virtual, "Ready")
    sentences = [f"{node} is on host {host}, which has not answered since" for node in nodes]
    return ready["reason"] == REASON and all(text in ready["message"] for text in [*sentences, POINTER])


def wait_for_notice(virtual: VirtualCluster, loss: Loss) -> float:
    """Waits until the status names the host; how long after the loss that is."""
    named = partial(is_named, virtual, loss.machine.name, loss.nodes)
    wait_for("a status that names the host", named, SECONDS, lambda: str(read_condition(virtual, "Ready")))
    return time.monotonic() - loss.start


def wait_for_ssh(ssh: Ssh, loss: Loss) -> float:
    """Waits until ssh works; how long after the loss that is."""
    wait_for("ssh", lambda: ssh.run("true").returncode == 0, SECONDS, lambda: ssh.run("true").stderr)
    return time.monotonic() - loss.start


@pytest.mark.nightly("tests/unit/vk8s/status/test_hosts.py")
def test_lost_host_is_named_and_comes_back_with_its_nodes(
    kept: Kept, machines: Mapping[str, Machine], tmp_path: Path
) -> None:
    virtual = kept.virtual
    before, ssh = read_uids(virtual), build_ssh(virtual, tmp_path)
    with lose_host(kept, machines) as loss:
        status = wait_for_notice(virtual, loss)
        access = wait_for_ssh(ssh, loss)
        assert list_access_pods(virtual) == ["local--access-pod", "local-access-pod"]
        # The rest of the virtual cluster runs on.
        assert virtual.inside.succeeds("get", "configmaps")
    record("host_loss_status_s", status)
    record("access_after_host_loss_s", access)
    virtual.wait_for_phase("Running")
    kept.check()
    wait_for("one access pod", lambda: len(list_access_pods(virtual)) == 1, SECONDS)
    assert ssh.run("true").returncode == 0
    assert read_uids(virtual) == before
    assert list_node_containers(machines, virtual.host.namespace) == sorted(virtual.nodes)
    assert max(status, access) <= NOTICE_SECONDS, f"status {status:.1f} s, ssh {access:.1f} s"


@pytest.fixture
def follower(kept: Kept, tmp_path: Path) -> Iterator[VirtualCluster]:
    """A control-plane node on the host of the worker, whose volume can be attached to any host; it is Running."""
    host = get_host_of_workers(kept.virtual)
    with shared_storage.provide_volume(kept.virtual.kubectl, "follower") as storage_class:
        manifest = build_follower(kept.virtual.manifest, host, storage_class)
        follower = replace(kept.virtual, manifest=manifest, directory=tmp_path)
        follower.ensure_running()
        assert read_hosts(follower) == {"follower-master": host}
        yield follower
        delete(follower)


def build_follower(example: Manifest, host: str, storage_class: str) -> Manifest:
    """A Vk8s of one small control-plane node, which prefers that host."""
    master = example["spec"]["nodes"][0]
    requests = {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": master["resources"]["limits"]}
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [host]}]}
    prefers = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": term}]}
    node = {**master, "name": "follower-master", "resources": requests, "affinity": {"nodeAffinity": prefers}}
    spec = {"nodes": [node], "storage": {"storageClassName": storage_class}}
    return {**example, "metadata": {"name": "follower"}, "spec": spec}


def is_asked(virtual: VirtualCluster, nodes: Sequence[str]) -> bool:
    """Whether the status says of exactly these nodes that their volumes can be given up."""
    return (
        f"The volume of {', '.join(nodes)} is on a host that takes no pods now"
        in read_condition(virtual, "Ready")["message"]
    )


def wait_for_request(virtual: VirtualCluster, nodes: Sequence[str]) -> None:
    told = partial(read_condition, virtual, "Ready")
    wait_for(f"the request for {', '.join(nodes)}", partial(is_asked, virtual, nodes), SECONDS, lambda: str(told()))


def list_leaks(virtual: VirtualCluster, machine: Machine) -> set[str]:
    """Directories of volumes on the host that are no volume of the host cluster, or the other way round."""
    volumes = virtual.kubectl.get("persistentvolumes")["items"]
    known = {volume["metadata"]["name"] for volume in volumes if f'"{machine.name}"' in json.dumps(volume["spec"])}
    return known ^ set(machine.run("ls", VOLUMES).split())


@pytest.mark.nightly("tests/unit/vk8s/plan/test_stranded.py")
def test_nodes_of_a_host_that_stays_lost_start_elsewhere(
    kept: Kept, follower: VirtualCluster, machines: Mapping[str, Machine]
) -> None:
    virtual = kept.virtual
    follower.inside.run("create", "configmap", "kept")
    try:
        with lose_host(kept, machines) as loss:
            wait_for_notice(virtual, loss)
            follow(virtual, "Declare a host out of service", loss.machine.name)
            assert_follows(follower, loss)
            assert_starts_anew(virtual, loss)
        follow(virtual, "After its return", loss.machine.name)
        wait_for("no leak", lambda: not list_leaks(virtual, loss.machine), SECONDS)
        nodes = sorted([*virtual.nodes, *follower.nodes])
        assert list_node_containers(machines, virtual.host.namespace) == nodes
        assert list_access_pods(virtual) == ["local--access-pod"]
    finally:
        # Its nodes are on one host now.
        delete(virtual)


def delete(virtual: VirtualCluster) -> None:
    """Deletes a Vk8s; its children are gone then. A volume may stay, with its data."""
    virtual.kubectl.run("delete", "vk8s", virtual.name, f"--timeout={DELETE_SECONDS}s")


def assert_follows(follower: VirtualCluster, loss: Loss) -> None:
    """The node runs on another host by itself, with its state."""
    follower.wait_for_phase("Running")
    record("follows_lost_host_s", time.monotonic() - loss.start)
    assert read_hosts(follower)["follower-master"] != loss.machine.name
    assert follower.inside.succeeds("get", "configmap", "kept")


def is_another(before: Manifest | None, find: Callable[[], Manifest | None]) -> bool:
    """Whether an object exists that is not the one that was there before."""
    now = find()
    return bool(now and before and now["metadata"]["uid"] != before["metadata"]["uid"])


def assert_starts_anew(virtual: VirtualCluster, loss: Loss) -> None:
    """The workers wait until their owner gives their volumes up, one after the other."""
    left = list(loss.nodes)
    while left:
        wait_for_request(virtual, left)
        worker = left.pop(0)
        claim = partial(virtual.kubectl.find, "persistentvolumeclaim", f"{worker}-state")
        before = claim()
        follow(virtual, "Give up the volume of a worker", loss.machine.name, worker)
        wait_for(f"another claim of {worker}", partial(is_another, before, claim), SECONDS, virtual.describe)
    virtual.wait_for_phase("Running")
    virtual.wait_for_nodes()
    assert loss.machine.name not in read_hosts(virtual).values()
