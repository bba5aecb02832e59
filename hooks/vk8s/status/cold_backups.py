"""`status.backup.cold`: how far the cold backup is that the owner has requested, or how the last one ended."""

from collections.abc import Mapping

from hooks.vk8s.observed.backup_report import FAILED, RUNNING
from hooks.vk8s.plan.cold_backups import ColdBackups
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cold_note import ColdNote

_EPHEMERAL = "The nodes have no volumes: storage.ephemeral is true."
_PAUSED = "It begins when the virtual cluster is resumed."


def describe_cold(situation: Situation, planned: ColdBackups) -> Mapping[str, str]:
    """The fields; empty if none was ever requested."""
    note, value = planned.note, situation.cluster.cold_backup
    if note.phase and value in ("", note.value):
        return format_note(note)
    if not value:
        return {}
    if situation.cluster.spec.storage.ephemeral:
        return {"value": value, "phase": FAILED, "message": _EPHEMERAL}
    waiting = f"It waits: {planned.obstacle}." if planned.obstacle else ""
    message = _PAUSED if situation.cluster.paused else waiting
    return {"value": value, "phase": RUNNING, **({"message": message} if message else {})}


def format_note(note: ColdNote) -> Mapping[str, str]:
    """The fields of a cold backup that has begun; empty if there is none."""
    if not note.phase:
        return {}
    phase = RUNNING if note.is_copying else note.phase
    snapshot = {"snapshot": note.snapshot} if note.snapshot else {}
    message = {"message": f"{note.message}."} if note.message else {}
    return {"value": note.value, "phase": phase, **snapshot, **message}
