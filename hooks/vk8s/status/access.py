"""Condition AccessReady: whether the owner can connect by ssh."""

from typing import Final

from hooks.kubernetes.conditions import Condition
from hooks.vk8s.observed.children import POD
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.observed.pod_state import build_absent_state, read_pod_state
from hooks.vk8s.plan.access import is_in_use
from hooks.vk8s.plan.assemble import Plan
from hooks.vk8s.situation import Call, Situation
from hooks.vk8s.spec.naming import ACCESS_CONTAINER, access_pod_names
from hooks.vk8s.status.hosts import name_host

ACCESS_READY: Final = "AccessReady"


def report_access(situation: Situation, plan: Plan) -> list[Condition]:
    """Whether the owner can connect by ssh; no condition if the spec does not ask for it."""
    if situation.cluster.spec.access_pod_image is None:
        return []
    name = _choose_pod(situation)
    absent = build_absent_state(
        plan.waiting.get(name), paused=situation.cluster.paused, backing_up=situation.cluster.is_backing_up
    )
    pod = find_access_pod(situation)
    state = name_host(situation, pod, read_pod_state(pod, absent))
    return [Condition(ACCESS_READY, status=state.ready, reason=state.reason, message=f"{name} {state.message}.")]


def find_access_pod(call: Call) -> Pod | None:
    """The access pod that counts, if it exists."""
    manifest = call.observed.find(POD, _choose_pod(call))
    return Pod(manifest, ACCESS_CONTAINER) if manifest else None


def _choose_pod(call: Call) -> str:
    """Name of the access pod that counts: a Ready one, one in use, one that exists, or the one to be created."""
    names = access_pod_names(call.identity.name)
    used = [name for name in names if is_in_use(call, name)]
    ready = [name for name in used if call.pods[name].is_ready]
    return next((name for name in [*ready, *used, *names] if name in call.pods), names[0])
