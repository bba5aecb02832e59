"""The addresses that pools have allocated to the nodes of one Vk8s, and the objects from which they are read."""

from collections.abc import Iterable, Mapping
from typing import Final

from hooks.ippool.allocation import ALLOCATION, API_VERSION, allocation_selector, read_addresses
from hooks.ippool.pools import POOL, Pool, find_pool, parse_pools
from hooks.kubernetes.manifest import Manifest
from hooks.settings import PREFIX, Settings
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.network import NO_POOL, Network
from hooks.wire import Parent

IP_MANAGER_ON: Final = f"{PREFIX}IP_MANAGER=true"
OFF: Final = "IPManagerOff"
NOT_SENT: Final = "PoolsNotSent"


def build_rules(parent: Parent, settings: Settings) -> list[Manifest]:
    """The related objects to request: the allocations of the Vk8s, and the pools that may serve it."""
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
    """The addresses of the nodes of the Vk8s, and the pool that allocates more."""
    if not settings.ip_manager:
        return Network(reason=OFF)
    if ALLOCATION not in related or POOL not in related:
        return Network(reason=NOT_SENT)
    addresses = read_addresses(identity.uid, related[ALLOCATION].values())
    manifests = related[POOL].values()
    pool = find_pool(spec.ip_pool, parse_pools(manifests))
    name = spec.ip_pool or (pool.name if pool else None)
    reason, problem = _explain_problem(pool, manifests, identity.namespace) if name else (NO_POOL, "")
    return Network(addresses, name, reason, problem, settings.host_cni)


def _explain_problem(pool: Pool | None, manifests: Iterable[Manifest], namespace: str) -> tuple[str, str]:
    """Why the pool allocates no address, as far as its status shows: a reason, and the rest of a sentence."""
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
