"""What init container `restore` says: the snapshot that a virtual cluster begins with, or why it is not there yet."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import parse_result
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.spec.naming import RESTORE_CONTAINER

RESTORE_FAILED, RESTORING = "RestoreFailed", "Restoring"
_FIELDS: Final = ("snapshot", "time", "name")
_LONGEST: Final = 64
# Nodes that have volumes in the same backup, separated by commas; and of how many it has none, as it was not completed.
_VOLUMES, _MISSING = "volumes", "missing"


def parse_restored(status: Any) -> Mapping[str, str]:  # noqa: ANN401 whatever the object's status is
    """What the status of a Vk8s says of its restore; empty if it says nothing."""
    return _select(status.get("restoredFrom") if isinstance(status, dict) else None)


def read_restored(pods: Iterable[Pod]) -> Mapping[str, str]:
    """The snapshot that a pod has fetched; empty if none has, or what it says can't be read."""
    found = (_select(parse_result(_get_end(_get_status(pod.manifest)).get("message"))) for pod in pods)
    return next(filter(None, found), {})


def explain_restore(pod: Pod) -> tuple[str, str] | None:
    """Why the pod has no snapshot yet, if it waits for one: a reason, and the end of a sentence."""
    status = _get_status(pod.manifest)
    state = status.get("state", {})
    if not status or state.get("terminated", {}).get("exitCode") == 0:
        return None
    last = state.get("terminated") or status.get("lastState", {}).get("terminated") or {}
    if last:
        error = parse_result(last.get("message")).get("error") or last.get("reason") or "no reason given"
        return RESTORE_FAILED, f"can't be restored, which is tried again: {error}"
    waiting = state.get("waiting", {})
    if waiting.get("message"):
        return waiting.get("reason", "Waiting"), f"can't fetch its snapshot: {waiting['message']}"
    return RESTORING, "fetches the snapshot that it is restored from"


def _get_status(pod: Manifest) -> Manifest:
    statuses: list[Manifest] = pod.get("status", {}).get("initContainerStatuses") or []
    return next((entry for entry in statuses if entry.get("name") == RESTORE_CONTAINER), {})


def _get_end(status: Manifest) -> Manifest:
    ended: Manifest = status.get("state", {}).get("terminated") or {}
    return ended if ended.get("exitCode") == 0 else {}


def _select(raw: object) -> Mapping[str, str]:
    found = raw if isinstance(raw, dict) else {}
    texts = {key: found[key][:_LONGEST] for key in _FIELDS if isinstance(found.get(key), str)}
    if len(texts) != len(_FIELDS) or not all(texts.values()):
        return {}
    volumes = found.get(_VOLUMES)
    names = ",".join(map(str, volumes)) if isinstance(volumes, list) else volumes
    missing = found.get(_MISSING)
    return {
        **texts,
        **({_VOLUMES: names} if names and isinstance(names, str) else {}),
        **({_MISSING: missing[:_LONGEST]} if missing and isinstance(missing, str) else {}),
    }
