"""Condition KubeflowReady: whether Kubeflow is installed, the progress, and what prevents it.

The Job's pod shows which of its steps runs, and the message with which that step ended last time. Pods of a Job are not
our children: Metacontroller sends them because the customize hook asks for them.
"""

from collections.abc import Mapping
from typing import Final

from hooks.kubernetes.conditions import Blocker, Condition
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.kubeflow.job import STEPS, VERSION
from hooks.vk8s.kubeflow.plan import WAITING_FOR_NODES, Kubeflow
from hooks.vk8s.observed.children import POD
from hooks.vk8s.observed.job import Job
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.observed.pod_state import LONGEST_MESSAGE, build_absent_state, read_pod_state
from hooks.vk8s.observed.refused import list_job_refusals
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.model import KubeflowSpec
from hooks.vk8s.spec.naming import kubeflow_job_name, kubeflow_secret_name

KUBEFLOW_READY: Final = "KubeflowReady"


def report_kubeflow(situation: Situation, planned: Kubeflow, blocker: Blocker | None) -> list[Condition]:
    """Whether Kubeflow is installed as specified; no condition if it never was. `blocker`: of the whole cluster."""
    kubeflow, name = situation.cluster.spec.kubeflow, kubeflow_job_name(situation.identity.name)
    job, is_planned = planned.job, planned.is_planned
    if kubeflow is None:
        return [_describe_left(job)] if job and job.is_complete else []
    blocker = planned.blocker or (None if job or is_planned else blocker or WAITING_FOR_NODES)
    if blocker:
        return [_unready(blocker.reason, blocker.message)]
    if job is None or not is_planned or job.is_terminating:
        held = job.held if job else ""
        return [_unready("BeingMade", f"Job {name} is being created{held}.")]
    if job.is_complete:
        message = f"Kubeflow {kubeflow.version} is installed. {_describe_user(situation.identity.name, kubeflow)}"
        return [Condition(KUBEFLOW_READY, status=True, reason="Installed", message=message)]
    suspension = job.suspension
    if suspension:
        return [_unready("Suspended", f"Job {name} {suspension}.")]
    return [_describe_progress(kubeflow.version, job.manifest, situation)]


def _unready(reason: str, message: str) -> Condition:
    return Condition(KUBEFLOW_READY, status=False, reason=reason, message=message)


def _describe_left(job: Job) -> Condition:
    env = job.containers.get(STEPS[-1], {}).get("env") or []
    version = next((f" {entry.get('value')}" for entry in env if entry["name"] == VERSION), "")
    message = f"Kubeflow{version} stays installed, but is no longer managed: spec.kubeflow was removed."
    return Condition(KUBEFLOW_READY, status=True, reason="LeftInstalled", message=message)


def _describe_user(vk8s: str, kubeflow: KubeflowSpec) -> str:
    if kubeflow.password_secret_ref:
        return f"Its user is {kubeflow.email}, with the password in Secret {kubeflow.password_secret_ref.name}."
    return f"User and password are in Secret {kubeflow_secret_name(vk8s)}."


def _describe_progress(version: str, job: Manifest, situation: Situation) -> Condition:
    """The progress of the Job, according to its newest pod."""
    pods = [pod for pod in situation.related.get(POD, {}).values() if _is_of(pod, job)]
    pod = max(
        pods, key=lambda each: (each["metadata"].get("creationTimestamp", ""), each["metadata"]["name"]), default=None
    )
    refusals = list_job_refusals(job, situation.cluster.rules)
    if pod is None and refusals:
        words = "; ".join(refusal.describe([job]) for refusal in refusals)
        return _unready(
            refusals[0].reason, f"Kubeflow {version}: Job {job['metadata']['name']} can't create its pod: {words}."
        )
    if pod is None:
        logs = f"kubectl logs -n {job['metadata']['namespace']} job/{job['metadata']['name']} --all-containers"
        return _unready("Installing", f"Kubeflow {version} is being installed: {logs}.")
    index, container = _read_step(pod)
    place = f"step {index + 1} of {len(STEPS)} ({STEPS[index]})"
    if _has_run(container):
        message = _read_message(container)
        return _unready("Installing", f"Kubeflow {version}, {place}{f': {message}' if message else ' runs'}.")
    step = Pod(_without_other_steps(pod, container), STEPS[index])
    state = read_pod_state(step, build_absent_state(None, paused=False))
    return _unready(state.reason, f"Kubeflow {version}, {place}: its pod {pod['metadata']['name']} {state.message}.")


def _without_other_steps(pod: Manifest, container: Manifest) -> Manifest:
    """The pod as if `container` were its only step. Containers that are not ours stay."""
    status = pod.get("status", {})
    foreign = {
        field: [entry for entry in status.get(field) or [] if entry.get("name") not in STEPS]
        for field in ("initContainerStatuses", "containerStatuses")
    }
    ours = [*foreign["containerStatuses"], *([container] if container else [])]
    return {**pod, "status": {**status, **foreign, "containerStatuses": ours}}


def _is_of(pod: Manifest, job: Manifest) -> bool:
    owners = pod["metadata"].get("ownerReferences") or []
    return any(owner.get("uid") == job["metadata"]["uid"] for owner in owners)


def _read_step(pod: Manifest) -> tuple[int, Manifest]:
    """The first step that is not done, and the status of its container."""
    status = pod.get("status", {})
    entries = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    containers: Mapping[str, Manifest] = {str(entry.get("name")): entry for entry in entries}
    behind = [index for index, step in enumerate(STEPS) if not _is_done(containers.get(step, {}))]
    index = behind[0] if behind else len(STEPS) - 1
    return index, containers.get(STEPS[index], {})


def _is_done(container: Manifest) -> bool:
    return bool(container.get("state", {}).get("terminated", {}).get("exitCode") == 0)


def _has_run(container: Manifest) -> bool:
    """Whether the step runs, or has run: then its own message is the most telling."""
    state = container.get("state", {})
    return "running" in state or "terminated" in state or "terminated" in container.get("lastState", {})


def _read_message(container: Manifest) -> str:
    """The message with which the step ended last time, without its full stop."""
    ended = container.get("state", {}).get("terminated") or container.get("lastState", {}).get("terminated") or {}
    message: str = ended.get("message") or (ended.get("reason", "") if ended else "")
    return " ".join(message.split())[:LONGEST_MESSAGE].rstrip(". ")
