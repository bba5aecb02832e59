"""Condition AccessReady: whether the owner can connect by ssh."""

from typing import Final

from hooks.kubernetes.conditions import Condition
from hooks.vk8s.observed.children import POD
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.observed.pod_state import build_absent_state, read_pod_state
from hooks.vk8s.plan.access import is_in_use
from hooks.vk8s.plan.assemble import Plan
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.naming import ACCESS_CONTAINER, access_pod_names
from hooks.vk8s.status.hosts import name_host

ACCESS_READY: Final = "AccessReady"


def report_access(situation: Situation, plan: Plan) -> list[Condition]:
    """Whether the owner can connect by ssh; no condition if the spec does not ask for it."""
    if situation.cluster.spec.access_pod_image is None:
        return []
    name = _choose_pod(situation)
    absent = build_absent_state(plan.waiting.get(name), paused=situation.cluster.paused)
    manifest = situation.observed.find(POD, name)
    pod = Pod(manifest, ACCESS_CONTAINER) if manifest else None
    state = name_host(situation, pod, read_pod_state(pod, absent))
    return [Condition(ACCESS_READY, status=state.ready, reason=state.reason, message=f"{name} {state.message}.")]


def _choose_pod(situation: Situation) -> str:
    """Name of the access pod that counts: one in use, otherwise one that exists, otherwise the one to be created."""
    names = access_pod_names(situation.identity.name)
    used = [name for name in names if is_in_use(situation, name)]
    return next((name for name in [*used, *names] if name in situation.pods), names[0])
