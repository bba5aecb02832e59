"""The kind cluster, with a virtual cluster whose nodes are on two hosts."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.kind.cluster import WORKERS, build_kubectl
from testbed.kubectl import Kubectl
from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.figures import record
from tests.kind.machines import Machine
from tests.kind.newcomer import END, REMOVAL, WAY, Walk, walking
from tests.kind.placing import PLACEMENT
from tests.kind.traces import list_traces
from tests.kind.workload import build_ports
from tests.machine import at_work, require_testbed
from tests.nested.current import Target, use_cluster
from tests.nested.host import Host, read_example, read_example_images
from tests.nested.kept import Kept, keep_something
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import start_web

COMMAND = [sys.executable, "-m", "testbed.kind"]
# Small, as hosts share the machine's processors and each says that it has them all.
RESOURCES = {
    "master": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"cpu": "2", "memory": "3Gi"}},
    "worker": {"requests": {"cpu": "200m", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}},
}
# The kernel takes network namespaces apart in the background.
GONE_SECONDS = 30


@dataclass(frozen=True)
class Bare:
    """A kind cluster without the product. `seconds`: how long it took to bring it up."""

    kubectl: Kubectl
    seconds: float


@pytest.fixture(scope="package")
def bare() -> Iterator[Bare]:
    """A new kind cluster that knows all images; nothing of it is on the machine afterwards."""
    require_testbed()
    with at_work():
        call("down")
        call("build")
        before = list_traces()
        try:
            start = time.monotonic()
            call("bare")
            seconds = time.monotonic() - start
            # Else there would be nothing to remove.
            assert list_traces() - before
            yield Bare(build_kubectl(), seconds)
        finally:
            call("down")
        wait_for("the machine to be as it was", lambda: list_traces() == before, GONE_SECONDS, lambda: compare(before))


@pytest.fixture(scope="package")
def walk(bare: Bare, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """A newcomer has been here with Helm, before anything else, and has left nothing."""
    with walking(bare.kubectl, tmp_path_factory.mktemp("newcomer")) as walk:
        walk.follow(WAY)
        way = dict(walk.seconds)
        for heading in (REMOVAL, END):
            walk.follow(heading)
    return replace(walk, seconds=way)


@pytest.fixture(scope="package")
def hosts(bare: Bare, walk: Walk) -> Kubectl:  # noqa: ARG001 two installations at once would not do
    """`kubectl` for the kind cluster with the product in it."""
    start = time.monotonic()
    call("up")
    record("kind_up_s", bare.seconds + time.monotonic() - start)
    return bare.kubectl


def call(command: str) -> None:
    """What `make kind-<command>` does, with its output among that of the tests."""
    subprocess.run([*COMMAND, command], cwd=ROOT, check=True)


def compare(before: frozenset[str]) -> str:
    """What is there now and was not before, or the other way round."""
    return "\n".join(sorted(list_traces() ^ before))


@pytest.fixture(scope="package")
def host(hosts: Kubectl) -> Iterator[Host]:
    """The kind cluster as a host cluster of virtual ones, with a namespace for the tests."""
    with use_cluster(Target(read_example_images(), lambda: hosts, placement=PLACEMENT)) as host:
        yield host


@pytest.fixture
def machines(hosts: Kubectl) -> Mapping[str, Machine]:
    """The hosts that take node pods, by name."""
    return {name: Machine(name, hosts) for name in WORKERS}


@pytest.fixture(scope="package")
def booted(host: Host, tmp_path_factory: pytest.TempPathFactory) -> VirtualCluster:
    """A control-plane node and two workers on two hosts; it has been Running."""
    directory: Path = tmp_path_factory.mktemp("kubeconfigs")
    virtual = VirtualCluster(host, with_second_worker(read_example()), directory)
    start = time.monotonic()
    virtual.ensure_running()
    record("kind_apply_to_running_s", time.monotonic() - start)
    return virtual


@pytest.fixture
def running(booted: VirtualCluster) -> VirtualCluster:
    """The same, Running."""
    booted.ensure_running()
    return booted


@pytest.fixture
def web(running: VirtualCluster) -> VirtualCluster:
    """The virtual cluster with a web pod and its Service on each of two nodes, which are on different hosts."""
    running.wait_for_nodes()
    start_web(running.inside)
    return running


@pytest.fixture
def kept(running: VirtualCluster) -> Kept:
    """The virtual cluster with data on a volume of the control-plane node and of a worker, in use by a pod there."""
    return keep_something(running)


def with_second_worker(example: Manifest) -> Manifest:
    """examples/local.yaml with one worker more, smaller nodes, and a port for a writer on each."""
    master, worker = example["spec"]["nodes"]
    three = (master, worker, {**worker, "name": "local-worker2"})
    nodes = [{**node, "resources": RESOURCES[node["role"]]} for node in three]
    ports = [*example["spec"]["ports"], *build_ports(len(nodes))]
    return {**example, "spec": {**example["spec"], "nodes": nodes, "ports": ports}}
