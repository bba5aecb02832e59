"""What is said of volumes that are gone, and what their owner can do."""

from collections.abc import Mapping, Sequence
from typing import Final

from hooks.vk8s.spec.cluster import ACCEPT_LOSS_ANNOTATION, VirtualCluster
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.naming import state_claim_name

STATE_LOST, QUORUM_LOST = "StateLost", "QuorumLost"
PAGE: Final = "docs/how-to/lost-volumes.md"


def choose_reason(holding: Sequence[str]) -> str:
    """The reason of a loss. `holding`: the members that have their data, if they are no quorum."""
    return QUORUM_LOST if holding else STATE_LOST


def describe_loss(cluster: VirtualCluster, node: NodeSpec) -> str:
    """The message, which continues a sentence that starts with the node's name."""
    if node.role != "master":
        what = "the volumes of the pods on it"
    else:
        what = f"{'a copy of ' if cluster.is_replicated else ''}the data of the whole virtual cluster"
    claim = state_claim_name(node.name)
    return f"has lost its volume: PersistentVolumeClaim {claim} is gone, and with it {what}, unless it was retained"


def describe_ways_out(cluster: VirtualCluster, lost: Mapping[str, str], holding: Sequence[str]) -> str:
    """What the owner can do about these nodes, whose claims had these uids. `holding`: as for `choose_reason`.

    One command for everything that is lost, in addition to what was given up before.
    """
    identity, given_up = cluster.identity, ",".join([*cluster.given_up, *lost.values()])
    result = "start with an empty volume"
    if holding:
        result = f"go on with the data of {holding[0]}, without what it has not received"
    return (
        f"No empty volume replaces a lost one by itself. Restore the claim, with label controller-uid={identity.uid} "
        f"({PAGE}); or give up what was on it, and {result}: kubectl annotate vk8s "
        f"-n {identity.namespace} {identity.name} --overwrite {ACCEPT_LOSS_ANNOTATION}={given_up}."
    )
