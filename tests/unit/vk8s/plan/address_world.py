"""A Vk8s of a host cluster with address pools."""

from dataclasses import replace
from typing import Any

from hooks.ippool.allocation import ALLOCATION, build_allocation
from hooks.ippool.pools import POOL
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from tests.pool_world import observe, pool_manifest
from tests.world import CONTEXT, UID, World, condition, names, ready_status

ON = replace(CONTEXT, settings=Settings(ip_manager=True))
PODS = ["Pod/m", "Pod/w"]
CALICO, KUBE_OVN = "cni.projectcalico.org/ipAddrs", "ovn.kubernetes.io/ip_address"
OLDER, YOUNGER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def allocation(address: str, node_name: str, uid: str = UID, **metadata: Any) -> Manifest:
    """An allocation as it is observed."""
    vk8s = {"namespace": "team-a", "name": "demo", "uid": uid}
    made = build_allocation(address, {"address": address, "pool": "default", "node": node_name, "vk8s": vk8s})
    return observe(made, **{"creationTimestamp": OLDER, "resourceVersion": "5", **metadata})


ALL = [allocation("10.0.0.4", "m"), allocation("10.0.0.6", "w")]


def related(pools: list[Manifest] | None = None, allocations: list[Manifest] | None = None) -> Any:
    """What Metacontroller sends along: the default pool and no allocation, unless given."""
    groups = {POOL: [pool_manifest()] if pools is None else pools, ALLOCATION: allocations or []}
    return {kind: {each["metadata"]["name"]: each for each in group} for kind, group in groups.items()}


def world(**fields: Any) -> World:
    """A Vk8s of a host cluster with address pools after three syncs: its pods exist, unless something is wrong."""
    return World(**{"context": ON, "related": related(), **fields}).steps(3)


def running() -> World:
    """A Vk8s whose two nodes have their addresses, and are Ready with them."""
    booting = world(related=related(allocations=ALL)).with_pod_status("m", ready_status("10.0.0.4"))
    return booting.with_pod_status("w", ready_status("10.0.0.6")).step()


def pods(found: World) -> list[str]:
    """The pods that are there after the next sync."""
    return [name for name in names(found.sync()) if name.startswith("Pod/")]


def network(found: World) -> tuple[str, str, str]:
    """Status, reason and message of condition NetworkReady."""
    entry = condition(found.sync(), "NetworkReady")
    return entry["status"], entry["reason"], entry["message"]


def annotations(found: World, pod: str) -> Manifest:
    """Annotations of a pod of the next answer."""
    answer = found.sync()
    made = next(c for c in answer.children if c["kind"] == "Pod" and c["metadata"]["name"] == pod)
    annotations: Manifest = made["metadata"]["annotations"]
    return annotations
