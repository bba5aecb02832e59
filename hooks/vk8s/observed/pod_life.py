"""How far the life of a pod's container is: whether it runs, has run, has ended, or has just stopped being Ready."""

from datetime import UTC, datetime, timedelta
from typing import Final

from hooks.kubernetes.conditions import parse_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed import children as seen
from hooks.vk8s.spec.naming import NODE_CONTAINER

# So long after a change of a pod, nobody concludes anything from its not being Ready. When the kubelet of a host
# restarts, all its pods are NotReady until they have been probed again, and their containers run on
# (https://github.com/kubernetes/kubernetes/issues/100277).
SETTLING: Final = timedelta(seconds=60)
_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_LATER_THAN_ALL: Final = datetime.max.replace(tzinfo=UTC, microsecond=0)


def is_over(pod: Manifest) -> bool:
    """Whether the pod has ended and nobody has deleted it: Failed, or Succeeded, which its exit code decides alone.

    A node pod is not meant to end, and neither is an access pod: the host's kubelet ended it (an eviction, a shutdown
    of the host), or refused to start it.
    """
    return not seen.is_terminating(pod) and pod.get("status", {}).get("phase") in ("Failed", "Succeeded")


def is_running(pod: Manifest) -> bool:
    """Whether the pod's container runs, as far as its host's kubelet has said; whether it is Ready does not matter."""
    return "running" in _state(pod)


def has_run(pod: Manifest) -> bool:
    """Whether the pod's container runs, or has run before it ended or crashed."""
    status = seen.find_container_status(pod, NODE_CONTAINER)
    ended = status.get("lastState", {})
    return is_running(pod) or "terminated" in _state(pod) or "terminated" in ended or bool(status.get("restartCount"))


def find_flap_end(pod: Manifest) -> datetime | None:
    """Until when a pod that was Ready may be so again by itself; None where it is Ready, or was not in this life.

    Its container runs, and condition Ready has changed since it started. Where times are missing, that may be now.
    """
    if seen.is_terminating(pod) or seen.is_ready(pod) or not is_running(pod):
        return None
    since = parse_time(seen.condition(pod, "Ready").get("lastTransitionTime"))
    started = parse_time(_state(pod)["running"].get("startedAt"))
    if since is None or started is None:
        return _LATER_THAN_ALL
    return since + SETTLING if since > started else None


def find_settled_time(pod: Manifest) -> datetime:
    """When a pod that is not Ready has been as it is for so long that it will hardly become Ready by itself."""
    return max(find_flap_end(pod) or _EPOCH, find_made_time(pod) + SETTLING)


def find_made_time(pod: Manifest) -> datetime:
    """When the object was made."""
    return parse_time(pod["metadata"].get("creationTimestamp")) or _EPOCH


def find_end_time(pod: Manifest) -> datetime:
    """When a pod that is over came to its end, by the last time that its own status notes."""
    status = pod.get("status", {})
    noted: list[object] = [
        pod["metadata"].get("creationTimestamp"),
        status.get("startTime"),
        *(entry.get("lastTransitionTime") for entry in status.get("conditions") or []),
        *(
            entry.get("state", {}).get("terminated", {}).get("finishedAt")
            for entry in status.get("containerStatuses") or []
        ),
    ]
    return max((time for text in noted if (time := parse_time(text)) is not None), default=_EPOCH)


def find_waiting(pod: Manifest) -> str:
    """Why the pod's container waits, in Kubernetes' word; empty where it does not."""
    return str(_state(pod).get("waiting", {}).get("reason", ""))


def _state(pod: Manifest) -> Manifest:
    state: Manifest = seen.find_container_status(pod, NODE_CONTAINER).get("state", {})
    return state
