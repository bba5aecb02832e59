"""Condition ChildrenObserved: whether all planned children exist, and what prevents the others."""

from collections.abc import Iterator, Mapping, Sequence

from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.labels import VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import SERVICE, describe_finalizers, get_key, is_terminating
from hooks.vk8s.observed.refused import QUOTA_EXCEEDED, Refusal, list_port_refusals, list_refusals
from hooks.vk8s.plan.assemble import CHILDREN_OBSERVED, Plan
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.namespace_rules import NamespaceRules


def report_children(situation: Situation, plan: Plan) -> Condition:
    """Whether every planned child is observed as planned."""
    if plan.blocker:
        return Condition(CHILDREN_OBSERVED, status=False, reason=plan.blocker.reason, message=plan.blocker.message)
    missing, going, rules = plan.missing, list(_list_going(situation, plan)), situation.cluster.rules
    closed = dict(_list_closed_ports(situation, plan))
    frozen = list(_describe_frozen(plan.frozen))
    if not missing and not going and not closed and not frozen and not plan.waiting:
        return Condition(CHILDREN_OBSERVED, status=True, reason="AllObserved", message="Every child is there.")
    shut_reason, shut = _describe_closed(closed, plan, rules)
    if plan.is_overdue:
        reason, parts = _describe_missing(missing, rules)
        return _unfinished(reason, [*parts, *shut, *frozen, *going])
    if closed and not missing:
        return _unfinished(shut_reason, [*shut, *frozen, *going])
    if frozen and not missing:
        return _unfinished("ChildImmutable", [*frozen, *going])
    making = [f"{_list_names(missing)} being created"] if missing else []
    reason = "Terminating" if going and not missing else "BeingMade"
    return _unfinished(reason, [*making, *going, *(f"{pod} {wait}" for pod, wait in plan.waiting.items())])


def _unfinished(reason: str, parts: Sequence[str]) -> Condition:
    return Condition(CHILDREN_OBSERVED, status=False, reason=reason, message=f"{'; '.join(parts)}.")


def _describe_frozen(frozen: Sequence[str]) -> Iterator[str]:
    for name in frozen:
        yield f"{name} is immutable, so what is in it can't be renewed or changed: delete it, and it is recreated"


def _describe_missing(missing: Sequence[Manifest], rules: NamespaceRules) -> tuple[str, list[str]]:
    """A reason and parts of a sentence. For a child that no known rule rejects: how to find out why it is missing."""
    found = [(child, list_refusals(child, rules)) for child in missing]
    unknown = [child for child, refusals in found if not refusals]
    refused: dict[Refusal, list[Manifest]] = {}
    for refusal, child in ((refusal, child) for child, refusals in found for refusal in refusals):
        refused = {**refused, refusal: [*refused.get(refusal, []), child]}
    parts = [f"{_list_names(of)}: {refusal.describe(of)}" for refusal, of in refused.items()]
    if not unknown:
        return next(iter(refused)).reason, parts
    return "ChildMissing", [*parts, f"{_list_names(unknown)}: not created yet; {_tell_where_to_look(unknown)}"]


def _tell_where_to_look(children: Sequence[Manifest]) -> str:
    """How to find out why children are missing. Nothing reports that a name is taken; a rejection is an Event."""
    metadata = children[0]["metadata"]
    objects = " ".join(f"{child['kind'].lower()}/{child['metadata']['name']}" for child in children)
    return (
        f"kubectl get -n {metadata['namespace']} {objects} shows whether the name is taken; "
        f"{_ask_for_classes(children)}{_point_to_events(metadata)} shows a refusal, in its Events"
    )


def _ask_for_classes(children: Sequence[Manifest]) -> str:
    """The command that shows whether the classes of pods exist: without them, the API server refuses the pods."""
    fields = ("priorityClassName", "runtimeClassName")
    named = {(field, child["spec"][field]) for child in children for field in fields if field in child.get("spec", {})}
    classes = " ".join(f"{field.removesuffix('Name').lower()}/{name}" for field, name in sorted(named))
    return f"kubectl get {classes} shows whether its class exists; " if classes else ""


def _point_to_events(metadata: Mapping[str, Manifest]) -> str:
    """The command that shows the Events of the Vk8s to which a child belongs."""
    return f"kubectl describe vk8s -n {metadata['namespace']} {metadata['labels'][VK8S]}"


def _list_names(children: Sequence[Manifest]) -> str:
    return ", ".join(f"{child['kind']} {child['metadata']['name']}" for child in children)


def _list_going(situation: Situation, plan: Plan) -> Iterator[str]:
    """Planned children that somebody has deleted and that are not gone yet."""
    for want in plan.children:
        child = situation.observed.by_key.get(get_key(want))
        if child is not None and is_terminating(child):
            name = f"{child['kind']} {child['metadata']['name']}"
            yield f"{name} is being deleted{describe_finalizers(child)}"


def _list_closed_ports(situation: Situation, plan: Plan) -> Iterator[tuple[str, list[int]]]:
    """Services by name, with the node ports that are planned and that they don't have."""
    for want in plan.children:
        kind, name = get_key(want)
        service = situation.observed.find(SERVICE, name) if kind == SERVICE else None
        if service is None:
            continue
        opened = {port.get("nodePort") for port in service["spec"].get("ports", [])}
        wanted = [port["nodePort"] for port in want["spec"].get("ports", []) if "nodePort" in port]
        closed = [port for port in wanted if port not in opened]
        if closed:
            yield name, closed


def _describe_closed(closed: Mapping[str, Sequence[int]], plan: Plan, rules: NamespaceRules) -> tuple[str, list[str]]:
    """A reason and parts of a sentence: the quota that rejects so many ports, or how to see the rejection."""
    refusals = list_port_refusals(sum(map(len, closed.values())), rules)
    where = _point_to_events(plan.children[0]["metadata"]) if plan.children else ""
    why = refusals[0].describe([]) if refusals else f"{where} shows the refusal, in its Events"
    parts = [
        f"Service {name} does not have port {', '.join(map(str, ports))} yet: {why}" for name, ports in closed.items()
    ]
    return QUOTA_EXCEEDED if refusals else "PortClosed", parts
