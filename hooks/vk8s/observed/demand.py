"""What an object uses of a namespace's quotas, with the defaults of the API server and of LimitRanges."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import Quantity
from hooks.vk8s.observed.children import CLAIM, SERVICE, group_key
from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.vk8s.spec.namespace_rules import CONTAINER, NONE, Amounts, NamespaceRules, PodTraits

_COMPUTE: Final = ("cpu", "memory")
_ONE: Final = Quantity("1")
# Less than any amount.
_LESS: Final = Quantity("-1")


@dataclass(frozen=True)
class Demand:
    """Requests and limits of a container, or of a whole pod."""

    name: str
    requests: Amounts
    limits: Amounts

    @property
    def is_bounded(self) -> bool:
        """Whether it is not best effort: some request or limit of CPU or memory is not zero."""
        return any(amounts.get(name, NONE).amount for amounts in (self.requests, self.limits) for name in _COMPUTE)

    @cached_property
    def counted(self) -> Amounts:
        """The amounts that quotas count, by the quotas' names for them."""
        return {
            "pods": _ONE,
            "count/pods": _ONE,
            **self.requests,
            **{f"requests.{name}": amount for name, amount in self.requests.items()},
            **{f"limits.{name}": amount for name, amount in self.limits.items()},
        }


@dataclass(frozen=True)
class PodDemand:
    """The demand of the containers of a pod, init containers last, and of the `whole` pod: they run one at a time."""

    containers: list[Demand]
    whole: Demand
    traits: PodTraits


def measure_pod(spec: Manifest, rules: NamespaceRules) -> PodDemand:
    """The demand of a pod, with the defaults of the API server and of LimitRanges."""
    demands = [_fill(container, rules) for container in (*spec["containers"], *spec.get("initContainers", []))]
    requests, limits = ([getattr(demand, field) for demand in demands] for field in ("requests", "limits"))
    whole = Demand("", _compute_largest(requests), _compute_largest(limits))
    best_effort = not any(demand.is_bounded for demand in demands)
    return PodDemand(demands, whole, PodTraits(best_effort, spec.get("priorityClassName"), _reaches_out(spec)))


def measure(child: Manifest) -> Amounts:
    """What quotas count for a child that is not a pod, by the quotas' names."""
    kind, spec = group_key(child), child.get("spec", {})
    resource = CHILD_KINDS[kind].resource
    counted = {resource: _ONE, f"count/{resource}": _ONE}
    if kind == SERVICE and spec.get("type") == "NodePort":
        return {**counted, "services.nodeports": Quantity(len(spec["ports"]))}
    if kind == CLAIM:
        size, storage_class = Quantity(spec["resources"]["requests"]["storage"]), spec.get("storageClassName")
        prefix = f"{storage_class}.storageclass.storage.k8s.io/"
        own = {f"{prefix}requests.storage": size, f"{prefix}persistentvolumeclaims": _ONE} if storage_class else {}
        return {**counted, "requests.storage": size, **own}
    return counted


def compute_freed(pod: Manifest) -> Mapping[str, Fraction]:
    """What quotas no longer count when an observed pod that has not ended is gone."""
    whole = measure_pod(pod["spec"], NamespaceRules()).whole
    return {name: amount.amount for name, amount in whole.counted.items()}


def _reaches_out(spec: Manifest) -> bool:
    """Whether the affinity of the pod, which is of a valid form, is about pods of other namespaces."""
    affinity = spec.get("affinity") or {}
    groups = [affinity.get(kind) or {} for kind in ("podAffinity", "podAntiAffinity")]
    terms = [term for group in groups for terms in group.values() for term in terms or []]
    inner: list[Manifest] = [term.get("podAffinityTerm", term) for term in terms]
    return any(term.get("namespaces") or term.get("namespaceSelector") is not None for term in inner)


def _fill(container: Manifest, rules: NamespaceRules) -> Demand:
    """The container's demand. Its own limits are its default requests, before those of LimitRanges."""
    resources = container.get("resources") or {}
    limits = _read(resources.get("limits"))
    requests = {**limits, **_read(resources.get("requests"))}
    for _, limit in rules.entries(CONTAINER):
        limits, requests = {**limit.default, **limits}, {**limit.default_request, **requests}
    return Demand(str(container.get("name", "")), requests, limits)


def _read(amounts: Mapping[str, object] | None) -> Amounts:
    return {name: Quantity(amount) for name, amount in (amounts or {}).items()}


def _compute_largest(lists: Iterable[Amounts]) -> Amounts:
    largest: dict[str, Quantity] = {}
    for amounts in lists:
        larger = {name: each for name, each in amounts.items() if each.amount > largest.get(name, _LESS).amount}
        largest = {**largest, **larger}
    return largest
