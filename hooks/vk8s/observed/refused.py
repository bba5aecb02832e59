"""What the quotas and LimitRanges of the namespace reject, with the API server's own messages.

Only what is certain: a child that none of them rejects may be rejected by something else. As in Kubernetes'
plugin/pkg/admission/limitranger and pkg/quota/v1/evaluator/core, for objects such as ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import Quantity
from hooks.vk8s.observed.children import CLAIM, POD, group_key
from hooks.vk8s.observed.demand import Demand, PodDemand, compute_freed, measure, measure_pod
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.labels import COMPONENT, NODE_COMPONENT
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.namespace_rules import CONTAINER, NONE, ONE_CLAIM, ONE_POD, Amounts, Limit, NamespaceRules, Quota
from hooks.vk8s.spec.naming import NODE_CONTAINER

QUOTA_EXCEEDED: Final = "QuotaExceeded"
LIMIT_RANGE: Final = "LimitRange"
REFUSED: Final = frozenset([QUOTA_EXCEEDED, LIMIT_RANGE])
# If a quota counts one of these, each container has to specify it.
_REQUIRED: Final = frozenset(["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"])

_NOTHING: Final = Fraction(0)


@dataclass(frozen=True)
class Refusal:
    """Why an object can't be created: a CamelCase reason, the API server's message, and the name of the rule behind it.

    `fields`: the fields of a container's resources that have to be specified, such as `limits.memory`.
    """

    reason: str
    words: str
    rule: str
    fields: tuple[str, ...] = ()

    def describe(self, children: Sequence[Manifest]) -> str:
        """The message, and what to do about these children."""
        return f"{self.words} ({self.advise(children)})"

    def advise(self, children: Sequence[Manifest]) -> str:
        """What to do about these children. Owners can only write the resources of nodes."""
        labels = (child["metadata"].get("labels", {}) for child in children)
        nodes = ", ".join(each[NODE] for each in labels if each.get(COMPONENT) == NODE_COMPONENT and NODE in each)
        name = f"{self.reason if self.reason == LIMIT_RANGE else 'ResourceQuota'} {self.rule}"
        if self.fields:
            fields = " and ".join(f"resources.{field}" for field in self.fields)
            return f"write {fields} for {nodes}" if nodes else f"change {name}"
        what = f"raise {name} or make room in it" if self.reason == QUOTA_EXCEEDED else f"change {name}"
        return f"{what}, or change the resources of {nodes}" if nodes else what


def list_refusals(child: Manifest, rules: NamespaceRules, freed: Mapping[str, Fraction] | None = None) -> list[Refusal]:
    """Why `child` can't be created. `freed`: amounts that quotas no longer count by then."""
    kind = group_key(child)
    if kind == POD:
        return list_pod_refusals(child["spec"], rules, freed)
    limits = list(_list_claim_breaches(child, rules)) if kind == CLAIM else []
    # A quota with scopes counts only pods.
    quotas = [quota for quota in rules.quotas if not quota.scopes]
    return [*limits, *_list_excesses(quotas, measure(child), freed or {})]


def list_pod_refusals(
    spec: Manifest, rules: NamespaceRules, freed: Mapping[str, Fraction] | None = None
) -> list[Refusal]:
    """Why a pod with that spec can't be created by anyone."""
    pod = measure_pod(spec, rules)
    # The order of the API server: quotas are not checked for what a LimitRange has rejected.
    breaches = [*_list_invalid(pod.containers, rules), *_list_pod_breaches(pod, rules)]
    if breaches:
        return breaches
    quotas = [quota for quota in rules.quotas if quota.counts_pod(pod.traits)]
    lacking = [refusal for quota in quotas for refusal in _list_lacking(quota, pod.containers)]
    return lacking or list(_list_excesses(quotas, pod.whole.counted, freed or {}))


def list_node_refusals(
    node: NodeSpec, rules: NamespaceRules, freed: Mapping[str, Fraction] | None = None
) -> list[Refusal]:
    """Why the pod of a node can't be created with the resources in the spec."""
    resources = {"limits": node.resources.limits, "requests": node.resources.requests}
    spec = {
        "affinity": node.affinity,
        "containers": [{"name": NODE_CONTAINER, "resources": resources}],
        "priorityClassName": node.priority_class_name,
    }
    return list_pod_refusals(spec, rules, freed)


def list_job_refusals(job: Manifest, rules: NamespaceRules) -> list[Refusal]:
    """Why a Job that needs a pod can't create it. A quota counts the pod that it has, so only one without is judged."""
    status = job.get("status") or {}
    # Its controller writes the start once it has tried to create the pod, and counts in two steps one that succeeded.
    done = status.get("succeeded") or (status.get("uncountedTerminatedPods") or {}).get("succeeded")
    if not status.get("startTime") or status.get("active") or done:
        return []
    return list_pod_refusals(job["spec"]["template"]["spec"], rules)


def is_too_large(job: Manifest, resources: Manifest, rules: NamespaceRules) -> bool:
    """Whether the pod of a Job is rejected, and one whose containers have these `resources` would not be."""
    another = {"containers": [{"name": "another", "resources": resources}]}
    return bool(list_job_refusals(job, rules)) and not list_pod_refusals(another, rules)


def is_room_needed(job: Manifest, pod: Manifest, rules: NamespaceRules) -> bool:
    """Whether the pod of a Job is rejected, and would not be without `pod`."""
    refused = bool(list_job_refusals(job, rules))
    return refused and not list_pod_refusals(job["spec"]["template"]["spec"], rules, compute_freed(pod))


def list_port_refusals(count: int, rules: NamespaceRules) -> list[Refusal]:
    """Why a Service can't get `count` more node ports."""
    quotas = [quota for quota in rules.quotas if not quota.scopes]
    return list(_list_excesses(quotas, {"services.nodeports": Quantity(count)}, {}))


