"""What the ip-manager has for one Vk8s: the objects that are read, the addresses in them, what the owner is told."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hooks.ippool.allocation import ALLOCATION, API_VERSION, allocation_selector, find_addresses
from hooks.ippool.pools import POOL, Pool, find_pool, parse_pools
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.manifest import Manifest
from hooks.settings import PREFIX, Settings
from hooks.vk8s.observed.children import POD, Observed
from hooks.vk8s.spec.cluster import Identity, VirtualCluster
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.network import NO_POOL, Network, find_noted_address
from hooks.wire import Parent

NETWORK_READY: Final = "NetworkReady"
IP_MANAGER_ON: Final = f"{PREFIX}IP_MANAGER=true"
_OFF, _NOT_SENT = "IPManagerOff", "PoolsNotSent"
# What is said where there is no pool, by the reason for that.
_WITHOUT_POOL: Final = {
    _OFF: f"spec.ipPool has no effect: the ip-manager is off; for it, the hooks need {IP_MANAGER_ON}.",
    _NOT_SENT: (
        "Metacontroller does not send IPPools along yet, so new pods get addresses from the host cluster. It asks anew "
        "what to send within 20 minutes, or when it is restarted."
    ),
    NO_POOL: "No IPPool serves this virtual cluster: its pods get addresses from the host cluster.",
}


def build_rules(parent: Parent, settings: Settings) -> list[Manifest]:
    """Which objects Metacontroller shall send along: the allocations of the Vk8s, and the pools that may serve it."""
    if not settings.ip_manager:
        return []
    named = parent.spec.get("ipPool") if isinstance(parent.spec, dict) else None
    selector = {"matchLabels": allocation_selector(parent.metadata.uid)}
    return [
        {"apiVersion": API_VERSION, "resource": "ipallocations", "labelSelector": selector},
        {
            "apiVersion": API_VERSION,
            "resource": "ippools",
            **({"names": [named]} if isinstance(named, str) and named else {}),
        },
    ]


def read_network(
    identity: Identity, spec: Spec, related: Mapping[str, Mapping[str, Manifest]], settings: Settings
) -> Network:
    """The addresses that the nodes of the Vk8s have, and the pool that hands out more."""
    if not settings.ip_manager:
        return Network(reason=_OFF)
    if ALLOCATION not in related or POOL not in related:
        return Network(reason=_NOT_SENT)
    addresses = find_addresses(identity.uid, related[ALLOCATION].values())
    manifests = related[POOL].values()
    pool = find_pool(spec.ip_pool, parse_pools(manifests))
    name = spec.ip_pool or (pool.name if pool else None)
    reason, obstacle = _find_obstacle(pool, manifests, identity.namespace) if name else (NO_POOL, "")
    return Network(addresses, name, reason, obstacle, settings.host_cni)


def find_network_conditions(cluster: VirtualCluster, observed: Observed) -> list[Condition]:
    """Whether the nodes have the addresses that they shall have; nothing where nobody has asked for any."""
    network = cluster.network
    if network.reason == _OFF and cluster.spec.ip_pool is None:
        return []
    without = [node.name for node in cluster.nodes if network.find_lack(node.name)]
    if without:
        why = f"{network.obstacle}," if network.obstacle else " yet"
        message = (
            f"No address of IPPool {network.pool}{why} for {len(without)} of {len(cluster.nodes)} nodes: "
            f"{', '.join(without)}. See kubectl describe ippool {network.pool}."
        )
        return [Condition(NETWORK_READY, status=False, reason=network.reason, message=message)]
    if network.pool is None and not network.addresses:
        message = _WITHOUT_POOL[network.reason]
        return [Condition(NETWORK_READY, status=network.reason == NO_POOL, reason=network.reason, message=message)]
    pods = {node.name: pod for node in cluster.nodes if (pod := observed.find(POD, node.name))}
    ignored = list(_find_ignored(pods))
    if ignored:
        hint = "does the network of the host cluster act on the pods' annotations?"
        message = f"{'; '.join(ignored)}: {hint}"
        return [Condition(NETWORK_READY, status=False, reason="AddressIgnored", message=message)]
    return [Condition(NETWORK_READY, status=True, reason="Allocated", message=_describe_pods(network, pods))]


def is_waiting_for_network(cluster: VirtualCluster, observed: Observed) -> bool:
    """Whether a pod is not made yet because its node has no address."""
    return any(cluster.network.find_lack(node.name) and not observed.has(POD, node.name) for node in cluster.nodes)


def _find_obstacle(pool: Pool | None, manifests: Iterable[Manifest], namespace: str) -> tuple[str, str]:
    """Why the pool hands out no address, as far as can be seen: a reason, and the rest of a sentence."""
    if pool is None:
        return "PoolNotFound", ", which does not exist"
    if not pool.is_open:
        return "PoolTerminating", ", which is being deleted"
    if pool.problems:
        return "PoolInvalid", ", whose spec is invalid"
    found = next((each.get("status") for each in manifests if each["metadata"]["name"] == pool.name), None)
    status: Manifest = found if isinstance(found, dict) else {}
    at_share = status.get("namespacesAtShare")
    if pool.share is not None and isinstance(at_share, list) and namespace in at_share:
        return "ShareExhausted", f", of which namespace {namespace} has its share of {pool.share}"
    if status.get("free") == 0:
        return "PoolExhausted", ", which has none left"
    return "WaitingForAddress", ""


def _find_ignored(pods: Mapping[str, Manifest]) -> Iterator[str]:
    """Pods that have another address than the one that they were made with."""
    for name, pod in pods.items():
        noted, actual = find_noted_address(pod), pod.get("status", {}).get("podIP")
        if noted and actual and noted != actual:
            yield f"{name} has {actual} instead of {noted}"


def _describe_pods(network: Network, pods: Mapping[str, Manifest]) -> str:
    older = [name for name, pod in pods.items() if find_noted_address(pod) is None]
    moved = [name for name, pod in pods.items() if network.has_moved(name, pod)]
    parts = [
        "Each node has its address.",
        *(
            [f"Pods that are older than theirs, and get it when they are made anew: {', '.join(older)}."]
            if older
            else []
        ),
        *([f"To be made anew with another one: {', '.join(moved)}."] if moved else []),
    ]
    return " ".join(parts)
