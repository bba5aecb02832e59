"""Nodes whose volumes are on hosts that don't come back, and whose owner gives these volumes up.

The owner names the uid of the claim, as for claims that are gone, and that of the pod that waits for it. Then claim and
pod go, and the node is created again on an empty volume. A node that runs, or that may start, keeps its volume whatever
the annotation says, and so does one whose pod is held: its next pod could not start, or the claim may be another than
that of the pod; and a control-plane node, unless the others have its data. The consent is of no effect for any later
pod: it is for this loss, and for no later one.
"""

from collections.abc import Collection

from hooks.vk8s.observed.children import CLAIM, POD, is_terminating
from hooks.vk8s.part import Part
from hooks.vk8s.plan.members import is_quorum_without
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.naming import state_claim_name


def plan_stranded(situation: Situation, held: Collection[str]) -> Part:
    """The claims that are given up, and the pods that wait for them. `held`: nodes whose pods are never omitted."""
    spares = [node for node in situation.cluster.control_plane if is_quorum_without(situation, node)]
    nodes = [node.name for node in [*spares, *situation.cluster.workers] if node.name not in held]
    names = [name for name in nodes if _is_given_up(situation, name)]
    claims = [(CLAIM, state_claim_name(name)) for name in names]
    return Part(gone=frozenset([*claims, *((POD, name) for name in names)]))


def _is_given_up(situation: Situation, node: str) -> bool:
    """Whether the owner gives up the claim that the node has, and nothing but its volume keeps it from starting.

    That is so if the scheduler says it, or if the pod has been deleted and its host does not answer.
    """
    claim, pod = situation.observed.find(CLAIM, state_claim_name(node)), situation.pods.get(node)
    if claim is None or is_terminating(claim) or pod is None:
        return False
    if f"{claim['metadata']['uid']}/{pod.manifest['metadata']['uid']}" not in situation.cluster.given_up:
        return False
    return pod.is_bound_elsewhere or (pod.is_terminating and pod.host in situation.silent_hosts)
