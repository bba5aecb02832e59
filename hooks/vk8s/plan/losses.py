"""What is said of volumes that are gone, and what their owner can do."""

from collections.abc import Collection, Mapping
from typing import Final

from hooks.vk8s.plan.members import is_quorum_lost
from hooks.vk8s.spec.cluster import ACCEPT_LOSS_ANNOTATION, VirtualCluster
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.naming import state_claim_name

STATE_LOST, QUORUM_LOST = "StateLost", "QuorumLost"
PAGE: Final = "docs/how-to/lost-volumes.md"


def choose_reason(cluster: VirtualCluster, lost: Collection[str]) -> str:
    """The reason if the volumes of these nodes are lost."""
    return QUORUM_LOST if is_quorum_lost(cluster, _list_holding(cluster, lost)) else STATE_LOST


def describe_loss(cluster: VirtualCluster, node: NodeSpec) -> str:
    """The message, which continues a sentence that starts with the node's name."""
    if node.role != "master":
        what = "the volumes of the pods on it"
    else:
        what = f"{'a copy of ' if cluster.is_replicated else ''}the data of the whole virtual cluster"
    claim = state_claim_name(node.name)
    return f"has lost its volume: PersistentVolumeClaim {claim} is gone, and with it {what}, unless it was retained"


def describe_ways_out(cluster: VirtualCluster, lost: Mapping[str, str]) -> str:
    """What the owner can do about these nodes, whose claims had these uids.

    One command for everything that is lost, in addition to what was given up before.
    """
    identity, given_up = cluster.identity, ",".join([*cluster.given_up, *lost.values()])
    holding = _list_holding(cluster, lost)
    result = "start with an empty volume"
    if is_quorum_lost(cluster, holding):
        result = f"go on with the data of {holding[0]}, without what it has not received"
    return (
        f"No empty volume replaces a lost one by itself. Restore the claim, with label controller-uid={identity.uid} "
        f"({PAGE}); or give up what was on it, and {result}: kubectl annotate vk8s "
        f"-n {identity.namespace} {identity.name} --overwrite {ACCEPT_LOSS_ANNOTATION}={given_up}."
    )


def _list_holding(cluster: VirtualCluster, lost: Collection[str]) -> list[str]:
    """The control-plane nodes that have their data."""
    return [node.name for node in cluster.control_plane if node.name in cluster.state.claims and node.name not in lost]
