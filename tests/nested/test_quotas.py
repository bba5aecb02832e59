"""A virtual cluster in a namespace with a ResourceQuota and a LimitRange: it comes up, is edited, shrinks and goes."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.waiting import wait_for
from tests.nested.test_scale import list_rest, wait_for_end
from tests.nested.virtual import BOOT_SECONDS, DELETE_SECONDS, VirtualCluster

NAMESPACE = "crowded"
MASTER, WORKER = "crowded-master", "crowded-worker"
# Requests of no CPU, as the nodes of examples/local.yaml have asked for all the cores that a small host has.
OF_MASTER = {"requests": {"cpu": "0", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}}
OF_WORKER = {"requests": {"cpu": "0", "memory": "768Mi"}, "limits": {"cpu": "500m", "memory": "1Gi"}}
LARGER = {"requests": {"cpu": "0", "memory": "768Mi"}, "limits": {"cpu": "500m", "memory": "1280Mi"}}
HARD = {
    "requests.cpu": "1",
    "requests.memory": "2Gi",
    "limits.cpu": "4",
    "limits.memory": "4Gi",
    "pods": "4",
    "requests.storage": "40Gi",
    "services.nodeports": "0",
}
DEFAULT = {
    "type": "Container",
    "default": {"cpu": "500m", "memory": "512Mi"},
    "defaultRequest": {"cpu": "0", "memory": "256Mi"},
    "max": {"memory": "3Gi"},
}


@pytest.fixture
def crowded(running: VirtualCluster, machine: HostCluster) -> Iterator[VirtualCluster]:
    """A virtual cluster of two nodes in a namespace of its own with rules, not applied yet; gone afterwards."""
    machine.kubectl.run("create", "namespace", NAMESPACE)
    host = replace(running.host, kubectl=machine.kubectl.within(NAMESPACE), namespace=NAMESPACE)
    set_quota(host.kubectl, HARD)
    rule = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "defaults"}, "spec": {"limits": [DEFAULT]}}
    host.kubectl.apply(rule)
    crowded = with_nodes(replace(running, host=host), {}, OF_WORKER)
    yield crowded
    crowded.kubectl.run("delete", "vk8s", "crowded", "--ignore-not-found", f"--timeout={DELETE_SECONDS}s")
    machine.kubectl.run("delete", "namespace", NAMESPACE, f"--timeout={DELETE_SECONDS}s")


def set_quota(kubectl: Kubectl, hard: Manifest) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "team"}, "spec": {"hard": hard}}
    kubectl.apply(quota)


def with_nodes(virtual: VirtualCluster, *resources: Manifest) -> VirtualCluster:
    """The virtual cluster with a control-plane node, and a worker where there are resources for it."""
    spec = virtual.manifest["spec"]
    names = ((MASTER, "master"), (WORKER, "worker"))
    nodes = [
        {"name": name, "role": role, "image": virtual.host.images.node, **({"resources": own} if own else {})}
        for (name, role), own in zip(names, resources, strict=False)
    ]
    wanted = {"nodes": nodes, "accessPodImage": spec["accessPodImage"]}
    return replace(virtual, manifest={**virtual.manifest, "metadata": {"name": "crowded"}, "spec": wanted})


def read_message(virtual: VirtualCluster, kind: str) -> str:
    conditions = virtual.kubectl.get("vk8s", "crowded").get("status", {}).get("conditions", [])
    return next((str(entry["message"]) for entry in conditions if entry["type"] == kind), "")


def wait_for_words(virtual: VirtualCluster, kind: str, words: str) -> None:
    wait_for(
        f"{kind}: {words}",
        lambda: words in read_message(virtual, kind),
        BOOT_SECONDS,
        lambda: read_message(virtual, kind) + virtual.describe(),
    )


def read_used(virtual: VirtualCluster) -> Manifest:
    used: Manifest = virtual.kubectl.get("resourcequota", "team")["status"]["used"]
    return used


@pytest.mark.nightly("tests/cluster/test_quotas.py::test_cluster_under_quotas_lives_through_its_whole_life")
def test_cluster_under_quotas_is_edited_scaled_and_deleted(crowded: VirtualCluster) -> None:
    # A control-plane node without limits is given too small ones.
    crowded.kubectl.apply(crowded.manifest)
    wait_for_words(crowded, "ControlPlaneReady", "needs at least 768 MiB (its memory limit of 512Mi comes from")

    wanted = with_nodes(crowded, OF_MASTER, OF_WORKER)
    wanted.ensure_running()
    wanted.wait_for_nodes()
    access = "pod/crowded-access-pod"
    crowded.kubectl.run("wait", access, "--for=condition=Ready", f"--timeout={BOOT_SECONDS}s")
    assert WORKER in crowded.kubectl.run("exec", access, "--", "kubectl", "get", "nodes")

    # More than there is: what runs stays, and status says why.
    too_large = {**OF_WORKER, "limits": {"cpu": "500m", "memory": "2560Mi"}}
    crowded.kubectl.apply(with_nodes(crowded, OF_MASTER, too_large).manifest)
    wait_for_words(
        crowded, "Accepted", f"{WORKER} is not recreated, as its next pod would be refused: exceeded quota: team"
    )
    edited = with_nodes(crowded, OF_MASTER, LARGER)
    edited.ensure_running()
    pod = crowded.kubectl.get("pod", WORKER)
    assert pod["spec"]["containers"][0]["resources"]["limits"]["memory"] == "1280Mi"

    # A quota in which no memory and no CPU is left, only the place of a pod.
    set_quota(crowded.kubectl, {**HARD, **read_used(crowded), "pods": "4"})
    alone = with_nodes(crowded, OF_MASTER)
    alone.ensure_running()
    wait_for_end(alone, WORKER)
    assert list_rest(alone, WORKER) == []

    alone.ensure_absent()
    # The records of what was used are updated some seconds after the last object has gone.
    wait_for("an unused quota", lambda: set(read_used(alone).values()) == {"0"}, BOOT_SECONDS)
