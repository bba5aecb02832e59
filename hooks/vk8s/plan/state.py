"""The state of the nodes: which volumes hold it, whether they exist, and which pods must stay for it (decision 11).

No answer may turn a recoverable state into a lost one: a pod whose volume, keys or bootstrap files are missing or being
deleted stays, whatever the spec asks for; and if a volume is gone, no empty one replaces it until the owner of the Vk8s
explicitly asks for that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hooks.kubernetes.conditions import Blocker
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.node_pod import get_credentials_name
from hooks.vk8s.observed.children import (
    CLAIM,
    CONFIG_MAP,
    POD,
    SECRET,
    Child,
    Observed,
    describe_finalizers,
    is_terminating,
)
from hooks.vk8s.observed.keep import read_annotation
from hooks.vk8s.observed.pod import Pod, read_creation_time
from hooks.vk8s.part import Part
from hooks.vk8s.plan.losses import PAGE, choose_reason, describe_loss, describe_ways_out
from hooks.vk8s.plan.members import is_quorum_lost, is_quorum_without
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.model import NodeSpec
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


def plan_state(situation: Situation, left: frozenset[str]) -> State:
    """The state of the nodes that stay. `left`: removed workers, whose entries are deleted from the note."""
    cluster = situation.cluster
    found = [_read_node_state(situation, node) for node in cluster.nodes]
    lost = {each.node.name: describe_loss(cluster, each.node) for each in found if each.is_lost and not each.is_spare}
    return State(
        notes=_build_notes(situation, _plan_note(situation, found, left)),
        lost=lost,
        held=frozenset(each.node.name for each in found if each.lacking and each.pod and not each.is_useless),
        gone=frozenset((POD, each.node.name) for each in found if each.is_useless),
        blockers=_list_blockers(cluster, found, lost),
    )


def list_needed(situation: Situation, node: NodeSpec) -> list[Child]:
    """What a pod of `node` mounts if it is created now."""
    claim = [] if situation.cluster.spec.storage.ephemeral else [(CLAIM, state_claim_name(node.name))]
    return [(CONFIG_MAP, situation.boot_files), (SECRET, get_credentials_name(situation.cluster, node)), *claim]


@dataclass(frozen=True)
class _NodeState:
    """What the state of a node depends on.

    `claim`, `noted`: None if its state is ephemeral. `noted`: uid of the recorded claim; `is_accepted`: whether the
    owner has given it up; `is_spare`: whether the other members of etcd have its data, and are a quorum; `lacking`:
    what its next pod would miss, by kind and name, with the object if it is being deleted.
    """

    node: NodeSpec
    pod: Pod | None
    claim: Manifest | None
    noted: str | None
    is_ephemeral: bool
    is_accepted: bool
    is_spare: bool
    lacking: Mapping[Child, Manifest | None]

    @property
    def is_lost(self) -> bool:
        """Whether the volume with its state is gone, and its owner has not given it up."""
        is_gone = self.noted is not None and self.claim is None and (self.pod is None or self.is_useless)
        return is_gone and not self.is_accepted

    @property
    def is_useless(self) -> bool:
        """Whether its pod has no volume and can get none: it is not scheduled, or the owner has given the volume up."""
        pod = self.pod
        if pod is None or self.noted is None or self.claim is not None or pod.is_ready or pod.is_running:
            return False
        return self.is_accepted or not pod.is_placed

    @property
    def is_on_another(self) -> bool:
        """Whether the claim of that name is newer than the pod, whose own volume will be gone when the pod is."""
        if self.pod is None or self.claim is None or self.claim["metadata"]["uid"] == self.noted:
            return False
        is_newer = read_creation_time(self.claim) > self.pod.created
        return is_newer and not self.is_accepted and (self.pod.is_ready or self.pod.has_run)

    @property
    def is_dropped(self) -> bool:
        """Whether the recorded claim and its pod are gone, and an empty volume is to replace it.

        That is what the owner wants, or a member of etcd that gets its data from the others.
        """
        is_gone = self.claim is None or self.claim["metadata"]["uid"] != self.noted
        return self.pod is None and ((self.is_accepted and is_gone) or (self.is_spare and self.is_lost))

    @property
    def proven(self) -> str | None:
        """The uid of the claim with which the node is Ready, or with which its owner has replaced the recorded one.

        A pod does not run on a claim that is newer. Then the recorded uid stays; without one, the uid of the pod
        records that there is state, and that it is on no existing claim.
        """
        if self.pod is None and self.noted and self.claim and not is_terminating(self.claim):
            return str(self.claim["metadata"]["uid"])
        if self.pod is None or self.is_ephemeral or not self.pod.is_ready:
            return None
        if self.claim is not None and read_creation_time(self.claim) <= self.pod.created:
            return str(self.claim["metadata"]["uid"])
        return self.noted or str(self.pod.manifest["metadata"]["uid"])


def _read_node_state(situation: Situation, node: NodeSpec) -> _NodeState:
    cluster, observed = situation.cluster, situation.observed
    is_ephemeral = cluster.spec.storage.ephemeral
    claim = None if is_ephemeral else observed.find(CLAIM, state_claim_name(node.name))
    noted = None if is_ephemeral else cluster.state.claims.get(node.name)
    is_accepted = noted is not None and cluster.gives_up(noted)
    lacking = {
        (kind, name): observed.find(kind, name)
        for kind, name in list_needed(situation, node)
        if (kind, name) not in observed.lasting and not (kind == CLAIM and is_accepted)
    }
    pod, is_spare = situation.pods.get(node.name), is_quorum_without(situation, node)
    standing = _NodeState(node, pod, claim, noted, is_ephemeral, is_accepted, is_spare, lacking)
    if not standing.is_on_another:
        return standing
    return replace(standing, lacking={**lacking, (CLAIM, state_claim_name(node.name)): None})


def _build_notes(situation: Situation, note: StateNote) -> dict[str, str]:
    """The note as an annotation; none while there is nothing to record."""
    pki = situation.observed.find(SECRET, pki_secret_name(situation.identity.name))
    is_noted = pki is not None and STATE in (pki["metadata"].get("annotations") or {})
    return {STATE: note.encode()} if is_noted or note != StateNote() else {}


def _plan_note(situation: Situation, found: list[_NodeState], left: frozenset[str]) -> StateNote:
    """The updated note: the claims with which nodes are Ready, without those that were removed or given up."""
    cluster, note = situation.cluster, situation.cluster.state
    dropped = {each.node.name for each in found if each.is_dropped}
    proven = {each.node.name: each.proven for each in found if each.proven and not each.is_dropped}
    kept = {node: uid for node, uid in note.claims.items() if node not in dropped | left}
    claims = {**kept, **proven}
    masters = [each for each in found if each.node.role == "master"]
    holding = [each.node.name for each in masters if each.node.name in claims and not each.is_lost]
    gives_up = any(each.is_dropped and each.is_accepted for each in masters)
    removed = {node for node, role in situation.removed.items() if role == "master"}
    members = removed.union(each.node.name for each in masters) if cluster.is_replicated else set()
    return StateNote(
        claims,
        # Nobody has data any more, or only members that are no quorum.
        generation=note.generation + (gives_up and not any(each.node.name in claims for each in masters)),
        members=frozenset(members & claims.keys()),
        forced=note.force(holding[0]) if gives_up and is_quorum_lost(cluster, holding) else note.forced,
    )


def _list_blockers(cluster: VirtualCluster, found: list[_NodeState], lost: Mapping[str, str]) -> list[Blocker]:
    """What is lost, with what to do about it, then what is at risk; at most one blocker."""
    uids = {each.node.name: str(each.noted) for each in found if each.node.name in lost}
    losses = [
        *(f"{node} {sentence}." for node, sentence in lost.items()),
        *([describe_ways_out(cluster, uids)] if lost else []),
    ]
    message = " ".join([*losses, *(danger for each in found if (danger := _describe_danger(each)))])
    return [Blocker(choose_reason(cluster, lost) if lost else STATE_AT_RISK, message)] if message else []


def _describe_danger(standing: _NodeState) -> str:
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


def _list_going(standing: _NodeState) -> Iterator[str]:
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


def _read_volume(standing: _NodeState) -> str:
    """Name of the PersistentVolume of a claim that is being deleted; empty if there is none."""
    claim = standing.claim
    return str(claim["spec"].get("volumeName", "")) if claim and is_terminating(claim) else ""
