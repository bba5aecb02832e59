"""Condition AccessReady: whether the owner can connect by ssh."""

from typing import Final

from hooks.kubernetes.conditions import Condition
from hooks.vk8s.observed.children import POD
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.observed.pod_state import build_absent_state, read_pod_state
from hooks.vk8s.plan.assemble import Plan
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.naming import ACCESS_CONTAINER, access_pod_name

ACCESS_READY: Final = "AccessReady"


def report_access(situation: Situation, plan: Plan) -> list[Condition]:
    """Whether the owner can connect by ssh; no condition if the spec does not ask for it."""
    if situation.cluster.spec.access_pod_image is None:
        return []
    name = access_pod_name(situation.identity.name)
    absent = build_absent_state(plan.waiting.get(name), paused=situation.cluster.paused)
    pod = situation.observed.find(POD, name)
    state = read_pod_state(Pod(pod, ACCESS_CONTAINER) if pod else None, absent)
    return [Condition(ACCESS_READY, status=state.ready, reason=state.reason, message=f"{name} {state.message}.")]
