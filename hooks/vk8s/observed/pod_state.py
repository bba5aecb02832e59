"""The state of a pod, from its status: a reason for programs, and a message for people."""

from dataclasses import dataclass

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import describe_finalizers
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.observed.restore_report import explain_restore

# A termination message of ours is one sentence. Anything longer is not ours, and is truncated.
LONGEST_MESSAGE = 500


@dataclass(frozen=True)
class PodState:
    """State of a pod. `reason` is CamelCase; `message` continues a sentence that starts with the pod's name."""

    ready: bool
    reason: str
    message: str


def build_absent_state(waiting: str | None, *, paused: bool, backing_up: bool = False) -> PodState:
    """The state of a pod that does not exist. `waiting`: what it waits for before it is created, if that is known.

    `backing_up`: whether only a cold backup pauses it.
    """
    if backing_up:
        return PodState(ready=False, reason="BackingUp", message="is stopped until its volumes are copied")
    if paused:
        return PodState(ready=False, reason="Paused", message="is paused")
    return PodState(ready=False, reason="Waiting", message=waiting or "waits for its pod to be created")


def read_pod_state(pod: Pod | None, absent: PodState, claim: Manifest | None = None) -> PodState:
    """The state of a pod; `absent` if there is none. `claim`: the claim with its state."""
    if pod is None:
        return absent
    if pod.is_terminating:
        message = f"is being deleted{describe_finalizers(pod.manifest)}"
        return PodState(ready=False, reason="Terminating", message=message)
    if pod.is_ready:
        return PodState(ready=True, reason="Ready", message="is Ready")
    reason, message = _explain_problem(pod, claim)
    return PodState(ready=False, reason=reason, message=message[:LONGEST_MESSAGE].rstrip(".: "))


def _explain_problem(pod: Pod, claim: Manifest | None) -> tuple[str, str]:
    status, scheduled = pod.status, pod.scheduled
    if scheduled.get("status") != "True" and claim and _waits_for_volume(scheduled, claim):
        return "VolumePending", f"waits for its volume: kubectl describe pvc {_locate(claim)}"
    if scheduled.get("status") == "False":
        return scheduled.get("reason", "Unschedulable"), f"can't be scheduled: {scheduled.get('message', '')}"
    if status.get("phase") == "Failed":
        return status.get("reason", "Failed"), f"has failed: {status.get('message', '')}"
    if status.get("phase") == "Succeeded":
        # Its exit code says so; it is not meant to end.
        return status.get("reason", "Failed"), f"has ended: {status.get('message', '')}"
    return _explain_container(pod)


def _explain_container(pod: Pod) -> tuple[str, str]:
    """Why our container is not Ready; if its status does not say, why a sidecar does not start."""
    restore = explain_restore(pod)
    if restore:
        return restore
    container = pod.container_status
    others = [] if _says_why(container) else _list_stuck_others(pod)
    if others:
        return _describe_other(others[0])
    waiting = container.get("state", {}).get("waiting")
    if waiting:
        return waiting.get("reason", "Waiting"), _describe_waiting(container, waiting)
    if "running" in container.get("state", {}):
        return "Booting", f"is booting: kubectl logs {_locate(pod.manifest)}"
    return "Starting", "is being started by its host"


def _list_stuck_others(pod: Pod) -> list[Manifest]:
    """Statuses of containers that a webhook has added and that don't run: our container waits for them silently."""
    entries = [*(pod.status.get("initContainerStatuses") or []), *(pod.status.get("containerStatuses") or [])]
    return [entry for entry in entries if entry.get("name") != pod.container and _says_why(entry)]


def _says_why(container: Manifest) -> bool:
    """Whether the container waits, and its status says why."""
    waiting = container.get("state", {}).get("waiting", {})
    return bool(waiting and (waiting.get("message") or container.get("lastState", {}).get("terminated")))


def _describe_other(container: Manifest) -> tuple[str, str]:
    waiting = container["state"]["waiting"]
    trouble = _describe_waiting(container, waiting)
    name = container.get("name")
    return waiting.get(
        "reason", "Waiting"
    ), f"is not Ready: its container {name}, which is not from this project, {trouble}"


def _waits_for_volume(scheduled: Manifest, claim: Manifest) -> bool:
    """Whether the pod is not scheduled because of its volume. Without a message, the scheduler has not tried yet."""
    return claim.get("status", {}).get("phase") == "Pending" and "olume" in scheduled.get("message", "volume")


def _locate(child: Manifest) -> str:
    """The arguments of kubectl for the object."""
    return f"-n {child['metadata']['namespace']} {child['metadata']['name']}"


def _describe_waiting(container: Manifest, waiting: Manifest) -> str:
    """Why the container does not run; after a crash, its termination message."""
    last = container.get("lastState", {}).get("terminated", {})
    if last:
        return f"has stopped: {last.get('message', '').strip() or last.get('reason', 'no reason given')}"
    return f"can't start: {waiting['message']}" if waiting.get("message") else "is being started by its host"
