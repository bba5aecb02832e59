"""Planning a cold backup: a snapshot of etcd, then no pod of a node while Jobs copy the volumes inside, then all again.

The note on the `pki` Secret says that volumes are copied. It is written first and observed before anything is stopped,
and it ends with the copies, with the first that fails, or with time: the virtual cluster never stays stopped.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from hooks.vk8s.children.snapshot_store import StoreAccess
from hooks.vk8s.children.volumes_job import Copy, build_volumes_job
from hooks.vk8s.observed.backup_report import find_cold_attempt, read_copy, select_copy_pods
from hooks.vk8s.observed.children import JOB, POD, SECRET, Observed
from hooks.vk8s.observed.job import Job
from hooks.vk8s.observed.keep import read_annotation
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.part import Part
from hooks.vk8s.plan.cold_failures import (
    SKEW,
    STORE_CHANGED,
    list_ends,
    list_failures,
    list_jobs,
    list_obstacles,
    list_own_jobs,
    list_running,
)
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import COLD_BACKUP_ANNOTATION
from hooks.vk8s.spec.cold_note import COLD_NOTE, COLD_STORE, COPYING, FAILED, SUCCEEDED, ColdNote, parse_cold_note
from hooks.vk8s.spec.labels import volumes_labels
from hooks.vk8s.spec.naming import (
    VOLUMES_CONTAINER,
    backup_job_name,
    pki_secret_name,
)

# So much newer than the snapshot of etcd volumes may be.
BEGIN_MINUTES: Final = 5
_BEGIN: Final = timedelta(minutes=BEGIN_MINUTES)
# So long the nodes wait for copies to end of a backup that has failed: their pods end within seconds.
_LINGER: Final = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class ColdBackups(Part):
    """The Jobs that copy volumes. `note`: as it is to be; `obstacle`: why it has not begun, although it could."""

    note: ColdNote = field(default_factory=ColdNote)
    obstacle: str = ""

    @property
    def notes(self) -> Mapping[str, str]:
        """Annotations for the `pki` Secret; none as long as there was no cold backup."""
        return {COLD_NOTE: self.note.encode()} if self.note.phase else {}


def read_cold_note(name: str, observed: Observed) -> ColdNote:
    """The note of the Vk8s `name` as last written; an empty one if there is none."""
    pki = observed.find(SECRET, pki_secret_name(name))
    found = map(parse_cold_note, read_annotation(pki, COLD_NOTE)) if pki else ()
    return next((note for note in found if note.phase), ColdNote())


def pause_for_copies(situation: Situation) -> Situation:
    """The same, paused if volumes are copied. A backup that can't succeed any more has failed, and stops nothing."""
    note = _judge(situation, situation.cold)
    paused = situation.cluster.paused or note.is_copying or _compute_linger_end(situation, note) is not None
    return replace(situation, cluster=replace(situation.cluster, cold=note, paused=paused))


def _judge(situation: Situation, note: ColdNote) -> ColdNote:
    """The observed note, or that the backup has failed."""
    failure = next(list_failures(situation, note), "")
    if not failure:
        return note
    return replace(note, phase=FAILED, message=failure, end=min(situation.now, max(list_ends(situation, note))))


def _compute_linger_end(situation: Situation, note: ColdNote) -> datetime | None:
    """Until when nodes wait, although the backup has failed: a copy may still read their volumes, and be stored.

    None if nothing reads them, or if a node runs already.
    """
    if note.end is None or note.phase != FAILED:
        return None
    end = note.end + _LINGER
    if not situation.now < end <= situation.now + _LINGER + SKEW:
        return None
    return end if _is_any_copied(situation) and not list_running(situation) else None


def _is_any_copied(situation: Situation) -> bool:
    """Whether a Job for volumes has not ended, or a pod of one, which may outlive it."""
    jobs = (situation.jobs[name] for name in list_jobs(situation).values())
    pods = (Pod(pod, VOLUMES_CONTAINER) for pod in select_copy_pods(situation.related.get(POD, {}).values()))
    return any(not (job.is_complete or job.has_failed) for job in jobs) or any(
        pod.host and not pod.has_ended for pod in pods
    )


