"""How far a pod is, read from its status as a kubelet writes it, by the name of our container."""

from datetime import UTC, datetime, timedelta
from typing import Final

from hooks.kubernetes.conditions import parse_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import is_ready, is_terminating
from tests.simulation.statuses import get_container_status

# So long, one that was Ready may be so again by itself.
FLAP: Final = timedelta(seconds=60)
_EPOCH: Final = datetime.fromtimestamp(0, UTC)


def is_up(pod: Manifest, now: datetime) -> bool:
    """Whether the node serves: its container runs, and it is Ready or may be so again at any moment."""
    return not is_terminating(pod) and (is_ready(pod) or is_flapping(pod, now))


def is_flapping(pod: Manifest, now: datetime) -> bool:
    """Whether its container runs and it was Ready in this life of it, less than a minute ago."""
    started = parse_time(get_container_status(pod).get("state", {}).get("running", {}).get("startedAt"))
    since = _find_change(pod)
    if is_ready(pod) or started is None or since is None:
        return False
    return started < since and now < since + FLAP


def is_lasting(pod: Manifest, now: datetime) -> bool:
    """Whether it has been Ready for a minute."""
    since = _find_change(pod) or parse_time(pod["metadata"].get("creationTimestamp")) or _EPOCH
    return is_ready(pod) and since + FLAP <= now


def is_old(pod: Manifest, now: datetime) -> bool:
    """Whether it was made so long ago that it should have come up."""
    made = parse_time(pod["metadata"]["creationTimestamp"])
    return made is not None and made + FLAP <= now


def is_down(pod: Manifest, now: datetime) -> bool:
    """Whether a node does not serve, and has not had a minute for that; then, it holds others back only in part."""
    return not is_up(pod, now) and (is_terminating(pod) or not is_old(pod, now))


def has_run(pod: Manifest) -> bool:
    """Whether its container runs or has ever run."""
    status = get_container_status(pod)
    states = [*status.get("state", {}), *status.get("lastState", {})]
    return "running" in states or "terminated" in states or status.get("restartCount", 0) > 0


def has_ended(pod: Manifest) -> bool:
    """Whether it is over: its kubelet starts nothing in it any more."""
    return pod.get("status", {}).get("phase") in ("Failed", "Succeeded")


def get_end(pod: Manifest) -> datetime:
    """When it ended: the latest time in its metadata and status."""
    ended = get_container_status(pod).get("state", {}).get("terminated", {}).get("finishedAt")
    noted = [pod["metadata"]["creationTimestamp"], ended, *(each.get("lastTransitionTime") for each in _list(pod))]
    return max((time for text in noted if (time := parse_time(text))), default=_EPOCH)


def find_waiting(pod: Manifest) -> str | None:
    """Why our container waits, in Kubernetes' word."""
    reason: str | None = get_container_status(pod).get("state", {}).get("waiting", {}).get("reason")
    return reason


def is_unscheduled(pod: Manifest) -> bool:
    """Whether no host has been found for it."""
    return any(each["type"] == "PodScheduled" and each["status"] == "False" for each in _list(pod))


def _find_change(pod: Manifest) -> datetime | None:
    """When condition Ready last changed."""
    return next((parse_time(each.get("lastTransitionTime")) for each in _list(pod) if each["type"] == "Ready"), None)


def _list(pod: Manifest) -> list[Manifest]:
    conditions: list[Manifest] = pod.get("status", {}).get("conditions") or []
    return conditions
