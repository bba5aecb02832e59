"""Conditions as in metav1. Their lastTransitionTime is carried over from the previous status while nothing changes."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from hooks.kubernetes.manifest import Manifest

# Years outside this range are not plausible and overflow date arithmetic.
_YEARS = range(1970, 9999)
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_REASON = re.compile(r"[A-Z][A-Za-z0-9]*")
# kstatus: the object changes by itself; or it stays as it is until somebody acts. Each is true, or absent.
RECONCILING: Final = "Reconciling"
STALLED: Final = "Stalled"


@dataclass(frozen=True)
class Condition:
    """A condition now. `reason` is CamelCase, `message` a sentence.

    `since`: since when, if that does not follow from its status alone.
    """

    type: str
    status: bool
    reason: str
    message: str
    since: datetime | None = None


@dataclass(frozen=True)
class Blocker:
    """Why something can't be done now: a CamelCase reason, and a message."""

    reason: str
    message: str


@dataclass(frozen=True)
class History:
    """The conditions in an object's status.

    Only times, messages, `Installed`, `Reconciling`, `Stalled` and how long a rejected spec keeps its disruption budget
    depend on them.
    """

    conditions: Mapping[str, Manifest]

    def is_true(self, kind: str) -> bool:
        """Whether the condition was true."""
        return self._status(kind) == "True"

    def is_true_of(self, kind: str, generation: int) -> bool:
        """Whether the condition was true of that generation of the spec."""
        return self.is_true(kind) and self.conditions[kind].get("observedGeneration") == generation

    def reason_of(self, kind: str, generation: int) -> str:
        """The reason why the condition was true of that generation of the spec; empty if it was not."""
        reason = self.conditions[kind].get("reason") if self.is_true_of(kind, generation) else None
        return reason if isinstance(reason, str) and _REASON.fullmatch(reason) else ""

    def since(self, kind: str, *, status: bool) -> datetime | None:
        """Since when the condition has had that status; None if it has another one, or none."""
        if self._status(kind) != _text(status):
            return None
        return parse_time(self.conditions[kind].get("lastTransitionTime"))

    def _status(self, kind: str) -> object:
        return self.conditions.get(kind, {}).get("status")


@dataclass(frozen=True)
class StatusContext:
    """What is needed to write the conditions of a parent. `now`: UTC, whole seconds."""

    history: History
    generation: int
    now: datetime


def parse_history(status: Any) -> History:  # noqa: ANN401 whatever the object's status is, it must not stop a sync
    """The conditions in the status of an object; anything else in it is ignored."""
    found = status.get("conditions") if isinstance(status, dict) else None
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    return History({str(entry.get("type")): entry for entry in entries})


def build_conditions(conditions: Iterable[Condition], moment: StatusContext) -> list[Manifest]:
    """The list for `status.conditions`, in the order given."""
    return [
        {
            "type": condition.type,
            "status": _text(condition.status),
            "observedGeneration": moment.generation,
            "lastTransitionTime": format_time(
                condition.since or moment.history.since(condition.type, status=condition.status) or moment.now
            ),
            "reason": condition.reason,
            "message": condition.message,
        }
        for condition in conditions
    ]


def format_time(moment: datetime) -> str:
    """The time as Kubernetes writes it."""
    return moment.strftime(_TIME_FORMAT)


def parse_time(text: object) -> datetime | None:
    """The time, in UTC and whole seconds; None if it is missing, or not one that Kubernetes would have written."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        if moment is None or moment.tzinfo is None:
            return None
        moment = moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in _YEARS else None


def _text(status: bool) -> str:  # noqa: FBT001 the one argument is what is turned into text
    return "True" if status else "False"