def plan_cold_backups(situation: Situation, held: Collection[str] = ()) -> ColdBackups:
    """What a cold backup needs now: to begin, or to go on until it ends. Jobs go once its end is observed.

    `held`: nodes whose pods are never omitted.
    """
    note, jobs = situation.cluster.cold, list_jobs(situation)
    if situation.cold.is_copying:
        return _go_on(situation, note, jobs)
    gone, begun = frozenset((JOB, name) for name in jobs.values()), _begin(situation, note, held)
    return replace(begun, gone=gone, due=begun.due or _compute_linger_end(situation, note))


def _begin(situation: Situation, note: ColdNote, held: Collection[str]) -> ColdBackups:
    """The note once the snapshot of etcd that was taken for a cold backup is stored, or could not be.

    What keeps it from beginning may pass soon. Later, the volumes would be much newer than the snapshot.
    """
    value, now, backup = situation.cluster.cold_request, situation.now, situation.cluster.spec.backup
    job = _find_snapshot_job(situation)
    if backup is None or job is None:
        return ColdBackups(note=note)
    attempt, store = find_cold_attempt(situation.related.get(POD, {}).values(), value), StoreAccess(backup).digest
    if job.has_failed and attempt:
        return _fail(value, f"no snapshot of etcd: {attempt.error or job.failure}")
    if job.annotations.get(COLD_STORE) != store:
        return _fail(value, STORE_CHANGED)
    obstacle = next(list_obstacles(situation, attempt, held), "")
    end = job.ended + _BEGIN if job.ended else None
    if end is None or not now < end <= now + _BEGIN + SKEW:
        message = f"it could not begin within {BEGIN_MINUTES} minutes after the snapshot of etcd"
        return _fail(value, f"{message}: {obstacle}" if obstacle else message)
    if obstacle or attempt is None or attempt.snapshot is None:
        return ColdBackups(note=note, due=end, obstacle=obstacle)
    nodes = tuple(node.name for node in situation.cluster.nodes)
    owner = situation.identity.uid
    return ColdBackups(note=ColdNote(value, COPYING, attempt.snapshot.name, now, nodes, store=store, owner=owner))


def _find_snapshot_job(situation: Situation) -> Job | None:
    """The Job for the snapshot of the cold backup that is requested, once it has ended."""
    value, job = situation.cluster.cold_request, situation.jobs.get(backup_job_name(situation.identity.name))
    if not value or job is None or job.annotations.get(COLD_BACKUP_ANNOTATION) != value:
        return None
    return job if job.is_complete or job.has_failed else None


def _fail(value: str, message: str) -> ColdBackups:
    """One that failed before it stopped any node."""
    return ColdBackups(note=ColdNote(value, FAILED, message=message))


def _go_on(situation: Situation, note: ColdNote, jobs: Mapping[str, str]) -> ColdBackups:
    """The Jobs once no pod of a node exists, and the end of the backup once they have ended."""
    own = list_own_jobs(situation, note)
    part = ColdBackups(
        note=note,
        kept={(JOB, job.name): volumes_labels(node) for node, job in own.items()},
        gone=frozenset((JOB, name) for node, name in jobs.items() if node not in own),
        due=_compute_due(situation, note),
    )
    if not note.is_copying:
        return part
    if len(own) == len(note.nodes) and all(job.is_complete for job in own.values()):
        message = _describe_copies(situation, note)
        end = max(job.ended or situation.now for job in own.values())
        return replace(part, note=replace(note, phase=SUCCEEDED, message=message, end=end))
    backup, image = situation.cluster.spec.backup, situation.settings.backup_image
    if list_running(situation) or backup is None or image is None:
        return part
    copies = [
        Copy(node, note.snapshot, len(note.nodes), backup.volume_minutes)
        for node in situation.cluster.nodes
        if node.name in note.nodes and node.name not in jobs
    ]
    return replace(part, children=[build_volumes_job(situation.cluster, backup, copy, image) for copy in copies])


def _compute_due(situation: Situation, note: ColdNote) -> datetime | None:
    """When time alone ends the backup."""
    return min((end for end in list_ends(situation, note) if end > situation.now), default=None)


def _describe_copies(situation: Situation, note: ColdNote) -> str:
    """What was copied, as far as the pods of the Jobs still say so."""
    pods = list(situation.related.get(POD, {}).values())
    copies = [copy for node in note.nodes if (copy := read_copy(pods, note.value, node))]
    if len(copies) < len(note.nodes):
        return ""
    volumes, size = (sum(copy[key] for copy in copies) for key in ("volumes", "size"))
    return f"{volumes} volumes of {len(note.nodes)} nodes, {size} bytes"
