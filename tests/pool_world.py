"""A model of the host cluster for tests of address pools without one: a pool, other pools, Vk8s, allocations."""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hooks.ippool.allocation import ALLOCATION, API_VERSION, build_allocation
from hooks.ippool.decide import decide_finalize, decide_sync
from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S, PoolRequest
from hooks.kubernetes.manifest import Manifest
from hooks.wire import FinalizeResponse, SyncResponse
from tests.world import NOW

POOL_UID = "11111111-06c6-4c4b-b908-d5ffb972b650"
VK8S_UID = "7a8ca577-06c6-4c4b-b908-d5ffb972b650"
CREATED = "2026-01-01T00:00:00Z"


def pool_manifest(spec: Any = None, name: str = "default", **metadata: Any) -> Manifest:
    """A pool; of ten addresses, unless `spec` says otherwise."""
    ten: Manifest = {"ranges": ["10.0.0.1-10.0.0.10"], "default": True}
    identity = {"name": name, "uid": POOL_UID, "creationTimestamp": CREATED, "generation": 2}
    return {
        "apiVersion": API_VERSION,
        "kind": "IPPool",
        "metadata": {**identity, **metadata},
        "spec": ten if spec is None else spec,
    }


def vk8s_manifest(
    name: str = "demo", nodes: Any = ("m", "w"), status: Any = None, namespace: Any = "team-a", **spec: Any
) -> Manifest:
    """A Vk8s, of namespace team-a by default, with `nodes`, and a status that is as new as the spec."""
    listed = [{"name": node} for node in nodes] if isinstance(nodes, Sequence) else nodes
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": VK8S_UID if name == "demo" else f"uid-of-{name}",
            "creationTimestamp": CREATED,
            "generation": 3,
        },
        "spec": {"nodes": listed, **spec},
        "status": {"observedGeneration": 3, "nodes": listed} if status is None else status,
    }


def build_spec(address: str, node: str, vk8s: str = "demo") -> Manifest:
    """The spec of an allocation."""
    identity = vk8s_manifest(vk8s)["metadata"]
    owner = {key: identity[key] for key in ("namespace", "name", "uid")}
    return {"address": address, "pool": "default", "node": node, "vk8s": owner}


def allocation_manifest(address: str, node: str, vk8s: str = "demo", **metadata: Any) -> Manifest:
    """An allocation as it is observed."""
    made = build_allocation(address, build_spec(address, node, vk8s))
    return observe(made, **{"creationTimestamp": CREATED, "resourceVersion": "5", **metadata})


def observe(made: Manifest, **metadata: Any) -> Manifest:
    """An allocation as the API server holds it."""
    return {**deepcopy(made), "metadata": {**made["metadata"], "uid": f"uid-of-{made['metadata']['name']}", **metadata}}


@dataclass(frozen=True)
class PoolWorld:
    """A pool, and all that its hooks are shown. Every step gives a new world."""

    pool: Manifest = field(default_factory=pool_manifest)
    others: tuple[Manifest, ...] = ()
    vk8s: tuple[Manifest, ...] = field(default_factory=lambda: (vk8s_manifest(),))
    own: Mapping[str, Manifest] = field(default_factory=dict)
    foreign: tuple[Manifest, ...] = ()

    def body(self) -> Manifest:
        """The body of a call. The pool is among the pools, as in Metacontroller's calls."""
        related = {
            VK8S: {f"{each['metadata']['namespace']}/{each['metadata']['name']}": each for each in self.vk8s},
            POOL: {each["metadata"]["name"]: each for each in (self.pool, *self.others)},
            ALLOCATION: {each["metadata"]["name"]: each for each in self.foreign},
        }
        return {"parent": self.pool, "children": {ALLOCATION: dict(self.own)}, "related": related}

    def request(self) -> PoolRequest:
        """The call as the hooks read it."""
        return PoolRequest.model_validate_json(json.dumps(self.body()))

    def sync(self) -> SyncResponse:
        """The answer to a sync call."""
        return decide_sync(self.request(), NOW)

    def finalize(self, now: datetime = NOW) -> FinalizeResponse:
        """The answer to a finalize call."""
        return decide_finalize(self.request(), now)

    def step(self) -> "PoolWorld":
        """The world after one sync."""
        return self.stored(self.sync())

    def stored(self, answer: SyncResponse) -> "PoolWorld":
        """The world after that answer: its allocations exist, others are gone, the status is stored."""
        children = {child["metadata"]["name"]: child for child in answer.children}
        own = {
            name: self.own.get(name) or observe(child, creationTimestamp=CREATED) for name, child in children.items()
        }
        return replace(self, own=own, pool={**self.pool, "status": answer.status})

    def with_own(self, *allocations: Manifest) -> "PoolWorld":
        """The world in which the pool has made these."""
        return replace(self, own={each["metadata"]["name"]: each for each in allocations})


def addresses(answer: SyncResponse) -> dict[str, str]:
    """`vk8s/node` to the address that it has; fails where a node has two."""
    found = [
        (f"{spec['vk8s']['name']}/{spec['node']}", spec["address"]) for spec in (c["spec"] for c in answer.children)
    ]
    if len(dict(found)) != len(found):
        raise AssertionError(found)
    return dict(found)
