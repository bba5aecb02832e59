"""The control-plane nodes as members of etcd, as far as their pods show (decision 21).

A control-plane node is Ready only when its own API server answers and it is a voter, so those that are Ready count. The
nodes themselves keep the list of members: hooks only decide which of them exist, and when.
"""

from collections.abc import Collection

from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.model import NodeSpec


def is_quorum_without(situation: Situation, node: NodeSpec) -> bool:
    """Whether the control-plane nodes but `node` that are Ready are a quorum of all, so that it can lose its data."""
    nodes = situation.cluster.control_plane
    ready = [each for each in nodes if each != node and _is_ready(situation, each.name)]
    return node in nodes and len(nodes) > 1 and len(ready) > len(nodes) // 2


def is_quorum_lost(cluster: VirtualCluster, holding: Collection[str]) -> bool:
    """Whether several members are no quorum, if only those that are `holding` their data are left."""
    count = len(cluster.control_plane)
    return count > 1 and 0 < len(holding) <= count // 2


def explain_joining(situation: Situation, node: NodeSpec) -> str:
    """What a control-plane node that has no data yet waits for before it can join; empty if nothing, or it need not.

    The first one initializes the cluster. Another one joins it once it has a member that listens to others: the only
    node of a control plane does not, before it is recreated as one of several. That member need not be Ready: the one
    that waits may be a member already, and the quorum may be lost without it.
    """
    if node.role != "master" or node.name in situation.cluster.state.claims or node == situation.cluster.founder:
        return ""
    return "" if _has_open_member(situation, node) else "waits for a control-plane node that it can join"


def list_joining(situation: Situation) -> frozenset[str]:
    """The control-plane nodes that have no pod yet because they can't join."""
    absent = [node for node in situation.cluster.control_plane if node.name not in situation.pods]
    return frozenset(node.name for node in absent if explain_joining(situation, node))


def _has_open_member(situation: Situation, node: NodeSpec) -> bool:
    is_initialized = situation.cluster.founder is None
    others = [each.name for each in situation.cluster.control_plane if each != node and each.name in situation.pods]
    return any(_is_open(situation, name) and (is_initialized or _is_ready(situation, name)) for name in others)


def _is_ready(situation: Situation, node: str) -> bool:
    pod = situation.pods.get(node)
    return pod is not None and pod.is_ready


def _is_open(situation: Situation, node: str) -> bool:
    """Whether its pod was created as one of several, and so has a name that others can use."""
    return "subdomain" in situation.pods[node].manifest["spec"]
