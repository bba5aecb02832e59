"""Conditions in metav1 form, whose times survive from one status to the next while nothing changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hooks.manifest import Manifest

_TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Condition:
    """A condition as it is now. `reason` is CamelCase, `message` a sentence."""

    type: str
    status: bool
    reason: str
    message: str


@dataclass(frozen=True)
class History:
    """The conditions that the Vk8s has in its status. They feed times, wording and `Installed`, nothing else."""

    conditions: Mapping[str, Manifest]

    def is_true(self, kind: str) -> bool:
        """Whether the condition was true."""
        return self._status(kind) == "True"

    def since(self, condition: Condition) -> datetime | None:
        """Since when the condition has had the status that it has now; None when that is new."""
        if self._status(condition.type) != _text(condition.status):
            return None
        try:
            return datetime.fromisoformat(self.conditions[condition.type]["lastTransitionTime"])
        except (LookupError, TypeError, ValueError):
            return None

    def _status(self, kind: str) -> object:
        return self.conditions.get(kind, {}).get("status")


def parse_history(status: Any) -> History:  # noqa: ANN401 whatever the object's status is, it must not stop a sync
    """The conditions in the status of a Vk8s; what is not a condition is passed over."""
    found = status.get("conditions") if isinstance(status, dict) else None
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    return History({str(entry.get("type")): entry for entry in entries})


def build_conditions(
    conditions: Iterable[Condition], history: History, now: datetime, generation: int
) -> list[Manifest]:
    """The list for `status.conditions`, in the order given."""
    return [
        {
            "type": condition.type,
            "status": _text(condition.status),
            "observedGeneration": generation,
            "lastTransitionTime": (history.since(condition) or now).strftime(_TIME_FORMAT),
            "reason": condition.reason,
            "message": condition.message,
        }
        for condition in conditions
    ]


def _text(status: bool) -> str:  # noqa: FBT001 the one argument is what is turned into text
    return "True" if status else "False"
