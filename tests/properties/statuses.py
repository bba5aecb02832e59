"""What the status of a pod or Job may say, each under a name for stories."""

from datetime import datetime

from hooks.manifest import Manifest
from hooks.vk8s.conditions import format_time
from tests.world import ready_status

FAILED = "Failed"


def _waiting(reason: str, message: str, last: Manifest | None = None) -> Manifest:
    state = {"waiting": {"reason": reason, "message": message}}
    crash = {"lastState": {"terminated": last}} if last else {}
    return {"phase": "Pending", "containerStatuses": [{"name": "node", "state": state, **crash}]}


POD_STATUSES: dict[str, Manifest] = {
    "Ready": ready_status(),
    "not Ready": {
        "phase": "Running",
        "podIP": "10.200.0.8",
        "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False"}],
        "containerStatuses": [{"name": "node", "state": {"running": {"startedAt": "2026-01-02T03:04:05Z"}}}],
    },
    "nothing said": {},
    FAILED: {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory. "},
    "failed without a word": {"phase": "Failed"},
    "unschedulable": {
        "phase": "Pending",
        "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: no volume."}
        ],
    },
    "ImagePullBackOff": _waiting("ImagePullBackOff", 'Back-off pulling image "a": not found.'),
    "CrashLoopBackOff": _waiting(
        "CrashLoopBackOff", "back-off 10s", {"message": "The kernel has no vxlan.\n", "exitCode": 1}
    ),
    "crashing without a word": _waiting("CrashLoopBackOff", "back-off 10s", {"exitCode": 1}),
}
JOB_STATUSES: dict[str, Manifest] = {
    "nothing said": {},
    "at work": {"active": 1, "ready": 0},
    "moving pods": {"active": 1, "ready": 1},
    "Complete": {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]},
    "Failed": {"failed": 1, "conditions": [{"type": "Failed", "status": "True", "reason": "PodFailurePolicy"}]},
}


def build_pod_status(name: str, now: datetime) -> Manifest:
    """The status of that name; a failure that says of itself when it was has just been."""
    failed_at = {"type": "Ready", "status": "False", "lastTransitionTime": format_time(now)}
    return {**POD_STATUSES[name], **({"conditions": [failed_at]} if name == FAILED else {})}
