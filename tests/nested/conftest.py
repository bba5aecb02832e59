"""The host cluster in which virtual clusters are tested: as `make up` makes it, in a testbed of its own."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from testbed import builds, host_cluster
from testbed.host_cluster import HostCluster
from testbed.layout import NESTED_TESTS, ROOT
from testbed.waiting import wait_for
from tests.machine import alone, require_testbed
from tests.nested.kept import Kept, keep_something
from tests.nested.virtual import DELETE_SECONDS, VirtualCluster
from tests.nested.workload import build_web_pod, build_web_service

COMMAND = [sys.executable, "-m", "testbed", f"--testbed={NESTED_TESTS.name}"]
# Web pods, and the nodes that they are on.
WEB = {"on-master": "local-master", "on-worker": "local-worker"}
WEB_SECONDS = 60


@pytest.fixture(scope="package")
def up_output() -> Iterator[str]:
    """What `make up` prints on a machine without a testbed; the testbed is there until the last test has ended."""
    require_testbed()
    host_cluster.remove(NESTED_TESTS)
    try:
        result = subprocess.run([*COMMAND, "up"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        assert result.returncode == 0, result.stdout
        yield result.stdout
    finally:
        host_cluster.remove(NESTED_TESTS)


@pytest.fixture(scope="package")
def local(up_output: str, tmp_path_factory: pytest.TempPathFactory) -> VirtualCluster:
    """examples/local.yaml; whoever asks for it makes sure that it is in the state that they need."""
    assert up_output
    manifest = yaml.safe_load((ROOT / "examples" / "local.yaml").read_text())
    directory: Path = tmp_path_factory.mktemp("kubeconfigs")
    return VirtualCluster(HostCluster(NESTED_TESTS, builds.build_binaries()), manifest, directory)


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that are marked so have the machine for themselves."""
    if request.node.get_closest_marker("quiet"):
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
    inside = running.inside
    # A new cluster lets pods be made only once it has made the service account.
    wait_for("the service account", lambda: inside.find("serviceaccount", "default"), WEB_SECONDS)
    inside.apply(*(build_web_pod(name, node) for name, node in WEB.items()), *map(build_web_service, WEB))
    inside.run("wait", "--for=condition=Ready", *(f"pod/{name}" for name in WEB), f"--timeout={WEB_SECONDS}s")
    return running


@pytest.fixture
def lonely(running: VirtualCluster) -> Iterator[VirtualCluster]:
    """A virtual cluster of a master alone, not applied yet; gone afterwards."""
    master = running.manifest["spec"]["nodes"][0]
    # The others have asked for all the cores that a small host has.
    resources = {"requests": {"cpu": "0", "memory": "1Gi"}, "limits": master["resources"]["limits"]}
    nodes = [{**master, "name": "lonely-master", "resources": resources}]
    lonely = replace(running, manifest={**running.manifest, "metadata": {"name": "lonely"}, "spec": {"nodes": nodes}})
    yield lonely
    lonely.kubectl.run("delete", "vk8s", "lonely", f"--timeout={DELETE_SECONDS}s")
