"""What the status of a pod or Job may say, each under a name for stories. Those of pods are as kubelets write them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hooks.kubernetes.conditions import format_time, parse_time
from hooks.kubernetes.manifest import Manifest

READY: Final = "Ready"
# Its container runs, and has not been Ready since it started; or has been, and is not for now.
NOT_READY, NO_LONGER_READY = "not Ready", "no longer Ready"
FAILED: Final = "Failed"
# What a node exits with that has no state and may not found a cluster.
NO_STATE: Final = "no state"
# What a scheduler says of a volume that is on a host which takes no pods.
VOLUME_CONFLICT: Final = "didn't match PersistentVolume's node affinity"
# How our containers are called; those of a pod that has neither are all the same.
OURS: Final = ("node", "access")


@dataclass(frozen=True)
class _Pod:
    """What a kubelet knows of a pod when it writes its status: names of its containers, ours last, and times."""

    now: str
    started: str
    earlier: str
    ours: str = "node"
    others: tuple[str, ...] = ()


def get_container(pod: Manifest) -> Manifest:
    """Our container in the spec of a pod: others may have been put before it."""
    containers: list[Manifest] = pod["spec"]["containers"]
    return next((each for each in containers if each["name"] in OURS), containers[0])


def get_container_status(pod: Manifest) -> Manifest:
    """What the status says of our container; empty where it says nothing of it."""
    statuses: list[Manifest] = pod.get("status", {}).get("containerStatuses") or []
    return next((each for each in statuses if each["name"] == get_container(pod)["name"]), {})


def build_pod_status(name: str, now: datetime, pod: Manifest | None = None) -> Manifest:
    """The status of that name for the pod, or for any node pod; what goes on running goes on."""
    return POD_STATUSES[name](_describe(now, pod))


def _describe(now: datetime, pod: Manifest | None) -> _Pod:
    earlier = now - timedelta(seconds=1)
    state = get_container_status(pod).get("state", {}) if pod else {}
    started = parse_time(state.get("running", {}).get("startedAt")) or now
    times = (format_time(now), format_time(started), format_time(min(started, earlier)))
    if pod is None:
        return _Pod(*times)
    ours = get_container(pod)["name"]
    return _Pod(*times, ours, tuple(each["name"] for each in pod["spec"]["containers"] if each["name"] != ours))


def _conditions(since: str, *, ready: bool) -> list[Manifest]:
    status = "True" if ready else "False"
    return [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": since},
        {"type": "ContainersReady", "status": status, "lastTransitionTime": since},
        {"type": "Ready", "status": status, "lastTransitionTime": since},
    ]


def _container(name: str, state: Manifest, **fields: object) -> Manifest:
    return {"name": name, "ready": False, "started": False, "restartCount": 0, "state": state, **fields}


def _containers(pod: _Pod, ours: Manifest) -> list[Manifest]:
    """Those of all containers, sorted by name as kubelets do; the others run."""
    others = [_container(each, {"running": {"startedAt": pod.started}}, ready=True) for each in pod.others]
    return sorted([*others, ours], key=lambda each: str(each["name"]))


def _run(pod: _Pod, since: str, started: str, *, ready: bool) -> Manifest:
    ours = _container(pod.ours, {"running": {"startedAt": started}}, ready=ready, started=ready)
    return {
        "phase": "Running",
        "podIP": "10.200.0.7" if ready else "10.200.0.8",
        "startTime": started,
        "conditions": _conditions(since, ready=ready),
        "containerStatuses": _containers(pod, ours),
    }


def _wait(pod: _Pod, reason: str, message: str) -> Manifest:
    ours = _container(pod.ours, {"waiting": {"reason": reason, "message": message}})
    conditions = _conditions(pod.now, ready=False)
    return {"phase": "Pending", "conditions": conditions, "containerStatuses": _containers(pod, ours)}


def _crash(pod: _Pod, **last: object) -> Manifest:
    """The container has ended, and is started again in a while: the pod is Running all the same."""
    terminated = {"exitCode": 1, "startedAt": pod.started, "finishedAt": pod.now, **last}
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
    ours = _container(pod.ours, waiting, restartCount=1, lastState={"terminated": terminated})
    conditions = _conditions(pod.now, ready=False)
    return {"phase": "Running", "conditions": conditions, "containerStatuses": _containers(pod, ours)}


def _finish(pod: _Pod, phase: str, code: int, **said: object) -> Manifest:
    """All containers have ended: the pod is over, and what phase that is depends on exit codes alone."""
    ended = {"terminated": {"exitCode": code, "startedAt": pod.started, "finishedAt": pod.now}}
    statuses = [_container(each, ended) for each in sorted([*pod.others, pod.ours])]
    conditions = _conditions(pod.now, ready=False)
    return {"phase": phase, **said, "conditions": conditions, "containerStatuses": statuses}


def _fail_to_fit(message: str) -> Manifest:
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"phase": "Pending", "conditions": [scheduled]}


POD_STATUSES: Final[dict[str, Callable[[_Pod], Manifest]]] = {
    READY: lambda pod: _run(pod, pod.now, pod.started, ready=True),
    NOT_READY: lambda pod: _run(pod, pod.now, pod.now, ready=False),
    NO_LONGER_READY: lambda pod: _run(pod, pod.now, pod.earlier, ready=False),
    "nothing said": lambda _: {},
    FAILED: lambda pod: _finish(pod, "Failed", 137, reason="Evicted", message="The node was low on resource: memory. "),
    "failed without a word": lambda _: {"phase": "Failed"},
    "failed by its exit code": lambda pod: _finish(pod, "Failed", 130),
    "Succeeded": lambda pod: _finish(pod, "Succeeded", 0),
    "unschedulable": lambda _: _fail_to_fit("0/1 nodes: no volume."),
    "bound elsewhere": lambda _: _fail_to_fit(f"0/1 nodes are available: 1 node(s) {VOLUME_CONFLICT}."),
    "ImagePullBackOff": lambda pod: _wait(pod, "ImagePullBackOff", 'Back-off pulling image "a": not found.'),
    "CrashLoopBackOff": lambda pod: _crash(pod, message="The kernel has no vxlan.\n"),
    "crashing without a word": _crash,
    NO_STATE: lambda pod: _crash(pod, message="There is no state here, and this node may not found a cluster.\n"),
}
# Of a Job whose controller has tried to create its pod, and has counted none.
TRIED: Final[Manifest] = {"startTime": "2026-01-02T03:04:05Z"}
JOB_STATUSES: dict[str, Manifest] = {
    "nothing said": {},
    "without a pod": TRIED,
    "at work": {**TRIED, "active": 1, "ready": 0},
    "moving pods": {**TRIED, "active": 1, "ready": 1},
    "succeeded, not counted": {**TRIED, "uncountedTerminatedPods": {"succeeded": ["d6a1"]}},
    "succeeded, not complete": {**TRIED, "succeeded": 1, "uncountedTerminatedPods": {}},
    "Complete": {**TRIED, "succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]},
    "Failed": {
        **TRIED,
        "failed": 1,
        "conditions": [{"type": "Failed", "status": "True", "reason": "PodFailurePolicy"}],
    },
}