def _list_excesses(quotas: Sequence[Quota], counted: Amounts, freed: Mapping[str, Fraction]) -> Iterator[Refusal]:
    for quota in quotas:
        over = [
            name for name in sorted(counted) if quota.refuses(name, counted[name].amount, freed.get(name, _NOTHING))
        ]
        if not over:
            continue
        requested, used, hard = (
            ",".join(f"{name}={amounts.get(name, NONE)}" for name in over)
            for amounts in (counted, quota.used, quota.hard)
        )
        words = f"exceeded quota: {quota.name}, requested: {requested}, used: {used}, limited: {hard}"
        yield Refusal(QUOTA_EXCEEDED, words, quota.name)


def _list_lacking(quota: Quota, demands: Sequence[Demand]) -> Iterator[Refusal]:
    """The resources that the quota counts and containers don't specify."""
    required = _REQUIRED & set(quota.hard)
    lacking = sorted({name for demand in demands for name in required - set(demand.counted)})
    if not lacking:
        return
    containers = {
        name: ",".join(sorted(demand.name for demand in demands if name not in demand.counted)) for name in lacking
    }
    missing = "; ".join(f"{name} for: {containers[name]}" for name in lacking)
    fields = dict.fromkeys(name if "." in name else f"requests.{name}" for name in lacking)
    words = f"failed quota: {quota.name}: must specify {missing}"
    yield Refusal(QUOTA_EXCEEDED, words, quota.name, tuple(fields))


def _list_invalid(demands: Sequence[Demand], rules: NamespaceRules) -> Iterator[Refusal]:
    """Requests above a limit that is a LimitRange's default: a spec that has both is rejected earlier."""
    for demand in demands:
        for name, limit in sorted(demand.limits.items()):
            request = demand.requests.get(name)
            if request is not None and request.amount > limit.amount:
                words = f'Invalid value: "{request}": must be less than or equal to {name} limit of {limit}'
                yield Refusal(LIMIT_RANGE, words, rules.find_default(name) or "", (f"limits.{name}",))


def _list_pod_breaches(pod: PodDemand, rules: NamespaceRules) -> Iterator[Refusal]:
    for kind, all_of_kind in ((CONTAINER, pod.containers), (ONE_POD, [pod.whole])):
        for name, limit in rules.entries(kind):
            words = dict.fromkeys(each for demand in all_of_kind for each in _list_breaches(limit, demand))
            yield from (_breach(name, each) for each in words)


def _list_claim_breaches(claim: Manifest, rules: NamespaceRules) -> Iterator[Refusal]:
    requests = {name: Quantity(amount) for name, amount in claim["spec"]["resources"]["requests"].items()}
    demand = Demand(claim["metadata"]["name"], requests, {})
    for name, limit in rules.entries(ONE_CLAIM):
        lowest = (_check_minimum(limit.type, each, demand) for each in limit.min.items())
        highest = (_check_maximum(limit.type, each, demand.requests, "request") for each in limit.max.items())
        yield from (_breach(name, each) for each in (*lowest, *highest) if each)


def _breach(limit_range: str, words: str) -> Refusal:
    return Refusal(LIMIT_RANGE, words, limit_range)


def _list_breaches(limit: Limit, demand: Demand) -> Iterator[str]:
    for entry in limit.min.items():
        yield from filter(None, [_check_minimum(limit.type, entry, demand)])
    for entry in limit.max.items():
        words = _check_maximum(limit.type, entry, demand.limits, "limit")
        yield from filter(None, [words])
    for entry in limit.max_limit_request_ratio.items():
        yield from filter(None, [_check_ratio(limit.type, entry, demand)])


def _check_minimum(kind: str, entry: tuple[str, Quantity], demand: Demand) -> str | None:
    name, least = entry
    start = f"minimum {name} usage per {kind} is {least}"
    if name not in demand.requests:
        return f"{start}.  No request is specified"
    for what, amounts in (("request", demand.requests), ("limit", demand.limits)):
        if name in amounts and amounts[name].amount < least.amount:
            return f"{start}, but {what} is {amounts[name]}"
    return None


def _check_maximum(kind: str, entry: tuple[str, Quantity], amounts: Amounts, what: str) -> str | None:
    """Requests are never above limits here, so only one of the two is checked."""
    name, most = entry
    start = f"maximum {name} usage per {kind} is {most}"
    if name not in amounts:
        return f"{start}.  No {what} is specified"
    return f"{start}, but {what} is {amounts[name]}" if amounts[name].amount > most.amount else None


def _check_ratio(kind: str, entry: tuple[str, Quantity], demand: Demand) -> str | None:
    name, most = entry
    start = f"{name} max limit to request ratio per {kind} is {most}, but"
    request, limit = (amounts.get(name, NONE).amount for amounts in (demand.requests, demand.limits))
    if not request:
        return f"{start} no request is specified or request is 0"
    if not limit:
        return f"{start} no limit is specified or limit is 0"
    ratio = limit / request
    return f"{start} provided ratio is {float(ratio):f}" if ratio > most.amount else None


def list_held(cluster: VirtualCluster, pods: Mapping[str, Pod]) -> dict[str, str]:
    """The nodes whose pods are not replaced because the next ones would be rejected, and why.

    Pods that have ended are not held: there is nothing to preserve.
    """
    if cluster.rules == NamespaceRules():
        return {}
    held = [(node, pods[node.name]) for node in cluster.nodes if node.name in pods]
    found = [
        (node.name, list_node_refusals(node, cluster.rules, compute_freed(pod.manifest)))
        for node, pod in held
        if not pod.has_ended
    ]
    return {name: "; ".join(refusal.words for refusal in refusals) for name, refusals in found if refusals}
