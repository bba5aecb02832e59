"""Condition ChildrenObserved: whether all that the plan wants is there, and what stands in the way of the rest."""

from collections.abc import Iterator
from datetime import timedelta

from hooks.vk8s.conditions import Condition, Situation
from hooks.vk8s.observed import SERVICE, Observed, group_key, is_terminating
from hooks.vk8s.plan import Plan
from hooks.vk8s.pod_state import describe_finalizers

CHILDREN_OBSERVED = "ChildrenObserved"
# Metacontroller says nothing when a name is taken. A child that has not been seen for so long is worth a sentence.
CHILD_PATIENCE = timedelta(seconds=30)
# What only Events know, and how to see them.
_EVENTS = "kubectl get events"


def find_children_condition(plan: Plan, situation: Situation) -> Condition:
    """Whether every child that the plan wants is observed as it is wanted."""
    if plan.trouble:
        return Condition(CHILDREN_OBSERVED, status=False, reason=plan.trouble.reason, message=plan.trouble.message)
    missing = find_missing(plan, situation.observed)
    going = list(_find_going(plan, situation.observed))
    closed = list(_find_closed_ports(plan, situation.observed))
    if not missing and not going and not closed and not plan.waiting:
        return Condition(CHILDREN_OBSERVED, status=True, reason="AllObserved", message="Every child is there.")
    if missing and _is_patience_over(situation):
        hint = f"{', '.join(missing)}: the name is taken by another object, or the host cluster refused it: {_EVENTS}"
        return _unfinished("ChildMissing", [hint, *closed, *going])
    if closed and not missing:
        return _unfinished("PortClosed", [*closed, *going])
    making = [f"{', '.join(missing)} being made"] if missing else []
    reason = "Terminating" if going and not missing else "BeingMade"
    return _unfinished(reason, [*making, *going, *(f"{pod} {wait}" for pod, wait in plan.waiting.items())])


def find_missing(plan: Plan, observed: Observed) -> list[str]:
    """The planned children that are not observed, as `Kind name`."""
    return [
        f"{child['kind']} {child['metadata']['name']}"
        for child in plan.children
        if not observed.has(group_key(child), child["metadata"]["name"])
    ]


def _unfinished(reason: str, parts: list[str]) -> Condition:
    return Condition(CHILDREN_OBSERVED, status=False, reason=reason, message=f"{'; '.join(parts)}.")


def _is_patience_over(situation: Situation) -> bool:
    since = situation.history.since(_unfinished("", []))
    return since is not None and situation.now - since >= CHILD_PATIENCE


def _find_going(plan: Plan, observed: Observed) -> Iterator[str]:
    """Children that are wanted and have been deleted by somebody, but are not gone yet."""
    for want in plan.children:
        child = observed.find(group_key(want), want["metadata"]["name"])
        if child is not None and is_terminating(child):
            name = f"{child['kind']} {child['metadata']['name']}"
            yield f"{name} is being deleted{describe_finalizers(child)}"


def _find_closed_ports(plan: Plan, observed: Observed) -> Iterator[str]:
    """Ports of the host's nodes that are wanted and that an observed Service does not have."""
    for want in plan.children:
        service = observed.find(SERVICE, want["metadata"]["name"]) if group_key(want) == SERVICE else None
        if service is None:
            continue
        opened = {port.get("nodePort") for port in service["spec"].get("ports", [])}
        wanted = [port["nodePort"] for port in want["spec"].get("ports", []) if "nodePort" in port]
        for port in wanted:
            if port not in opened:
                name = f"Service {want['metadata']['name']}"
                yield f"{name} does not have port {port} yet; another Service may have it: {_EVENTS}"
