"""The state of the nodes: which volumes hold it, whether they exist, and which pods must stay for it (decision 11).

No answer may turn a recoverable state into a lost one: a pod whose volume, keys or bootstrap files are missing or being
deleted stays, whatever the spec asks for; and if a volume is gone, no empty one replaces it until the owner of the Vk8s
explicitly asks for that, or the other members of etcd have its data.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hooks.kubernetes.conditions import Blocker
from hooks.vk8s.observed.children import (
    CLAIM,
    POD,
    SECRET,
    Observed,
    describe_finalizers,
    is_terminating,
)
from hooks.vk8s.observed.keep import read_annotation
from hooks.vk8s.observed.pod import Pod, read_creation_time
from hooks.vk8s.part import Part
from hooks.vk8s.plan.losses import PAGE, choose_reason, describe_loss, describe_ways_out
from hooks.vk8s.plan.members import is_quorum_lost, list_former
from hooks.vk8s.plan.node_state import NodeState, read_node_state
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.naming import pki_secret_name, state_claim_name
from hooks.vk8s.spec.state_note import FIRST_GENERATION, STATE, StateNote, parse_note, read_pod_generation

STATE_AT_RISK: Final = "StateAtRisk"


@dataclass(frozen=True, kw_only=True)
class State(Part):
    """What is to be recorded, and which state is lost or at risk.

    `notes`: annotations for the `pki` Secret; `lost`: by node, a message; such a node gets neither claim nor pod.
    `held`: nodes whose pods are never omitted. `gone`: pods that have no state and can get none.
    """

    notes: Mapping[str, str] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)
    held: frozenset[str] = frozenset()


def read_note(name: str, observed: Observed) -> StateNote:
    """The note of the Vk8s `name` as last written; an empty one if there is none.

    If a PKI was restored without its note, the generation is that of the pods.
    """
    pki = observed.find(SECRET, pki_secret_name(name))
    notes = map(parse_note, read_annotation(pki, STATE)) if pki else ()
    noted = next((note for note in notes if note), None)
    generations = map(read_pod_generation, observed.pods().values())
    return noted or StateNote(generation=max(generations, default=FIRST_GENERATION))


def read_older_claims(name: str, observed: Observed, spec: Spec) -> dict[str, str]:
    """The claims of several control-plane nodes that are older than the PKI, by node, with their uids.

    Claims are created after the PKI: so it was restored, and they may have data. If it was restored without its note,
    each node would wait for another one that is Ready, and they may need each other for that.
    """
    pki = observed.find(SECRET, pki_secret_name(name))
    nodes = spec.control_plane if pki is not None and len(spec.control_plane) > 1 else []
    claims = {node.name: observed.find(CLAIM, state_claim_name(node.name)) for node in nodes}
    return {
        node: str(claim["metadata"]["uid"])
        for node, claim in claims.items()
        if pki and claim and read_creation_time(claim) < read_creation_time(pki)
    }


def plan_state(situation: Situation, left: frozenset[str]) -> State:
    """The state of the nodes that stay. `left`: removed nodes, whose entries are deleted from the note."""
    cluster = situation.cluster
    former = list_former(situation, left)
    found = [read_node_state(situation, node) for node in [*cluster.nodes, *former]]
    holders = _list_holders(situation, found)
    holding = holders if is_quorum_lost(_list_members(situation, found), holders) else []
    # While most have their data, one that was removed is not missed.
    is_kept = bool(holders) and not holding
    gone = [each for each in found if each.is_lost and not each.is_spare and not (is_kept and each.node in former)]
    lost = {each.node.name: describe_loss(cluster, each.node) for each in gone}
    is_member_lost = any(each.node.role == "master" for each in gone)
    return State(
        notes=_build_notes(situation, _plan_note(situation, found, left, holding)),
        lost=lost,
        held=frozenset(each.node.name for each in found if each.lacking and each.pod and not each.is_useless),
        gone=frozenset((POD, each.node.name) for each in found if each.is_useless),
        blockers=_list_blockers(cluster, found, lost, holding if is_member_lost else []),
    )


def _build_notes(situation: Situation, note: StateNote) -> dict[str, str]:
    """The note as an annotation; none while there is nothing to record."""
    pki = situation.observed.find(SECRET, pki_secret_name(situation.identity.name))
    is_noted = pki is not None and STATE in (pki["metadata"].get("annotations") or {})
    return {STATE: note.encode()} if is_noted or note != StateNote() else {}


def _plan_note(situation: Situation, found: list[NodeState], left: frozenset[str], holding: list[str]) -> StateNote:
    """The updated note: the claims with which nodes are Ready, without those that were removed or given up."""
    cluster, note = situation.cluster, situation.cluster.state
    dropped = {each.node.name for each in found if each.is_dropped}
    proven = {each.node.name: each.proven for each in found if each.proven and not each.is_dropped}
    kept = {node: uid for node, uid in note.claims.items() if node not in dropped | left}
    claims, joining = {**kept, **proven}, _list_joining(situation, found, left)
    masters = [each for each in found if each.node.role == "master"]
    gives_up = any(each.is_dropped for each in masters)
    recorded = {each.node.name for each in masters if each.node.name in claims.keys() - joining}
    # Those who are missed may have been given up before anything of the others was there.
    missed = _list_members(situation, found) & claims.keys() - set(holding)
    is_forced = bool(holding) and (gives_up or not missed)
    others = note.members - left - {each.node.name for each in masters}
    is_left = bool(recorded) or any(_holds(situation, name, None) for name in others)
    is_new = gives_up and not is_left
    members = {holding[0]} if is_forced else {*note.members, *recorded} - left if is_left else set()
    return StateNote(
        # One without data keeps nobody from initializing the cluster again.
        {node: uid for node, uid in claims.items() if not (is_new and node in joining)},
        # Nobody has data any more, or only members that are no quorum.
        generation=note.generation + is_new,
        members=frozenset(members if cluster.is_replicated or "master" in situation.removed.values() else ()),
        joining=joining,
        forced=note.force(holding[0]) if is_forced else note.forced,
    )


def _list_joining(situation: Situation, found: list[NodeState], left: frozenset[str]) -> frozenset[str]:
    """The control-plane nodes that have no data, or lose it now, as the others replace it.

    None that is Ready, or whose owner has restored its claim.
    """
    cluster, masters = situation.cluster, [each for each in found if each.node.role == "master"]
    several = cluster.control_plane if len(cluster.control_plane) > 1 else []
    new = {each.node.name for each in masters if each.noted is None and each.node in several}
    new -= {cluster.founder.name} if cluster.founder else set()
    spare = {each.node.name for each in masters if each.is_gone and each.is_spare}
    holding = {each.node.name for each in masters if each.is_restored or (each.pod is not None and each.pod.is_ready)}
    return (cluster.state.joining | frozenset(new | spare)) - holding - left


def _list_members(situation: Situation, found: list[NodeState]) -> set[str]:
    """The control-plane nodes that are recorded, as they stay or have not left."""
    masters = [each.node.name for each in found if each.node.role == "master" and each.noted is not None]
    return {*situation.cluster.state.members, *masters}


def _list_holders(situation: Situation, found: list[NodeState]) -> list[str]:
    """The members that have their data. One to go on with comes first: it stays, has its claim, and runs.

    A host that does not answer may never do so again.
    """
    states = {each.node.name: each for each in found}
    members = sorted(_list_members(situation, found))
    holders = [name for name in members if _holds(situation, name, states.get(name))]
    order = [*states]
    return sorted(
        holders,
        key=lambda name: (
            name not in states or states[name].claim is None,
            not _is_alive(situation.pods.get(name)),
            order.index(name) if name in order else len(order),
        ),
    )


def _is_alive(pod: Pod | None) -> bool:
    """Whether the container runs, on a host that answers."""
    return pod is not None and not pod.is_terminating and pod.is_running and pod.silent_since is None


def _holds(situation: Situation, member: str, state: NodeState | None) -> bool:
    """Whether a member has its data, whether or not it stays. `state`: None if it is unknown."""
    if member in situation.cluster.state.joining:
        return False
    if state is not None and state.noted is not None:
        return not state.is_gone
    return member in situation.pods or situation.observed.find(CLAIM, state_claim_name(member)) is not None


def _list_blockers(
    cluster: VirtualCluster, found: list[NodeState], lost: Mapping[str, str], holding: list[str]
) -> list[Blocker]:
    """What is lost, with what to do about it, then what is at risk; at most one blocker."""
    uids = {each.node.name: str(each.noted) for each in found if each.node.name in lost}
    losses = [
        *(f"{node} {sentence}." for node, sentence in lost.items()),
        *([describe_ways_out(cluster, uids, holding)] if lost else []),
    ]
    message = " ".join([*losses, *(danger for each in found if (danger := _describe_danger(each)))])
    return [Blocker(choose_reason(holding) if lost else STATE_AT_RISK, message)] if message else []


def _describe_danger(standing: NodeState) -> str:
    """The message for a node whose state is at risk, or empty."""
    going = list(_list_going(standing))
    if not going:
        return ""
    name, volume = standing.node.name, _read_volume(standing)
    save = (
        f" Keep the volume now: kubectl patch pv {volume} --type=merge "
        '--patch=\'{"spec": {"persistentVolumeReclaimPolicy": "Retain"}}\'.'
        if volume
        else ""
    )
    if standing.pod is None:
        return f"{name} has no pod, and {', '.join(going)}.{save} How to go on: {PAGE}."
    return (
        f"{name} stays as it is, whatever the spec asks: {', '.join(going)}, and lasts only as long as pod {name}."
        f"{save} How to go on: {PAGE}."
    )


def _list_going(standing: NodeState) -> Iterator[str]:
    """What is being deleted, and a claim that is gone. Anything else that is gone is recreated by this very answer."""
    if standing.is_useless:
        return
    pod = standing.pod
    for (kind, name), found in standing.lacking.items():
        if found is not None and (standing.pod or standing.noted):
            # The finalizer of a claim is not worth mentioning: its pod uses it.
            yield f"{found['kind']} {name} is being deleted{'' if kind == CLAIM else describe_finalizers(found)}"
        elif found is None and kind == CLAIM and pod and (standing.noted or standing.proven or pod.has_run):
            other = ", and the claim that has its name now is another one" if standing.claim else ""
            yield f"PersistentVolumeClaim {name} is gone{other}"


def _read_volume(standing: NodeState) -> str:
    """Name of the PersistentVolume of a claim that is being deleted; empty if there is none."""
    claim = standing.claim
    return str(claim["spec"].get("volumeName", "")) if claim and is_terminating(claim) else ""
