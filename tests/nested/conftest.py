"""The host cluster in which virtual clusters are tested: that of a testbed, as `make up` makes it, or any other."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from testbed import builds, controller, host_cluster
from testbed.host_cluster import HostCluster
from testbed.layout import NESTED_TESTS, ROOT
from tests.figures import record
from tests.machine import alone, require_testbed
from tests.nested.current import Target, read_target, use_cluster
from tests.nested.host import Host, build_testbed_host, list_ports, read_example, with_images
from tests.nested.kept import Kept, keep_something
from tests.nested.members import replicate, wait_for_members
from tests.nested.obstacles import ObstacleError, check_ports
from tests.nested.rounds import time_controller
from tests.nested.virtual import DELETE_SECONDS, VirtualCluster
from tests.nested.workload import start_web

COMMAND = [sys.executable, "-m", "testbed", f"--testbed={NESTED_TESTS.name}"]
# NodePorts that tests ask for, beyond those of examples/local.yaml.
MORE_PORTS = {30001, 30023}


class StartHooks(Protocol):
    """Lets other hooks answer: of another version, from `source`, or with other settings; with neither, our own."""

    def __call__(self, source: Path = ROOT, settings: dict[str, str] | None = None) -> None: ...


@pytest.fixture(scope="package")
def target() -> Target | None:
    """Somebody's cluster, to test in; None for the testbed."""
    try:
        return read_target(os.environ)
    except ObstacleError as obstacle:
        pytest.exit(str(obstacle), returncode=1)


@pytest.fixture(scope="package")
def up_output(target: Target | None) -> Iterator[str]:
    """What `make up` prints on a machine without a testbed; the testbed is there until the last test has ended."""
    if target:
        pytest.skip("This test is about `make up` and what it sets up; the host cluster of these tests is another.")
    require_testbed()
    host_cluster.remove(NESTED_TESTS)
    try:
        result = subprocess.run([*COMMAND, "up"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        assert result.returncode == 0, result.stdout
        yield result.stdout
    finally:
        host_cluster.remove(NESTED_TESTS)


@pytest.fixture(scope="package")
def host(target: Target | None, request: pytest.FixtureRequest) -> Iterator[Host]:
    """The host cluster of all tests; where it can't be had, one sentence takes the place of all tests."""
    if target is None:
        request.getfixturevalue("up_output")
        yield build_testbed_host(HostCluster(NESTED_TESTS, builds.build_binaries()))
        return
    try:
        with use_cluster(target) as host:
            check_ports(host.kubectl, list_ports(read_example()) | MORE_PORTS)
            yield host
    except ObstacleError as obstacle:
        pytest.exit(str(obstacle), returncode=1)


@pytest.fixture(scope="package")
def machine(host: Host) -> HostCluster:
    """The machine under the host cluster, with its processes, disks and network."""
    if host.machine is None:
        pytest.skip("This test looks at the machine under the host cluster, or breaks it, which only a testbed allows.")
    return host.machine


@pytest.fixture
def start_hooks(host: Host) -> Iterator[StartHooks]:
    """Other hooks for a while; those of the checkout answer again afterwards."""
    if host.machine is None:
        pytest.skip("This test needs hooks of other versions or settings, and those of this cluster are its owner's.")
    yield partial(controller.start_hooks, host.machine)
    controller.start_hooks(host.machine)


@pytest.fixture(scope="package")
def local(host: Host, tmp_path_factory: pytest.TempPathFactory) -> VirtualCluster:
    """examples/local.yaml; each test makes sure that it is in the state that it needs."""
    manifest = with_images(read_example(), host.images)
    directory: Path = tmp_path_factory.mktemp("kubeconfigs")
    return VirtualCluster(host, manifest, directory)


@pytest.fixture(autouse=True)
def exclusive(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that are marked as exclusive have the machine to themselves."""
    if request.node.get_closest_marker("exclusive"):
        with alone():
            yield
    else:
        yield


@pytest.fixture
def running(local: VirtualCluster) -> VirtualCluster:
    """The same, Running."""
    local.ensure_running()
    return local


@pytest.fixture
def kept(running: VirtualCluster) -> Kept:
    """The virtual cluster with data on a volume of each of its two nodes, in use by a pod there."""
    return keep_something(running)


@pytest.fixture
def web(running: VirtualCluster) -> VirtualCluster:
    """The virtual cluster with a web pod and its Service on each of its two nodes."""
    running.wait_for_nodes()
    start_web(running.inside)
    return running


@pytest.fixture
def lonely(running: VirtualCluster) -> Iterator[VirtualCluster]:
    """A virtual cluster of a control-plane node alone, not applied yet; gone afterwards."""
    master = running.manifest["spec"]["nodes"][0]
    # The others have asked for all the cores that a small host has.
    resources = {"requests": {"cpu": "0", "memory": "1Gi"}, "limits": master["resources"]["limits"]}
    nodes = [{**master, "name": "lonely-master", "resources": resources}]
    lonely = replace(running, manifest={**running.manifest, "metadata": {"name": "lonely"}, "spec": {"nodes": nodes}})
    yield lonely
    lonely.kubectl.run("delete", "vk8s", "lonely", "--ignore-not-found", f"--timeout={DELETE_SECONDS}s")


@pytest.fixture(scope="module")
def three(local: VirtualCluster) -> Iterator[VirtualCluster]:
    """Three control-plane nodes and a worker, not applied yet; meanwhile, the host cluster has no other Vk8s."""
    local.ensure_absent()
    three = replicate(local, "three", 3)
    yield three
    three.ensure_absent()


@pytest.fixture
def members(three: VirtualCluster) -> VirtualCluster:
    """The same, Running. Its first boot is measured, and just before that of a single control-plane node."""
    if not three.kubectl.find("vk8s", three.name):
        single = replicate(three, "single", 1)
        record("ha_single_apply_to_running_s", time_controller(single))
        single.ensure_absent()
        record("ha_apply_to_running_s", time_controller(three))
    three.ensure_running()
    wait_for_members(three)
    return three
