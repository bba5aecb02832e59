"""The removal of nodes. A Job drains a node that is no longer in the spec; then pod and claim go, then the Job.

Control-plane nodes are removed one after the other, so that those that stay keep their quorum, and never the last one.
Those that are lost go before the others.

Its name is free again when all three are gone: until then, a node of the same name in the spec waits. Pod and claim are
annotated once a removal has begun: the node may have stopped its kubelet, and another Job may be needed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hooks.kubernetes.labels import PREFIX
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.leave_job import RESOURCES, TAKES, Leave, build_leave_job
from hooks.vk8s.observed.children import CLAIM, CONFIG_MAP, JOB, POD, SECRET, Child, Observed, describe_finalizers
from hooks.vk8s.observed.fingerprint import hash_leave, is_outdated
from hooks.vk8s.observed.job import Job
from hooks.vk8s.observed.keep import keep_unknown, read_labels, read_node_name
from hooks.vk8s.observed.refused import is_room_needed, is_too_large
from hooks.vk8s.part import Part
from hooks.vk8s.plan.members import find_anchor
from hooks.vk8s.plan.removal_progress import describe_work
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.labels import COMPONENT, LEAVE_COMPONENT
from hooks.vk8s.spec.naming import kubeconfig_secret_name, leave_job_name, state_claim_name

LEAVING: Final = f"{PREFIX}leaving"
_AFTER_PAUSE = "will be removed when the virtual cluster is resumed"


@dataclass(frozen=True)
class Removal:
    """The removal of a node. `message` continues a sentence that starts with its name; `job` is to be created."""

    node: str
    role: str
    message: str
    job: Manifest | None = None


@dataclass(frozen=True, kw_only=True)
class Removals(Part):
    """The nodes that are being removed, and those whose Jobs are complete, which have `left` the cluster.

    `children`: their pods and claims, annotated with the removal, and their Jobs.
    """

    removing: Sequence[Removal] = ()
    left: frozenset[str] = frozenset()

    @property
    def nodes(self) -> frozenset[str]:
        """Names of the nodes that are being removed."""
        return frozenset(each.node for each in self.removing)


@dataclass(frozen=True)
class _Remains:
    """What exists of a node: its pod and its claim by kind and name, and its Job."""

    node: str
    role: str
    parts: dict[Child, Manifest]
    job: Job | None

    @property
    def uids(self) -> frozenset[str]:
        return frozenset(str(part["metadata"]["uid"]) for part in self.parts.values())

    @property
    def is_job_stale(self) -> bool:
        """Whether the Job is about an earlier pod or claim: the node has been recreated since."""
        return self.job is not None and not self.uids <= set(self.job.annotations.get(TAKES, "").split(","))

    @property
    def has_left(self) -> bool:
        """Whether its Job is complete, so that pod and claim are deleted now, or are gone."""
        return self.job is not None and not self.is_job_stale and self.job.is_complete

    @property
    def has_begun(self) -> bool:
        """Whether a Job has been created to remove what exists."""
        return not self.is_job_stale or any(map(_is_noted, self.parts.values()))


def plan_removals(situation: Situation) -> Removals:
    """Nodes that were removed from the spec, and nodes whose leave Job is running."""
    cluster, observed = situation.cluster, situation.observed
    wanted = {node.name: node.role for node in cluster.nodes}
    past = {**dict.fromkeys(cluster.state.claims.keys() - wanted, "worker"), **situation.removed}
    roles = {**past, **{name: wanted.get(name, "worker") for name in _list_begun(observed) if name not in past}}
    staying = _list_staying(situation)
    remains = [_get_remains(situation, name, roles[name]) for name in sorted(roles.keys() - staying)]
    removed = [each for each in remains if each.node in past or each.has_begun]
    turns, anchor = _list_turns(situation, removed), find_anchor(situation, [each.node for each in removed])
    removing = [
        _plan_removal(situation, each)
        if each.role != "master" or (each.node in turns and (anchor or each.job))
        else _wait_for(each, turns, anchor)
        for each in removed
    ]
    noted = [each for each, removal in zip(removed, removing, strict=True) if each.job or removal.job]
    return Removals(
        children=[
            *(_note(part) for each in noted for part in each.parts.values()),
            *(removal.job for removal in removing if removal.job),
        ],
        gone=frozenset(
            child
            for each in remains
            # A copy of the data stays until one that stays has it; a stale Job goes alone.
            if each.role != "master" or each.is_job_stale or (anchor and each.node in turns)
            for child in _choose_gone(situation, each)
        ),
        removing=removing,
        left=frozenset(each.node for each in remains if each.has_left),
    )


def _list_staying(situation: Situation) -> set[str]:
    """The control-plane nodes of the spec that are never removed, whatever their pods and claims are annotated with.

    Anyone who may annotate a pod, or have a Job adopted, could mark one. With several, one that its owner has written
    again while it was being removed is removed first, as it may be no member any more; but a recorded one always stays,
    the first one that has no Job.
    """
    cluster = situation.cluster
    recorded = [node.name for node in cluster.control_plane if node.name in cluster.state.claims]
    names = {node.name for node in cluster.control_plane}
    if len(names) == 1 or not recorded:
        return names
    return {min(recorded, key=lambda name: leave_job_name(name) in situation.jobs)}


def _list_turns(situation: Situation, removed: Sequence[_Remains]) -> list[str]:
    """The control-plane nodes that are removed now: those that are lost, and the first one whose Job exists.

    Without any of these, the first one. etcd lets no member leave that its quorum needs, and needs fewer when one is
    gone that does not run. So a removal that has begun may wait for that of another one.
    """
    masters = [each for each in removed if each.role == "master"]
    lost = [each.node for each in masters if _is_lost(situation, each.node)]
    begun = [each.node for each in masters if each.node not in lost and each.job][:1]
    return [*lost, *begun] or [each.node for each in masters[:1]]


def _is_lost(situation: Situation, node: str) -> bool:
    """Whether a control-plane node has no pod, or is not Ready, unless it boots without data.

    One that does may join, even after another node was asked to remove its member.
    """
    pod = situation.pods.get(node)
    return pod is None or not (pod.is_ready or node in situation.cluster.state.joining)


def _wait_for(remains: _Remains, turns: Sequence[str], anchor: str | None) -> Removal:
    is_later = remains.node not in turns and anchor
    when = f"after {', '.join(turns)}" if is_later else "when a control-plane node that stays is Ready"
    return Removal(remains.node, remains.role, f"will be removed {when}")


def _list_begun(observed: Observed) -> Iterator[str]:
    """Names of the nodes with a Job, or with a pod or claim that is annotated with a removal."""
    for kind in (CLAIM, JOB, POD):
        for name, child in observed.children.get(kind, {}).items():
            # The cheaper check first: hardly any child is annotated.
            if kind != JOB and not _is_noted(child):
                continue
            labels = read_labels(child)
            is_sign = kind != JOB or labels.get(COMPONENT) == LEAVE_COMPONENT
            node = read_node_name(kind, name, labels)
            if is_sign and node is not None:
                yield node


def _is_noted(part: Manifest) -> bool:
    return LEAVING in (part["metadata"].get("annotations") or {})


def _note(part: Manifest) -> Manifest:
    kept = keep_unknown(part)
    annotations = {**kept["metadata"].get("annotations", {}), LEAVING: "true"}
    return {**kept, "metadata": {**kept["metadata"], "annotations": annotations}}


def _get_remains(situation: Situation, node: str, role: str) -> _Remains:
    keys = [(POD, node), (CLAIM, state_claim_name(node))]
    parts = {key: child for key in keys if (child := situation.observed.find(*key)) is not None}
    return _Remains(node, role, parts, situation.jobs.get(leave_job_name(node)))


def _choose_gone(situation: Situation, remains: _Remains) -> Iterable[Child]:
    """What of a worker is deleted now: pod and claim once its Job is complete, then the Job; or a Job to recreate."""
    job = remains.job
    if job is None or job.is_terminating:
        return []
    if remains.is_job_stale:
        return [(JOB, leave_job_name(remains.node))]
    cluster = situation.cluster
    note = cluster.state
    is_noted = remains.node in {*note.claims, *note.members, *note.joining}
    if job.is_complete:
        # Only the Job distinguishes a removed worker from one that has lost its volume.
        return remains.parts or ([] if is_noted else [(JOB, leave_job_name(remains.node))])
    if cluster.paused:
        return []
    is_known = is_noted or bool(remains.parts)
    if job.has_failed or (is_known and _needs_another(situation, remains.node, job)):
        return [(JOB, leave_job_name(remains.node))]
    pod = remains.parts.get((POD, remains.node)) if cluster.is_forced_out(remains.node) else None
    # If a quota has room for the Job's pod only without the worker's own pod, which is not to be drained.
    return [(POD, remains.node)] if pod and is_room_needed(job.manifest, pod, cluster.rules) else []


def _needs_another(situation: Situation, node: str, job: Job) -> bool:
    """Whether the Job has to be recreated. If nothing else of the worker is left, only this Job knows of its Node."""
    cluster = situation.cluster
    is_lost = not all(situation.observed.has(CONFIG_MAP, name) for name in job.config_maps)
    current = hash_leave(situation.running_image, force=cluster.is_forced_out(node))
    is_large = is_too_large(job.manifest, RESOURCES.fit(cluster.rules), cluster.rules)
    return is_lost or is_large or is_outdated(job.manifest, current)


def _plan_removal(situation: Situation, remains: _Remains) -> Removal:
    cluster = situation.cluster
    node, role = remains.node, remains.role
    if remains.job is not None:
        return Removal(node, role, _describe(situation, remains, remains.job))
    if cluster.paused:
        return Removal(node, role, _AFTER_PAUSE)
    lacking = situation.observed.list_missing(
        [(SECRET, kubeconfig_secret_name(cluster.name)), (CONFIG_MAP, situation.boot_files)]
    )
    if lacking:
        return Removal(node, role, f"is being removed: waits for {', '.join(lacking)}")
    leave = Leave(node, role, remains.uids, situation.running_image)
    return Removal(
        node,
        role,
        f"is being removed: Job {leave_job_name(node)} is being created",
        build_leave_job(cluster, leave, situation.context.scripts.digest),
    )


def _describe(situation: Situation, remains: _Remains, job: Job) -> str:
    name = f"Job {job.name}"
    if job.is_terminating or remains.is_job_stale:
        return f"is being removed: waits until {name} is gone{job.held}"
    if job.is_complete:
        rest = [f"{part['kind']} {key[1]}{describe_finalizers(part)}" for key, part in remains.parts.items()]
        return f"is being removed: waits until these are gone: {'; '.join(rest or [name])}"
    if situation.cluster.paused:
        return _AFTER_PAUSE
    return f"is being removed: {describe_work(situation, job)}"
