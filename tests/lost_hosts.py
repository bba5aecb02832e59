"""Hosts that are lost, as the host cluster shows it in the pods on them."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import POD
from tests.world import World, ready_status

LOST_AT = "2026-01-02T03:03:05Z"
CONFLICT = (
    "0/2 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 1 node(s) were unschedulable."
)


def silent_status(since: str = LOST_AT) -> Manifest:
    """The status of a Ready pod whose kubelet no longer reports anything."""
    conditions = [
        {"type": "Ready", "status": "False", "lastTransitionTime": since},
        {"type": "ContainersReady", "status": "True", "lastTransitionTime": "2026-01-02T03:00:00Z"},
    ]
    return {**ready_status(), "conditions": conditions}


def unscheduled_status(message: str = CONFLICT) -> Manifest:
    """The status of a pod for which the scheduler has found no host."""
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"phase": "Pending", "conditions": [scheduled]}


def place(world: World, pod: str, host: str, status: Manifest | None = None, **metadata: str) -> World:
    """The world in which the pod is on that host, with that status and metadata."""
    before = world.children[POD][pod]
    spec, meta = {**before["spec"], "nodeName": host}, {**before["metadata"], **metadata}
    changed = {**before, "metadata": meta, "spec": spec, "status": status or ready_status()}
    return world.with_child(POD, pod, changed)
