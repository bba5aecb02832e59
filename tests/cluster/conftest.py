"""A control plane for the whole run, and a namespace per test."""

import os
import uuid
from collections.abc import Iterator

import pytest

from testbed import builds, controller, host_cluster
from testbed.controller import Options
from testbed.host_cluster import HostCluster
from testbed.layout import CLUSTER_TESTS
from testbed.waiting import wait_for
from tests.cluster.owner import Owner
from tests.machine import require_testbed


@pytest.fixture(scope="package")
def cluster() -> Iterator[HostCluster]:
    """A host cluster without a node, and with the resource."""
    require_testbed()
    host_cluster.remove(CLUSTER_TESTS)
    try:
        host = HostCluster(CLUSTER_TESTS, builds.build_binaries())
        host.start_control_plane()
        controller.apply_crds(host)
        yield host
    finally:
        host_cluster.remove(CLUSTER_TESTS)


@pytest.fixture(scope="module")
def controlled(cluster: HostCluster) -> Iterator[HostCluster]:
    """The same, with the controller."""
    controller.start(cluster)
    yield cluster
    controller.stop(cluster)


@pytest.fixture
def owner(controlled: HostCluster) -> Iterator[Owner]:
    """Somebody with a namespace of their own, in which the controller works."""
    yield from own_namespace(controlled)


@pytest.fixture
def late_owner(cluster: HostCluster) -> Iterator[Owner]:
    """The same, with a Metacontroller that sees everything two seconds late."""
    if os.environ.get(controller.BINARY_VARIABLE):
        pytest.skip("only the stand-in can be made to see late")
    controller.start(cluster, Options(cache_delay=2))
    yield from own_namespace(cluster)
    # As it was, for whoever comes next.
    controller.start(cluster)


def own_namespace(host: HostCluster) -> Iterator[Owner]:
    namespace = f"test-{uuid.uuid4().hex[:8]}"
    host.kubectl.run("create", "namespace", namespace)
    owner = Owner(host.kubectl.within(namespace), namespace)
    wait_for("the service account", lambda: owner.kubectl.succeeds("get", "serviceaccount", "default"), 30)
    yield owner
    if host.kubectl.succeeds("get", "namespace", namespace):
        owner.kubectl.run("delete", "vk8s", "--all", "--timeout=60s")
        host.kubectl.run("delete", "namespace", namespace, "--wait=false")
