"""A host cluster of the simulation with pools, Vk8s and allocations, in which everybody acts on caches that are old.

Pools are served by their hooks. Those of Vk8s would take most of the time of a history: here, all that is known of a
Vk8s is who needs which address, and when that is seen.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from hooks.ippool.allocation import ALLOCATION, API_VERSION, Allocation, NodeKey, read_addresses
from hooks.ippool.pools import POOL, Pool, find_pool, parse_pools
from hooks.ippool.request import VK8S
from hooks.kubernetes.conditions import format_time
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from testbed.metacontroller.objects import is_terminating
from tests.simulation.controller import Asking
from tests.simulation.hooks import SCRIPTS, Call, Hooks, Version
from tests.simulation.host_api import NAMESPACE, HostApi, find_owner
from tests.simulation.kinds import Key
from tests.simulation.late_cache import Stored
from tests.simulation.metacontroller import Metacontroller, Request
from tests.world import NOW

# Several changes fall into one second, as times are written.
CHANGES_PER_SECOND = 100
HOOKS = Version("1", Settings(), next(iter(SCRIPTS.values())))
# When every cache has long shown what was there at the moment of a deletion.
LATER = timedelta(hours=1)


@dataclass(frozen=True)
class Pod:
    """A node pod: the Vk8s that made it, and its address."""

    key: NodeKey
    address: str

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether the address is no pool's."""
        return self.address.startswith("192.168.")


class PoolApi(HostApi):
    """An API server whose time is the number of changes."""

    def format_now(self) -> str:
        return format_time(NOW + timedelta(seconds=self.version // CHANGES_PER_SECOND))


@dataclass
class PoolHost:
    """The host cluster. `check` looks at each answer; `robbed`: nodes whose allocation somebody has deleted."""

    check: Callable[[Call], None]
    pods: dict[tuple[str, str], Pod] = field(default_factory=dict)
    # The status that the sync of a Vk8s has yet to write, by name.
    unwritten: dict[str, Manifest] = field(default_factory=dict)
    robbed: set[NodeKey] = field(default_factory=set)
    names: int = 0

    def __post_init__(self) -> None:
        self.api = PoolApi()
        self.controller = Metacontroller(self.api, Hooks(), self)
        self.pools, self.vk8s, self.allocations = (self.api.kinds[kind] for kind in (POOL, VK8S, ALLOCATION))

    @property
    def kinds(self) -> list[Stored]:
        """Everything that is stored."""
        return [self.pools, self.vk8s, self.allocations]

    def count(self) -> int:
        """A number for the name of something new."""
        self.names += 1
        return self.names

    def make(self, key: Key, spec: Manifest) -> None:
        """Somebody creates a pool, a Vk8s or an allocation."""
        kind, name = key
        metadata = {
            "name": name,
            **({"namespace": NAMESPACE, "finalizers": ["example.com/vk8s"]} if kind == VK8S else {}),
        }
        self.api.make({"apiVersion": API_VERSION, "kind": kind.partition(".")[0], "metadata": metadata, "spec": spec})

    def edit(self, key: Key, spec: Manifest) -> None:
        """Somebody writes another spec."""
        self.api.edit(key, lambda old: {**old, "spec": spec})

    def see_call(self, call: Call) -> None:
        """The hooks have answered for a pool."""
        self.check(call)

    def see_request(self, request: Request) -> None:
        """What comes of the answer is seen in what there is then."""

    def sync(self, name: str, meanwhile: int = 0) -> None:
        """Metacontroller asks the hooks, unless it is still doing what they answered before."""
        if self.controller.list_pending((POOL, name)):
            return
        ahead = timedelta(0) if self.allocations.delay else LATER
        asking = Asking(ahead=ahead, meanwhile=lambda: self.allocations.see(meanwhile))
        call = self.controller.sync(POOL, name, HOOKS, asking)
        if call is not None:
            self.act(call.uid, 0)

    def act(self, uid: str, count: int) -> None:
        """So many requests that follow from an answer are made; when only the status is left, that is written, too."""
        self.controller.act(uid, count)
        if self.controller.count_pending(uid) == 1:
            self.controller.act(uid)

    # The hooks of Vk8s, as far as addresses go

    def sync_vk8s(self, name: str) -> None:
        """Pods are made for nodes that have their address, and a status with all nodes that were there before."""
        shown = self.vk8s.shown[name]
        if name in self.unwritten:
            return
        present = {node: pod for (vk8s, node), pod in self.pods.items() if vk8s == name and _is_of(pod, shown)}
        nodes = [] if is_terminating(shown) else [each["name"] for each in shown["spec"]["nodes"]]
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
            self.api.edit((VK8S, name), lambda old: {**old, "status": found["status"]})

    def _make_pod(self, vk8s: Manifest, node: str) -> None:
        name, uid = vk8s["metadata"]["name"], vk8s["metadata"]["uid"]
        address = read_addresses(uid, self.allocations.shown.values()).get(node)
        waits = "ipPool" in vk8s["spec"] or self.find_default() is not None
        if (name, node) in self.pods or (address is None and waits):
            return
        self.pods[name, node] = Pod(NodeKey(uid, node), address or f"192.168.0.{self.count()}")

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
            shown = self.vk8s.shown.get(name, {"metadata": {"uid": ""}})
            is_going = shown["metadata"]["uid"] == vk8s["metadata"]["uid"] and is_terminating(shown)
            if is_going and not any(key[0] == name for key in self.pods):
                self.api.remove((VK8S, name))
        uids = {each["metadata"]["uid"] for each in self.pools.now.values()}
        for name, allocation in self.allocations.now.items():
            if find_owner(allocation) not in {None, *uids}:
                self.api.remove((ALLOCATION, name))

    def settle(self) -> None:
        """Time passes in which nobody changes anything, until nothing happens any more."""
        before = None
        while before != (state := (self.api.version, {**self.pods})):
            before = state
            self.api.catch_up()
            for name, node in [key for key, pod in self.pods.items() if not self._is_wanted(pod)]:
                self.leave(name, node)
            for name in self.vk8s.shown:
                self.sync_vk8s(name)
            for name in list(self.unwritten):
                self.write_status(name)
            for name in self.pools.shown:
                self.sync(name)
            for uid in self.controller.list_pending():
                self.controller.act(uid)
            self.collect()

    def _is_wanted(self, pod: Pod) -> bool:
        return pod.key in set(self.list_nodes())

    def list_nodes(self) -> Iterator[NodeKey]:
        """Every node of every Vk8s that is not being deleted."""
        for vk8s in self.vk8s.now.values():
            if not is_terminating(vk8s):
                yield from (NodeKey(vk8s["metadata"]["uid"], node["name"]) for node in vk8s["spec"]["nodes"])

    def list_allocations(self) -> list[Allocation]:
        """Every allocation that there is."""
        return [Allocation.model_validate(each) for each in self.allocations.now.values()]


def _is_of(pod: Pod, vk8s: Manifest) -> bool:
    return bool(pod.key.vk8s_uid == vk8s["metadata"]["uid"])
