"""Planning the pod of each node, and the claim with its state."""

from collections.abc import Sequence

from hooks.vk8s.children.node_pod import build_node_pod
from hooks.vk8s.children.state_claim import build_state_claim
from hooks.vk8s.observed.children import CLAIM, POD, Child
from hooks.vk8s.observed.keep import read_labels
from hooks.vk8s.part import Part
from hooks.vk8s.plan.adoption import awaits_adoption
from hooks.vk8s.plan.backups import BACKUP_IMAGE
from hooks.vk8s.plan.join import explain_missing_certificate
from hooks.vk8s.plan.members import explain_joining, is_quorum_without
from hooks.vk8s.plan.node_state import list_needed
from hooks.vk8s.plan.state import State
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.labels import ACCESS_COMPONENT, COMPONENT, NODE_COMPONENT, claim_labels, node_labels
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.naming import state_claim_name


def plan_claims(situation: Situation) -> Part:
    """The claims of the nodes that stay; none if their state is ephemeral, or still to come."""
    has_none = situation.cluster.spec.storage.ephemeral or awaits_adoption(situation)
    nodes = [] if has_none else situation.cluster.nodes
    claims = {node.name: (CLAIM, state_claim_name(node.name)) for node in nodes}
    created = [node for node in nodes if not situation.observed.has(*claims[node.name])]
    return Part(
        children=[build_state_claim(situation.cluster, node) for node in created if _may_be_empty(situation, node)],
        kept={claims[node.name]: claim_labels(node) for node in nodes if node not in created},
    )


def plan_node_pods(situation: Situation, state: State, members: Sequence[NodeSpec] = ()) -> Part:
    """The pods of the nodes that stay. A pause deletes all except for those that their `state` holds.

    `members`: control-plane nodes that don't stay, and get a pod nevertheless.
    """
    if situation.cluster.paused:
        return Part(gone=frozenset(_list_paused(situation, state)))
    nodes = [*situation.cluster.nodes, *members]
    waiting = {node.name: wait for node in nodes if (wait := _explain_wait(situation, node))}
    return Part(
        children=[
            build_node_pod(situation.cluster, node, situation.context.scripts.digest, situation.settings.backup_image)
            for node in nodes
            if node.name not in {*waiting, *situation.pods}
        ],
        kept={(POD, node.name): node_labels(node) for node in nodes if node.name in situation.pods},
        waiting={name: wait for name, wait in waiting.items() if name not in state.lost},
    )


def _may_be_empty(situation: Situation, node: NodeSpec) -> bool:
    """Whether `node` may get an empty volume: no other has held its state, or the others are a quorum without it.

    That the volume of a member is empty is recorded before it exists, or it could be taken for one with data.
    """
    cluster, pod = situation.cluster, situation.pods.get(node.name)
    is_first = len(cluster.control_plane) == 1 or node == cluster.founder
    if node.role == "master" and not is_first and node.name not in cluster.state.joining:
        return False
    if pod is None and is_quorum_without(situation, node):
        return True
    return node.name not in cluster.state.claims and (pod is None or not pod.has_run)


def _explain_wait(situation: Situation, node: NodeSpec) -> str:
    """What the pod of `node` waits for; empty if it exists, or may be created.

    It is created only once everything that it mounts is observed as ours and is not being deleted: otherwise it might
    boot from a claim or Secret of somebody else with the same name. A pod gets its address when it is created, or
    never: a node that is no longer in the spec gets no new one, and its peers know it by its name.
    """
    if node.name in situation.pods:
        return ""
    if situation.cluster.find_fetched(node) and not situation.settings.backup_image:
        return f"waits for its snapshot, which the hooks can't fetch without {BACKUP_IMAGE}"
    if _awaits_snapshot(situation, node):
        return "waits for the snapshot that the virtual cluster begins with, which may have volumes for it"
    is_former = node.name in situation.removed
    address = None if is_former else situation.cluster.network.explain_missing_address(node.name)
    missing = situation.observed.list_missing(list_needed(situation, node))
    lacking = [*missing, *filter(None, [address, "" if missing else explain_missing_certificate(situation, node)])]
    return f"waits for {', '.join(lacking)}" if lacking else explain_joining(situation, node)


def _awaits_snapshot(situation: Situation, node: NodeSpec) -> bool:
    """Whether it is not known yet if the backup has volumes for `node`, which has none so far."""
    cluster = situation.cluster
    is_begun = cluster.founder in (None, node) or bool(cluster.restored)
    return cluster.spec.restore_from is not None and not is_begun and node.name not in cluster.state.claims


def _list_paused(situation: Situation, state: State) -> list[Child]:
    """The pods that a pause deletes. Volumes, keys and bootstrap files stay."""
    components = (NODE_COMPONENT, ACCESS_COMPONENT)
    return [
        (POD, name)
        for name, pod in situation.observed.pods().items()
        if read_labels(pod).get(COMPONENT) in components and name not in state.held
    ]
