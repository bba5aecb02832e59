"""A host cluster with pools, Vk8s and allocations, in which everybody acts on what a cache shows: that may be old.

Metacontroller has one cache for each kind of object, which shows changes late but in their order. Its syncs decide at
one moment and act later, one request at a time, while others act too. A create that meets a taken name is passed over.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hooks.ippool.allocation import Allocation, NodeKey, read_addresses
from hooks.ippool.decide import decide_customize
from hooks.ippool.pools import Pool, find_pool, parse_pools
from hooks.ippool.request import PoolCustomizeRequest
from hooks.kubernetes.conditions import format_time
from hooks.kubernetes.manifest import Manifest
from hooks.wire import FinalizeResponse
from testbed.metacontroller.desired import index_desired, with_selector_labels
from testbed.metacontroller.objects import metadata, with_metadata
from tests.pool_world import PoolWorld
from tests.properties.late_cache import Stored
from tests.world import NOW

# Several changes fall into one second, as times are written.
CHANGES_PER_SECOND = 100


@dataclass(frozen=True)
class Pod:
    """A node pod: the Vk8s that made it, and its address."""

    key: NodeKey
    address: str

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether the address is no pool's."""
        return self.address.startswith("192.168.")


@dataclass
class PoolHost:
    """The host cluster. `robbed`: nodes whose allocation somebody has deleted by hand."""

    pools: Stored = field(default_factory=Stored)
    vk8s: Stored = field(default_factory=Stored)
    allocations: Stored = field(default_factory=Stored)
    pods: dict[tuple[str, str], Pod] = field(default_factory=dict)
    # What syncs have decided and not done yet, by the uid of the pool.
    pending: dict[str, list[tuple[str, Manifest | None]]] = field(default_factory=lambda: defaultdict(list))
    # The status that the sync of a Vk8s has yet to write, by name.
    unwritten: dict[str, Manifest] = field(default_factory=dict)
    robbed: set[NodeKey] = field(default_factory=set)
    changes: int = 0

    @property
    def kinds(self) -> list[Stored]:
        """Everything that is stored."""
        return [self.pools, self.vk8s, self.allocations]

    def stamp(self, name: str, **fields: Any) -> Manifest:
        """Metadata of an object that is made now."""
        self.changes += 1
        return {
            "name": name,
            "uid": f"uid-{self.changes}",
            "creationTimestamp": format_time(NOW + timedelta(seconds=self.changes // CHANGES_PER_SECOND)),
            "resourceVersion": str(self.changes),
            "generation": 1,
            **fields,
        }

    def edit(self, kind: Stored, name: str, spec: Manifest) -> None:
        """Somebody writes another spec."""
        old = kind.now[name]
        kind.write(name, with_metadata({**old, "spec": spec}, generation=old["metadata"]["generation"] + 1))

    def mark_deleted(self, kind: Stored, name: str) -> None:
        """Somebody deletes an object that has a finalizer."""
        old = kind.now[name]
        stamp = {"deletionTimestamp": format_time(NOW), "generation": old["metadata"]["generation"] + 1}
        kind.write(name, with_metadata(old, **stamp))

    # Metacontroller, for a pool

    def look(self, name: str, meanwhile: int = 0) -> PoolWorld:
        """What the hooks are shown when the pool is synced. Between children and all else there may be changes."""
        pool = self.pools.shown[name]
        owned = {key: each for key, each in self.allocations.shown.items() if _owner(each) == pool["metadata"]["uid"]}
        self.allocations.see(meanwhile)
        return PoolWorld(
            pool=pool,
            others=tuple(each for each in self.pools.shown.values() if each is not pool),
            vk8s=tuple(self.vk8s.shown.values()),
            own=owned,
            foreign=tuple(each for each in self.allocations.shown.values() if _is_related(each, pool)),
        )

    def sync(self, name: str, meanwhile: int = 0) -> None:
        """Metacontroller asks the hooks, and begins to do what they answer."""
        # Some seconds later, every cache shows what was there then.
        now = NOW if self.allocations.delay else NOW + timedelta(seconds=10)
        world = self.look(name, meanwhile)
        uid = world.pool["metadata"]["uid"]
        if self.pending[uid]:
            return
        is_going = "deletionTimestamp" in metadata(world.pool)
        answer = world.finalize(now) if is_going else world.sync()
        desired = with_selector_labels(index_desired(answer.children, ""), uid)
        wanted = {key: each for group in desired.values() for key, each in group.items()}
        gone: list[tuple[str, Manifest | None]] = [(key, None) for key in world.own if key not in wanted]
        made = [(key, each) for key, each in wanted.items() if key not in world.own]
        self.pending[uid] = [*gone, *made]
        if name in self.pools.now and self.pools.now[name]["metadata"]["uid"] == uid:
            self.pools.write(name, {**self.pools.now[name], "status": answer.status})
            if isinstance(answer, FinalizeResponse) and answer.finalized:
                self.pools.write(name, None)

    def act(self, uid: str) -> None:
        """One request of a sync reaches the API server."""
        name, child = self.pending[uid].pop(0)
        there = self.allocations.now.get(name)
        if child is None and there and _owner(there) == uid:
            self.allocations.write(name, None)
        if child is not None and there is None:
            owner = [{"uid": uid, "controller": True}]
            made = self.stamp(name, labels=metadata(child)["labels"], ownerReferences=owner)
            self.allocations.write(name, {**child, "metadata": made})

    # The hooks of Vk8s, as far as addresses go

    def sync_vk8s(self, name: str) -> None:
        """Pods are made for nodes that have their address, and a status with all nodes that were there before."""
        shown = self.vk8s.shown[name]
        if name in self.unwritten:
            return
        present = {node: pod for (vk8s, node), pod in self.pods.items() if vk8s == name and _is_of(pod, shown)}
        nodes = [] if "deletionTimestamp" in metadata(shown) else [each["name"] for each in shown["spec"]["nodes"]]
        for node in nodes:
            self._make_pod(shown, node)
        listed = [
            {"name": node, **({"podIP": present[node].address} if node in present else {})}
            for node in dict.fromkeys([*nodes, *present])
        ]
        status = {"observedGeneration": shown["metadata"]["generation"], "nodes": listed}
        self.unwritten[name] = {**shown, "status": status}

    def write_status(self, name: str) -> None:
        """The status that the last sync has found reaches the API server."""
        found, real = self.unwritten.pop(name), self.vk8s.now.get(name)
        if real and real["metadata"]["uid"] == found["metadata"]["uid"]:
            self.vk8s.write(name, {**real, "status": found["status"]})

    def _make_pod(self, vk8s: Manifest, node: str) -> None:
        name, uid = vk8s["metadata"]["name"], vk8s["metadata"]["uid"]
        address = read_addresses(uid, self.allocations.shown.values()).get(node)
        waits = "ipPool" in vk8s["spec"] or self.find_default() is not None
        if (name, node) in self.pods or (address is None and waits):
            return
        self.changes += 1
        elsewhere = f"192.168.0.{self.changes}"
        self.pods[name, node] = Pod(NodeKey(uid, node), address or elsewhere)

    def find_default(self) -> Pool | None:
        """The pool for those who name none, as the cache shows it."""
        return find_pool(None, parse_pools(self.pools.shown.values()))

    def leave(self, name: str, node: str) -> None:
        """A pod is gone."""
        del self.pods[name, node]

    def collect(self) -> None:
        """What is gone once nothing holds it: Vk8s without pods, allocations without their pool."""
        for name, vk8s in self.vk8s.now.items():
            # Its hooks let it go once they see that it is to go, and has no pods.
            shown = metadata(self.vk8s.shown.get(name, {}))
            is_going = shown.get("uid") == vk8s["metadata"]["uid"] and "deletionTimestamp" in shown
            if is_going and not any(key[0] == name for key in self.pods):
                self.vk8s.write(name, None)
        uids = {each["metadata"]["uid"] for each in self.pools.now.values()}
        for name, allocation in self.allocations.now.items():
            if _owner(allocation) not in {None, *uids}:
                self.allocations.write(name, None)

    def settle(self) -> None:
        """Time passes in which nobody changes anything, until nothing happens any more."""
        before = None
        while before != (state := self._describe()):
            before = state
            for kind in self.kinds:
                kind.see(kind.delay)
            for name, node in [key for key, pod in self.pods.items() if not self._is_wanted(pod)]:
                self.leave(name, node)
            for name in self.vk8s.shown:
                self.sync_vk8s(name)
            for name in list(self.unwritten):
                self.write_status(name)
            for name in self.pools.shown:
                self.sync(name)
            for uid, requests in list(self.pending.items()):
                while requests:
                    self.act(uid)
            self.collect()

    def _describe(self) -> tuple[Any, ...]:
        return ({**self.pools.now}, {**self.vk8s.now}, {**self.allocations.now}, {**self.pods})

    def _is_wanted(self, pod: Pod) -> bool:
        return pod.key in set(self.list_nodes())

    def list_nodes(self) -> Iterator[NodeKey]:
        """Every node of every Vk8s that is not being deleted."""
        for vk8s in self.vk8s.now.values():
            if "deletionTimestamp" not in metadata(vk8s):
                yield from (NodeKey(vk8s["metadata"]["uid"], node["name"]) for node in vk8s["spec"]["nodes"])

    def list_allocations(self) -> list[Allocation]:
        """Every allocation that there is."""
        return [Allocation.model_validate(each) for each in self.allocations.now.values()]


def _owner(allocation: Manifest) -> str | None:
    references = metadata(allocation).get("ownerReferences") or [{"uid": None}]
    uid: str | None = references[0]["uid"]
    return uid


def _is_of(pod: Pod, vk8s: Manifest) -> bool:
    return bool(pod.key.vk8s_uid == vk8s["metadata"]["uid"])


def _is_related(allocation: Manifest, pool: Manifest) -> bool:
    """Whether the hooks have asked for it, when Metacontroller asked them what else they need."""
    rules = decide_customize(PoolCustomizeRequest.model_validate({"parent": pool})).related_resources
    expression = next(rule for rule in rules if rule["resource"] == "ipallocations")["labelSelector"][
        "matchExpressions"
    ][0]
    return metadata(allocation).get("labels", {}).get(expression["key"]) not in expression["values"]
