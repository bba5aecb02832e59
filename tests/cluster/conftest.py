"""A control plane for the whole run, and a namespace per test."""

import json
import os
import uuid
from collections.abc import Callable, Iterator

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed import builds, controller, host_cluster
from testbed.controller import Options
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl, KubectlError
from testbed.layout import CLUSTER_TESTS
from testbed.waiting import wait_for
from tests.cluster.applying import try_apply
from tests.cluster.owner import SECONDS, Owner, build_vk8s
from tests.machine import at_work, require_testbed

CRD = "vk8s.vk8s.sktelecom.com"
# Applies a Vk8s that the CRD's rules would refuse.
Lenient = Callable[[Manifest], None]
# Of a name that has never been allowed.
BROKEN = build_vk8s(name="1a")


@pytest.fixture(scope="package")
def cluster() -> Iterator[HostCluster]:
    """A host cluster without a node, and with the resource."""
    require_testbed()
    with at_work():
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
        pytest.skip("only the fake Metacontroller can be given a late cache")
    controller.start(cluster, Options(cache_delay=2))
    yield from own_namespace(cluster)
    # As it was, for the next test.
    controller.start(cluster)


def own_namespace(host: HostCluster) -> Iterator[Owner]:
    namespace = f"test-{uuid.uuid4().hex[:8]}"
    host.kubectl.run("create", "namespace", namespace)
    owner = Owner(host.kubectl.within(namespace), namespace)
    wait_for("the service account", lambda: owner.kubectl.find("serviceaccount", "default"), 30)
    yield owner
    if host.kubectl.succeeds("get", "namespace", namespace):
        owner.kubectl.run("delete", "vk8s", "--all", "--timeout=60s")
        host.kubectl.run("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
def small_host(owner: Owner) -> Iterator[str]:
    """A node of the host cluster, with little of everything, that nobody runs: its name.

    Another one each time: of one that has just been deleted, a controller knows for a while that it had not reported
    anything, and would taint the next one of that name.
    """
    kubectl, name = owner.kubectl, f"small-{uuid.uuid4().hex[:8]}"
    kubectl.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {"unschedulable": False}})
    resources = {"cpu": "1", "memory": "1Gi", "pods": "10"}
    conditions = [{"type": "Ready", "status": "True", "reason": "Test", "message": ""}]
    patch = {"status": {"capacity": resources, "allocatable": resources, "conditions": conditions}}
    kubectl.run("patch", "node", name, "--subresource=status", "--type=merge", f"--patch={json.dumps(patch)}")
    # A controller takes them off when it has seen that the node is Ready.
    wait_for("a node without taints", lambda: not kubectl.get("node", name)["spec"].get("taints"), SECONDS)
    yield name
    kubectl.run("delete", "node", name)


@pytest.fixture
def lenient(owner: Owner) -> Iterator[Lenient]:
    """Somebody has taken the CRD's rules away, so that only the hooks know them; they are back afterwards."""
    spec = owner.kubectl.get("crd", CRD)["spec"]
    _replace_crd(owner.kubectl, _without_rules(spec))
    yield lambda vk8s: _apply_leniently(owner.kubectl, vk8s)
    _replace_crd(owner.kubectl, spec)


@pytest.fixture
def store_older(cluster: HostCluster) -> Iterator[Lenient]:
    """Stores a Vk8s that is older than the CRD's rules; they count again when it is. Nobody acts on it."""

    def store(vk8s: Manifest) -> None:
        spec = cluster.kubectl.get("crd", CRD)["spec"]
        _replace_crd(cluster.kubectl, _without_rules(spec))
        try:
            _apply_leniently(cluster.kubectl, vk8s)
        finally:
            _replace_crd(cluster.kubectl, spec)
        wait_for("the rules", lambda: try_apply(cluster, BROKEN) != "", 30)

    yield store
    cluster.kubectl.run("delete", "vk8s", "--all")


def _apply_leniently(kubectl: Kubectl, vk8s: Manifest) -> None:
    # An API server takes a moment to forget rules.
    wait_for("an invalid spec", lambda: _applies(kubectl, vk8s), 30)


def _applies(kubectl: Kubectl, vk8s: Manifest) -> bool:
    try:
        kubectl.apply(vk8s)
    except KubectlError:
        return False
    return True


def _replace_crd(kubectl: Kubectl, spec: object) -> None:
    # Not `kubectl replace`: that changes what `kubectl apply` remembers.
    patch = [{"op": "replace", "path": "/spec", "value": spec}]
    kubectl.run("patch", "crd", CRD, "--type=json", f"--patch={json.dumps(patch)}")


def _without_rules(schema: object) -> object:
    """The CRD without its rules in CEL."""
    if isinstance(schema, dict):
        return {name: _without_rules(value) for name, value in schema.items() if name != "x-kubernetes-validations"}
    return [_without_rules(item) for item in schema] if isinstance(schema, list) else schema
