"""The call that Metacontroller makes for a pool of a busy host cluster, objects in the size that they have there."""

import json
from typing import Any

from hooks.ippool.allocation import API_VERSION
from hooks.kubernetes.manifest import Manifest
from testbed.metacontroller.merge import with_last_applied
from testbed.metacontroller.objects import with_metadata
from tests.pool_world import CREATED, POOL_UID, PoolWorld, observe, pool_manifest, vk8s_manifest
from tests.world import node, running_world

KUBECTL_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
RESOURCES = {"requests": {"cpu": "2", "memory": "8Gi"}, "limits": {"cpu": "2", "memory": "8Gi"}}
WORKERS = [node(f"worker-{number}", "worker", resources=RESOURCES) for number in range(4)]
SPEC: Manifest = {
    "nodes": [node("master", "master", resources=RESOURCES), *WORKERS],
    "accessPodImage": "registry.example.com/vk8s/access:v1.34.4",
    "accessPodPort": 30022,
    "kubernetes": {"podNetworkCidr": "198.18.0.0/16", "serviceCidr": "198.19.0.0/16", "cni": "flannel"},
    "storage": {"size": "20Gi", "ephemeral": False},
}


def build_load(count: int) -> Manifest:
    """The call for a pool that serves `count` Vk8s of five nodes, each of which has its address."""
    status = running_world(spec=SPEC).status
    world = PoolWorld(
        pool=pool_manifest({"cidr": "10.0.0.0/16", "default": True}),
        vk8s=tuple(_store_vk8s(f"demo-{number:04}", status) for number in range(count)),
    )
    return world.with_own(*map(_store_allocation, world.sync().children)).body()


def _store_vk8s(name: str, status: Manifest | None) -> Manifest:
    identity = {"apiVersion": API_VERSION, "kind": "Vk8s"}
    applied = json.dumps({**identity, "metadata": {"name": name, "namespace": "team-a"}, "spec": SPEC})
    vk8s = {**identity, **vk8s_manifest(name), "spec": SPEC, "status": {**(status or {}), "observedGeneration": 3}}
    return with_metadata(
        vk8s,
        annotations={KUBECTL_APPLIED: applied},
        finalizers=["metacontroller.io/compositecontroller-vk8s"],
        resourceVersion="123456",
        managedFields=[
            note_fields("kubectl-client-side-apply", {"metadata": {"annotations": {KUBECTL_APPLIED: 1}}, "spec": SPEC}),
            note_fields("metacontroller", {"status": status}),
        ],
    )


def _store_allocation(made: Manifest) -> Manifest:
    labelled = with_metadata(made, labels={**made["metadata"]["labels"], "controller-uid": POOL_UID})
    owner = {
        "apiVersion": API_VERSION,
        "kind": "IPPool",
        "name": "default",
        "uid": POOL_UID,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    stored = with_last_applied(
        observe(labelled, creationTimestamp=CREATED, resourceVersion="123456", generation=1), made
    )
    return with_metadata(
        stored,
        ownerReferences=[owner],
        managedFields=[note_fields("metacontroller", with_metadata(stored, owner=owner))],
    )


def note_fields(manager: str, content: Manifest) -> Manifest:
    """An entry of managedFields: that these fields are the manager's."""
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": API_VERSION,
        "time": CREATED,
        "fieldsType": "FieldsV1",
        "fieldsV1": _name_fields(content),
    }


def _name_fields(value: Any) -> Manifest:
    return {f"f:{key}": _name_fields(inner) for key, inner in value.items()} if isinstance(value, dict) else {}
