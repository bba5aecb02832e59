"""The nodes of all Vk8s, as far as addresses go: which want one, which may still use theirs, what their pods have."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hooks.ippool.allocation import NodeKey
from hooks.ippool.pools import Pool, find_pool
from hooks.ippool.request import Vk8s, Vk8sSpec, Vk8sStatus


@dataclass(frozen=True)
class Node:
    """A node and the Vk8s that it belongs to."""

    vk8s: Vk8s
    name: str

    @property
    def key(self) -> NodeKey:
        """Which node it is, as allocations say it."""
        return NodeKey(self.vk8s.metadata.uid, self.name)

    def __str__(self) -> str:
        return f"{self.vk8s.metadata.namespace}/{self.vk8s.metadata.name} {self.name}"


def list_wanting(vk8s: Iterable[Vk8s], pool: Pool, others: Iterable[Pool]) -> Iterator[Node]:
    """The nodes that `pool` serves, in the order of `vk8s`."""
    pools = [pool, *others]
    for each in vk8s:
        if each.is_lasting and isinstance(each.spec, Vk8sSpec) and find_pool(each.spec.ip_pool, pools) is pool:
            yield from (Node(each, name) for name in dict.fromkeys(node.name for node in each.spec.nodes))


def may_use(vk8s: Vk8s | None, node: str) -> bool:
    """Whether a pod of that node may be there, or come: only then is its address needed.

    A node that left the spec has a pod for a while, and is named in the status until that and its volume are gone.
    Hence a status counts only if it is as new as the spec: an older one may not know of a pod that was just made.
    While it can't be told, the answer is yes.
    """
    if vk8s is None:
        return False
    spec, status = vk8s.spec, vk8s.status
    if not isinstance(spec, Vk8sSpec) or not isinstance(status, Vk8sStatus):
        return True
    if status.observed_generation < vk8s.metadata.generation:
        return True
    return node in {each.name for each in spec.nodes} | {each.name for each in status.nodes}


def list_pod_addresses(vk8s: Iterable[Vk8s]) -> Mapping[str, NodeKey]:
    """The address that each node's pod has, wherever it got it from, and whose it is."""
    return {
        node.pod_ip: NodeKey(each.metadata.uid, node.name)
        for each in vk8s
        if isinstance(each.status, Vk8sStatus)
        for node in each.status.nodes
        if node.pod_ip is not None
    }
