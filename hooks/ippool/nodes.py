"""The nodes of all Vk8s and their addresses: which need one, which may still use theirs, and which their pods have."""

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
        """The node's identity in allocations."""
        return NodeKey(self.vk8s.metadata.uid, self.name)

    def __str__(self) -> str:
        return f"{self.vk8s.metadata.namespace}/{self.vk8s.metadata.name} {self.name}"


def list_wanting(vk8s: Iterable[Vk8s], pool: Pool, others: Iterable[Pool]) -> Iterator[Node]:
    """The nodes that need an address of `pool`, in the order of `vk8s`."""
    pools = [pool, *others]
    for each in vk8s:
        if each.is_lasting and isinstance(each.spec, Vk8sSpec) and find_pool(each.spec.ip_pool, pools) is pool:
            yield from (Node(each, name) for name in dict.fromkeys(node.name for node in each.spec.nodes))


def may_use(vk8s: Vk8s | None, node: str) -> bool:
    """Whether a pod of the node may exist now or later: only then is its address needed.

    A node that was removed from the spec has a pod for a while, and is in the status until pod and volume are gone. The
    status counts only if it is as new as the spec: an older one may miss a pod that was just created. In doubt, the
    answer is yes.
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
    """The nodes by the addresses of their pods, whether allocated or not."""
    return {
        node.pod_ip: NodeKey(each.metadata.uid, node.name)
        for each in vk8s
        if isinstance(each.status, Vk8sStatus)
        for node in each.status.nodes
        if node.pod_ip is not None
    }
