"""Condition BackedUp and status.backup: the last snapshot that is stored, and why the last attempt failed.

Pods of Jobs are not our children: Metacontroller sends them because the customize hook asks for them. A pod goes with
its Job, so what it said is kept in the status.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hooks.kubernetes.conditions import Condition, format_time, parse_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.backup_report import (
    FAILED,
    RUNNING,
    SUCCEEDED,
    Attempt,
    Past,
    Snapshot,
    read_attempt,
    select_backup_pods,
)
from hooks.vk8s.observed.children import CRON_JOB, POD
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.observed.pod_state import build_absent_state, read_pod_state
from hooks.vk8s.plan.backups import Backups
from hooks.vk8s.plan.cold_backups import ColdBackups
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import SNAPSHOT_ANNOTATION
from hooks.vk8s.spec.model import BackupSpec
from hooks.vk8s.spec.naming import BACKUP_CONTAINER, backup_cron_job_name
from hooks.vk8s.status.cold_backups import describe_cold
from hooks.vk8s.status.movement import PASSING
from hooks.vk8s.status.next_backup import find_next_backup

BACKED_UP: Final = "BackedUp"
# An attempt takes an hour at most, and starts within minutes.
_PATIENCE: Final = timedelta(hours=2)


@dataclass(frozen=True)
class BackupReport:
    """What the status says of backups: a condition once one was tried, and the fields of status.backup."""

    conditions: list[Condition]
    fields: Manifest


def report_backups(situation: Situation, planned: Backups, cold: ColdBackups) -> BackupReport:
    """What is known of the backups that spec.backup asks for; nothing without it. `cold`: the last cold one."""
    report = _report_snapshots(situation, planned)
    backup = situation.cluster.spec.backup
    if backup is None:
        return report
    due = find_next_backup(backup, _find_cron_job(situation), situation.now)
    reported = describe_cold(situation, cold)
    found = {
        **report.fields.get("backup", {}),
        **({"next": format_time(due)} if due else {}),
        **({"cold": reported} if reported else {}),
    }
    fields = {"backup": found} if found else {}
    is_shown = bool(situation.cluster.cold_backup) and reported.get("phase") == FAILED
    # Snapshots go on, so one that fails matters more.
    if not is_shown or not all(each.status for each in report.conditions):
        return BackupReport(report.conditions, fields)
    message = f"The last cold backup failed: {reported['message']} The virtual cluster does not wait for it any more."
    return BackupReport([_build_false("ColdBackupFailed", message)], fields)


def _find_cron_job(situation: Situation) -> Manifest | None:
    return situation.observed.find(CRON_JOB, backup_cron_job_name(situation.identity.name))


def _report_snapshots(situation: Situation, planned: Backups) -> BackupReport:
    backup = situation.cluster.spec.backup
    if backup is None:
        return BackupReport([], {})
    if planned.blocker:
        return BackupReport(
            [_build_false(planned.blocker.reason, planned.blocker.message)], situation.past_backups.format()
        )
    pods = select_backup_pods(situation.related.get(POD, {}).values())
    attempts = sorted(filter(None, map(read_attempt, pods)), key=lambda attempt: attempt.end)
    last = _find_last(situation, attempts)
    request = _describe_request(situation, planned, attempts)
    problem = _explain_problem(situation, pods, attempts, last)
    if problem is None and last is None:
        return BackupReport([], Past(last, request).format())
    note = attempts[-1].note if attempts else ""
    condition = problem or Condition(BACKED_UP, status=True, reason="Stored", message=_describe(backup, last, note))
    return BackupReport([condition], Past(last, request).format())


def _build_false(reason: str, message: str) -> Condition:
    return Condition(BACKED_UP, status=False, reason=reason, message=message)


def _find_last(situation: Situation, attempts: list[Attempt]) -> Snapshot | None:
    """The newest snapshot that is stored."""
    known = [situation.past_backups.snapshot, *(attempt.snapshot for attempt in attempts)]
    return max(filter(None, known), key=lambda snapshot: snapshot.time, default=None)


def _explain_problem(
    situation: Situation, pods: list[Manifest], attempts: list[Attempt], last: Snapshot | None
) -> Condition | None:
    """Why there is no newer snapshot, although there should be one."""
    if attempts and attempts[-1].error:
        return _build_false("BackupFailed", f"The last backup failed: {attempts[-1].error}.{_describe_before(last)}")
    if pods and read_attempt(pods[-1]) is None:
        pod = Pod(pods[-1], BACKUP_CONTAINER)
        state = read_pod_state(pod, build_absent_state(None, paused=False))
        if not state.ready and state.reason not in PASSING:
            name = pods[-1]["metadata"]["name"]
            return _build_false(state.reason, f"Pod {name} of a backup {state.message}.{_describe_before(last)}")
    if _has_missed(situation, last):
        return _build_false("BackupMissed", f"No backup has been stored since one was due.{_describe_before(last)}")
    return None


def _has_missed(situation: Situation, last: Snapshot | None) -> bool:
    """Whether a backup was due some time ago of which nothing is known: its pods are gone, or there never were any."""
    status = (_find_cron_job(situation) or {}).get("status") or {}
    scheduled = parse_time(status.get("lastScheduleTime"))
    if scheduled is None or status.get("active") or situation.now < scheduled + _PATIENCE:
        return False
    stored = [parse_time(status.get("lastSuccessfulTime")), last.time if last else None]
    return all(moment is None or moment < scheduled for moment in stored)


def _describe_before(last: Snapshot | None) -> str:
    return f" The last one that is stored is snapshot {last.name}." if last else " None has been stored so far."


def _describe(backup: BackupSpec, last: Snapshot | None, note: str) -> str:
    place = f"bucket {backup.s3.bucket}" if backup.s3 else f"claim {backup.claim.name if backup.claim else ''}"
    parts = [
        f"Snapshot {last.name if last else ''} is stored in {place}, and was read back.",
        *([] if last and last.encrypted else ["It is not encrypted: passwordSecretRef is not set."]),
        *([f"But {note}."] if note else []),
    ]
    return " ".join(parts)


def _describe_request(situation: Situation, planned: Backups, attempts: list[Attempt]) -> Manifest:
    """How far the backup is that the owner has requested; what is said of one that was done stays."""
    wanted, job = situation.cluster.snapshot, planned.job
    past = dict(situation.past_backups.request)
    if not wanted:
        return past
    of_request = [attempt for attempt in attempts if attempt.request == wanted]
    is_over = (
        job is not None and job.annotations.get(SNAPSHOT_ANNOTATION) == wanted and (job.is_complete or job.has_failed)
    )
    if not is_over:
        return past if past.get("value") == wanted and not planned.request else {"value": wanted, "phase": RUNNING}
    if not of_request and past.get("value") == wanted and past.get("phase") != RUNNING:
        return past
    return _describe_end(wanted, of_request[-1] if of_request else None)


def _describe_end(wanted: str, attempt: Attempt | None) -> Manifest:
    if attempt and attempt.snapshot:
        return {"value": wanted, "phase": SUCCEEDED, "snapshot": attempt.snapshot.name}
    message = attempt.error if attempt else "its pods are gone"
    return {"value": wanted, "phase": FAILED, "message": f"{message}."}
