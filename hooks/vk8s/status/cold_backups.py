"""`status.backup.cold`: how far the cold backup is that the owner has requested, or how the last one ended."""

from collections.abc import Mapping

from hooks.vk8s.observed.backup_report import FAILED, RUNNING
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cold_note import ColdNote

_EPHEMERAL = "The nodes have no volumes: storage.ephemeral is true."
_PAUSED = "It begins when the virtual cluster is resumed."


def describe_cold(situation: Situation, note: ColdNote) -> Mapping[str, str]:
    """The fields; empty if none was ever requested. `note`: as it is to be."""
    value = situation.cluster.cold_backup
    if note.phase and value in ("", note.value):
        return format_note(note)
    if not value:
        return {}
    if situation.cluster.spec.storage.ephemeral:
        return {"value": value, "phase": FAILED, "message": _EPHEMERAL}
    waiting = {"message": _PAUSED} if situation.cluster.paused else {}
    return {"value": value, "phase": RUNNING, **waiting}


def format_note(note: ColdNote) -> Mapping[str, str]:
    """The fields of a cold backup that has begun; empty if there is none."""
    if not note.phase:
        return {}
    phase = RUNNING if note.is_copying else note.phase
    snapshot = {"snapshot": note.snapshot} if note.snapshot else {}
    message = {"message": f"{note.message}."} if note.message else {}
    return {"value": note.value, "phase": phase, **snapshot, **message}
