"""Why a cold backup can't begin, and why one that has begun can't succeed any more: all reasons, in one place.

In doubt it fails, says why, and the nodes run: a copy that may be torn or not complete must not count.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.snapshot_store import StoreAccess
from hooks.vk8s.observed.backup_report import Attempt, read_copy_error
from hooks.vk8s.observed.children import CLAIM, POD
from hooks.vk8s.observed.job import Job
from hooks.vk8s.observed.keep import read_labels
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import COLD_BACKUP_ANNOTATION
from hooks.vk8s.spec.cold_note import SUCCEEDED, ColdNote
from hooks.vk8s.spec.labels import COMPONENT, NODE_COMPONENT
from hooks.vk8s.spec.naming import state_claim_name, volumes_job_name

STORE_CHANGED: Final = "the target in spec.backup was changed meanwhile"
_RAN: Final = "pods ran while their volumes were copied"
# So long nodes may take to stop: they end within a minute, unless their host does not answer.
STOP_MINUTES: Final = 10
_STOP: Final = timedelta(minutes=STOP_MINUTES)
# Of the controller of Jobs, after the deadline of a Job.
_GRACE: Final = timedelta(minutes=5)
# The clocks of hosts differ by less.
SKEW: Final = timedelta(minutes=1)
# A node takes longer until a volume inside is mounted. Clocks of one control plane may differ by as much.
_BOOT: Final = timedelta(seconds=5)


def list_obstacles(situation: Situation, attempt: Attempt | None, held: Collection[str]) -> Iterator[str]:
    """Why nodes can't be stopped, or not all of their volumes copied, as things stand."""
    if attempt is None or attempt.snapshot is None:
        # A Job may be observed as complete before its last pod is.
        yield f"no snapshot is known: {attempt.error if attempt else 'its pods are gone'}"
    for node in situation.cluster.nodes:
        pod = situation.pods.get(node.name)
        if pod is None:
            # One that was created just now may not be observed yet, and would run while its volume is copied.
            yield f"{node.name} has no pod"
        elif pod.is_terminating:
            yield f"pod {node.name} is being deleted"
        elif pod.host in situation.suspected_hosts:
            yield f"host {pod.host} of {node.name} does not answer"
        elif node.name in held:
            yield f"pod {node.name} can't be stopped, as its next one would miss something"
        elif not _is_recorded(situation, node.name):
            yield f"{node.name} has not been Ready with its volume yet"
    names = {node.name for node in situation.cluster.nodes}
    removed = [name for name in list_running(situation) if name not in names]
    if removed:
        yield f"these are being removed: {', '.join(removed)}"


def list_failures(situation: Situation, note: ColdNote) -> Iterator[str]:
    """Why a backup can't succeed any more, or has not succeeded after all; the first cause first."""
    if note.is_copying:
        yield from _list_changes(situation, note)
        yield from _list_failed_copies(situation, note)
    elif note.phase == SUCCEEDED:
        late = [name for name, pod in situation.pods.items() if _has_run_meanwhile(pod, note)]
        if late:
            yield f"{_RAN}: {', '.join(late)}"


def _has_run_meanwhile(pod: Pod, note: ColdNote) -> bool:
    """Whether it is a node's, was created while volumes were copied, and is seen only now.

    Its time and those of Jobs are of the host cluster's control plane. One that is older is of before the stop.
    """
    if note.since is None or note.end is None or not note.since - SKEW <= pod.created < note.end - _BOOT:
        return False
    return _is_of_node(pod.manifest)


def _list_failed_copies(situation: Situation, note: ColdNote) -> Iterator[str]:
    """Why volumes are not copied, or not as of one moment."""
    (stop_end, end), jobs, running = list_ends(situation, note), list_own_jobs(situation, note), list_running(situation)
    if running and jobs:
        yield f"{_RAN}: {', '.join(running)}"
    if running and situation.now >= stop_end:
        yield f"pods did not stop within {STOP_MINUTES} minutes: {', '.join(running)}"
    for node, job in jobs.items():
        if job.has_failed:
            reason = read_copy_error(situation.related.get(POD, {}).values(), note.value, node)
            yield f"volumes of {node}: {reason or job.failure}"
    if stop_end - _STOP > situation.now + SKEW:
        yield "by the clock of the hooks, it has not begun yet"
    if situation.now >= end:
        yield "the volumes were not copied in time"


def _list_changes(situation: Situation, note: ColdNote) -> Iterator[str]:
    """What was changed since the backup began, so that its parts don't belong together."""
    backup = situation.cluster.spec.backup
    if note.owner != situation.identity.uid:
        # The Secret was retained and adopted, or restored.
        yield "it belongs to another Vk8s"
    if backup is None or not situation.settings.backup_image:
        yield "spec.backup, or the image for it, was removed meanwhile"
    elif StoreAccess(backup).digest != note.store:
        yield STORE_CHANGED
    names = {node.name for node in situation.cluster.nodes}
    if not note.nodes:
        yield "its note names no node"
    if not names.issuperset(note.nodes):
        yield f"no longer in the spec: {', '.join(sorted(set(note.nodes) - names))}"
    lacking = situation.observed.list_missing((CLAIM, state_claim_name(node)) for node in note.nodes)
    if lacking:
        yield f"these are gone: {', '.join(lacking)}"
    replaced = [node for node in note.nodes if not _is_recorded(situation, node)]
    if replaced:
        yield f"their volumes were replaced meanwhile: {', '.join(replaced)}"


def list_ends(situation: Situation, note: ColdNote) -> tuple[datetime, datetime]:
    """Until when the nodes have to stop, and their volumes to be copied."""
    backup = situation.cluster.spec.backup
    since = note.since or situation.now
    return since + _STOP, since + _STOP + _GRACE + timedelta(minutes=backup.volume_minutes if backup else 0)


def _is_recorded(situation: Situation, node: str) -> bool:
    """Whether the volume of `node` is the one that has its state."""
    claim = situation.observed.find(CLAIM, state_claim_name(node))
    return claim is not None and claim["metadata"]["uid"] == situation.cluster.state.claims.get(node)


def list_running(situation: Situation) -> Sequence[str]:
    """The pods of nodes that exist: their volumes may be written to."""
    return [name for name, pod in situation.observed.pods().items() if _is_of_node(pod)]


def _is_of_node(pod: Manifest) -> bool:
    return read_labels(pod).get(COMPONENT) == NODE_COMPONENT


def list_jobs(situation: Situation) -> Mapping[str, str]:
    """By the names of nodes, the names of their Jobs that exist."""
    nodes = {*situation.cold.nodes, *(node.name for node in situation.cluster.nodes)}
    names = {node: volumes_job_name(node) for node in sorted(nodes)}
    return {node: name for node, name in names.items() if name in situation.jobs}


def list_own_jobs(situation: Situation, note: ColdNote) -> Mapping[str, Job]:
    """By the names of nodes, their Jobs of this backup."""
    jobs = {node: situation.jobs[name] for node, name in list_jobs(situation).items()}
    return {node: job for node, job in jobs.items() if job.annotations.get(COLD_BACKUP_ANNOTATION) == note.value}
