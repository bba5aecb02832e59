"""What backups say of themselves: their pods' termination messages, and what the status has kept of earlier ones."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from hooks.kubernetes.conditions import format_time, parse_time
from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import get_container_status, parse_result
from hooks.vk8s.observed.pod_state import LONGEST_MESSAGE
from hooks.vk8s.spec.cluster import COLD_BACKUP_ANNOTATION, SNAPSHOT_ANNOTATION
from hooks.vk8s.spec.labels import BACKUP_COMPONENT, COMPONENT
from hooks.vk8s.spec.naming import BACKUP_CONTAINER, VOLUMES_CONTAINER

RUNNING: Final = "Running"
SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"
_LONGEST_NAME: Final = 64
_OF_COPY: Final = ("volumes", "size")


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that is stored. `time`: what was acknowledged before is in it; `size`: of etcd's data, in bytes."""

    name: str
    time: datetime
    size: int
    encrypted: bool

    @classmethod
    def parse(cls, raw: Mapping[str, Any], name: str, time: str, size: str) -> Self | None:
        """The snapshot in `raw`, which has its name, time and size under these keys; None if it is none."""
        moment = parse_time(raw.get(time))
        is_whole = isinstance(raw.get(name), str) and type(raw.get(size)) is int and type(raw.get("encrypted")) is bool
        if moment is None or not is_whole:
            return None
        return cls(raw[name][:_LONGEST_NAME], moment, raw[size], raw["encrypted"])

    def format(self) -> Manifest:
        """As it is in the status, where `parse_past` reads it."""
        return {
            "lastSuccessTime": format_time(self.time),
            "snapshot": self.name,
            "size": self.size,
            "encrypted": self.encrypted,
        }


@dataclass(frozen=True)
class Attempt:
    """A pod that has taken a backup, or has failed to. `request`: the value of the owner's annotation, or empty."""

    end: datetime
    request: str
    snapshot: Snapshot | None = None
    error: str = ""
    note: str = ""


@dataclass(frozen=True)
class Past:
    """What the status says of earlier backups: the last success, and the request of the owner that was done last."""

    snapshot: Snapshot | None = None
    request: Mapping[str, str] = field(default_factory=dict)

    def format(self) -> Manifest:
        """The part of the status that `parse_past` reads; nothing if nothing is known."""
        request = {"request": dict(self.request)} if self.request else {}
        found = {**(self.snapshot.format() if self.snapshot else {}), **request}
        return {"backup": found} if found else {}


def parse_past(status: Any) -> Past:  # noqa: ANN401 whatever the object's status is, it must not stop a sync
    """What the status of a Vk8s says of backups; anything else in it is ignored."""
    found = status.get("backup") if isinstance(status, dict) else None
    if not isinstance(found, dict):
        return Past()
    request = found.get("request")
    texts = {key: text for key, text in request.items() if isinstance(text, str)} if isinstance(request, dict) else {}
    return Past(Snapshot.parse(found, "snapshot", "lastSuccessTime", "size"), texts)


def select_backup_pods(pods: Iterable[Manifest]) -> list[Manifest]:
    """Those that take snapshots, the newest last."""
    found = [pod for pod in pods if _is_of_backups(pod) and NODE not in pod["metadata"]["labels"]]
    return sorted(found, key=lambda pod: (pod["metadata"].get("creationTimestamp", ""), pod["metadata"]["name"]))


def select_copy_pods(pods: Iterable[Manifest]) -> list[Manifest]:
    """Those that copy the volumes of a node."""
    return [pod for pod in pods if _is_of_backups(pod) and NODE in pod["metadata"]["labels"]]


def find_cold_attempt(pods: Iterable[Manifest], value: str) -> Attempt | None:
    """How the snapshot of etcd for that cold backup ended, according to the last pod that says so."""
    own = [pod for pod in select_backup_pods(pods) if _read_noted(pod, COLD_BACKUP_ANNOTATION) == value]
    return max(filter(None, map(read_attempt, own)), key=lambda attempt: attempt.end, default=None)


def read_copy(pods: Iterable[Manifest], value: str, node: str) -> Mapping[str, int]:
    """How many volumes of a node, and bytes, a cold backup has; empty if no pod says so."""
    found = next((result for result in _list_copies(pods, value, node) if "error" not in result), {})
    copy = {key: number for key in _OF_COPY if type(number := found.get(key)) is int}
    return copy if len(copy) == len(_OF_COPY) else {}


def read_copy_error(pods: Iterable[Manifest], value: str, node: str) -> str:
    """Why the volumes of a node could not be copied; empty if no pod says so."""
    errors = (_read_text(result, "error") for result in _list_copies(pods, value, node))
    return next(filter(None, errors), "")


def _list_copies(pods: Iterable[Manifest], value: str, node: str) -> Iterator[Mapping[str, Any]]:
    """What pods say that have copied the volumes of a node, or have failed to; the newest first."""
    own = [pod for pod in select_copy_pods(pods) if pod["metadata"]["labels"][NODE] == node]
    for pod in sorted(own, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True):
        ended = get_container_status(pod, VOLUMES_CONTAINER).get("state", {}).get("terminated") or {}
        if ended and _read_noted(pod, COLD_BACKUP_ANNOTATION) == value:
            yield parse_result(ended.get("message"))


def _is_of_backups(pod: Manifest) -> bool:
    return (pod["metadata"].get("labels") or {}).get(COMPONENT) == BACKUP_COMPONENT


def _read_noted(pod: Manifest, annotation: str) -> str:
    return str((pod["metadata"].get("annotations") or {}).get(annotation, ""))


def read_request(pod: Manifest) -> str:
    """The value of the owner's annotation that a pod was created for; empty for a scheduled one."""
    return _read_noted(pod, SNAPSHOT_ANNOTATION)


def read_attempt(pod: Manifest) -> Attempt | None:
    """How the pod has ended; None if it has not."""
    ended = get_container_status(pod, BACKUP_CONTAINER).get("state", {}).get("terminated") or {}
    end, request = parse_time(ended.get("finishedAt")), read_request(pod)
    if end is None:
        return None
    result = parse_result(ended.get("message"))
    snapshot = Snapshot.parse(result, "snapshot", "time", "size") if ended.get("exitCode") == 0 else None
    if snapshot:
        return Attempt(end, request, snapshot, note=_read_text(result, "note"))
    error = _read_text(result, "error") or f"its container ended with {ended.get('reason') or 'no reason'}"
    return Attempt(end, request, error=error)


def _read_text(result: Mapping[str, Any], key: str) -> str:
    return " ".join(str(result.get(key, "")).split())[:LONGEST_MESSAGE].rstrip(". ")
