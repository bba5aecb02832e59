"""Allocating the addresses of a pool: which allocations stay, which are new, and which nodes get none.

The allocations themselves are the only memory.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from hooks.ippool.addresses import Addresses, format_address, parse_number
from hooks.ippool.allocation import Allocation, NodeKey, list_held
from hooks.ippool.nodes import Node, list_pod_addresses, list_wanting, may_use
from hooks.ippool.pools import Pool
from hooks.ippool.request import Vk8s


@dataclass(frozen=True)
class PoolInputs:
    """The observed objects that a decision about a pool depends on. Pools and Vk8s are sorted by age, oldest first.

    `foreign`: allocations that are not children of the pool.
    """

    pool: Pool
    others: Sequence[Pool]
    own: Sequence[Allocation]
    foreign: Sequence[Allocation]
    vk8s: Sequence[Vk8s]


@dataclass(frozen=True)
class Grant:
    """An address that is allocated now."""

    address: str
    node: Node


@dataclass(frozen=True)
class AllocationPlan:
    """The decision: own allocations that stay, new ones, nodes for which no address is left, and how many are free.

    `over`: nodes that get no address because their namespace has its share.
    """

    kept: list[Allocation]
    grants: list[Grant]
    without: list[Node]
    free: int
    over: list[Node]


def plan_allocations(inputs: PoolInputs) -> AllocationPlan:
    """Which node has which address. One is released only if its node is gone, or has an older allocation.

    Only addresses that are observed to be free are allocated. One that is released now is free when its object is gone.
    """
    held = list_held([*inputs.own, *inputs.foreign])
    allocator = _Allocator(compute_usable(inputs), _list_taken(inputs))
    wanting = [node for node in list_wanting(inputs.vk8s, inputs.pool, inputs.others) if node.key not in held]
    within, over = _split_by_share(wanting, inputs)
    chosen = [(node, allocator.allocate(node.key)) for node in within]
    return AllocationPlan(
        kept=list(_list_kept(inputs, held)),
        grants=[Grant(format_address(address), node) for node, address in chosen if address is not None],
        without=[node for node, address in chosen if address is None],
        free=allocator.free,
        over=over,
    )


def compute_usable(inputs: PoolInputs) -> Addresses:
    """The addresses that the pool may allocate: not those of an older pool, and none while it is being deleted."""
    usable = inputs.pool.addresses if inputs.pool.is_open else Addresses()
    for older in list_older(inputs):
        usable = usable.without(older.addresses)
    return usable


def list_older(inputs: PoolInputs) -> Iterator[Pool]:
    """Older pools that allocate addresses. A pool that is being deleted allocates none."""
    for other in inputs.others:
        if other.is_open and other.seniority < inputs.pool.seniority:
            yield other


class _Allocator:
    """Allocates addresses of `usable`, each once. `taken`: addresses in use, with the node if its own pod uses it."""

    def __init__(self, usable: Addresses, taken: Mapping[int | None, NodeKey | None]) -> None:
        self._usable = usable
        self._taken = set(taken)
        self._own = {key: address for address, key in taken.items() if address in usable}
        self.free = usable.size - sum(address in usable for address in taken)

    def allocate(self, key: NodeKey) -> int | None:
        """An address for the node: the one that its pod already has, else a free one, else None."""
        if key in self._own or not self.free:
            return self._own.get(key)
        address = self._search(key)
        self._taken.add(address)
        self.free -= 1
        return address

    def _search(self, key: NodeKey) -> int:
        """The first free address, starting at a hash of the node's name.

        So syncs on a stale cache choose the same one, and a released address is seldom allocated again at once.
        """
        start = int.from_bytes(sha256("/".join(key).encode()).digest()[:8])
        positions = (start + offset for offset in range(self._usable.size))
        return next(
            address
            for position in positions
            if (address := self._usable.nth(position % self._usable.size)) not in self._taken
        )


def _split_by_share(wanting: Sequence[Node], inputs: PoolInputs) -> tuple[list[Node], list[Node]]:
    """The nodes that may get an address, and those whose namespace has its share.

    Every allocation of a namespace counts until it is gone, even if there are more than a share that was set later.
    """
    share = inputs.pool.share
    if share is None:
        return list(wanting), []
    used = Counter(each.namespace for each in inputs.own if each.holder)
    within: list[Node] = []
    over: list[Node] = []
    for node in wanting:
        namespace = node.vk8s.metadata.namespace
        used[namespace] += 1
        (within if used[namespace] <= share else over).append(node)
    return within, over


def _list_kept(inputs: PoolInputs, held: dict[NodeKey, Allocation]) -> Iterator[Allocation]:
    """The pool's allocations that stay. Those that can't be read stay as well."""
    by_uid = {vk8s.metadata.uid: vk8s for vk8s in inputs.vk8s}
    for allocation in inputs.own:
        key = allocation.holder
        if key is None or (held[key] is allocation and may_use(by_uid.get(key.vk8s_uid), key.node)):
            yield allocation


def _list_taken(inputs: PoolInputs) -> Mapping[int | None, NodeKey | None]:
    """Addresses with an allocation, and addresses that pods use without one, with the pod's node."""
    allocated = {each.address: each.number for each in (*inputs.own, *inputs.foreign)}
    pods = list_pod_addresses(inputs.vk8s)
    in_use = {parse_number(text): key for text, key in pods.items() if text not in allocated}
    return {**in_use, **dict.fromkeys(allocated.values())}
