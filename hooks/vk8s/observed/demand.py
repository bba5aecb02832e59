"""What an object takes of a namespace's quotas, after the API server and LimitRanges have filled in what it lacks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import parse_quantity
from hooks.vk8s.observed.children import CLAIM, JOB, NETWORK_POLICY, POD, SERVICE, group_key
from hooks.vk8s.spec.namespace_rules import CONTAINER, Amounts, NamespaceRules

# How quotas call the kinds whose objects they count, where it is not the kind itself in small letters with an s.
_PLURALS: Final = {JOB: "jobs.batch", NETWORK_POLICY: "networkpolicies.networking.k8s.io"}
_COMPUTE: Final = ("cpu", "memory")


@dataclass(frozen=True)
class Demand:
    """What a container, or a whole pod, asks for and is limited to."""

    name: str
    requests: Amounts
    limits: Amounts

    @classmethod
    def of_pod(cls, demands: Sequence["Demand"]) -> "Demand":
        """The demand of a pod with one container, `demands[0]`, and others that run before it, one after the other."""
        return cls(
            "",
            _find_largest(demand.requests for demand in demands),
            _find_largest(demand.limits for demand in demands),
        )

    @property
    def is_bounded(self) -> bool:
        """Whether it is more than best effort: some amount of CPU or memory is not nothing."""
        return any(
            parse_quantity(amounts.get(name, "0")) for amounts in (self.requests, self.limits) for name in _COMPUTE
        )

    def counted(self) -> Amounts:
        """What quotas count of it, by their names for that."""
        return {
            "pods": "1",
            "count/pods": "1",
            **self.requests,
            **{f"requests.{name}": amount for name, amount in self.requests.items()},
            **{f"limits.{name}": amount for name, amount in self.limits.items()},
        }


def find_demands(spec: Manifest, rules: NamespaceRules) -> list[Demand]:
    """What each container of a pod is made with, the one that stays first."""
    return [_fill(container, rules) for container in (*spec["containers"], *spec.get("initContainers", []))]


def find_counted(child: Manifest, rules: NamespaceRules) -> Amounts:
    """What quotas count of a child, by their names for that."""
    kind, spec = group_key(child), child.get("spec", {})
    if kind == POD:
        return Demand.of_pod(find_demands(spec, rules)).counted()
    plural = _PLURALS.get(kind, f"{child['kind'].lower()}s")
    return {plural: "1", f"count/{plural}": "1", **_count_special(kind, spec)}


def is_over(pod: Manifest) -> bool:
    """Whether an observed pod has ended for good: no quota counts what it asked for any more."""
    return pod.get("status", {}).get("phase") in ("Failed", "Succeeded")


def find_freed(pod: Manifest) -> Mapping[str, Fraction]:
    """What quotas no longer count when an observed pod is gone that has not ended."""
    counted = Demand.of_pod(find_demands(pod["spec"], NamespaceRules())).counted()
    return {name: parse_quantity(amount) for name, amount in counted.items()}


def _count_special(kind: str, spec: Manifest) -> Amounts:
    if kind == SERVICE and spec.get("type") == "NodePort":
        return {"services.nodeports": str(len(spec["ports"]))}
    if kind == CLAIM:
        size, storage_class = str(spec["resources"]["requests"]["storage"]), spec.get("storageClassName")
        prefix = f"{storage_class}.storageclass.storage.k8s.io/"
        own = {f"{prefix}requests.storage": size, f"{prefix}persistentvolumeclaims": "1"} if storage_class else {}
        return {"requests.storage": size, **own}
    return {}


def _fill(container: Manifest, rules: NamespaceRules) -> Demand:
    """The container's demand. Its own limits stand for requests before a LimitRange is asked for its defaults."""
    resources = container.get("resources") or {}
    limits: Amounts = resources.get("limits") or {}
    requests: Amounts = {**limits, **(resources.get("requests") or {})}
    for _, limit in rules.entries(CONTAINER):
        limits, requests = {**limit.default, **limits}, {**limit.default_request, **requests}
    return Demand(str(container.get("name", "")), requests, limits)


def _find_largest(lists: Iterable[Amounts]) -> Amounts:
    largest: dict[str, str] = {}
    for amounts in lists:
        larger = {name: each for name, each in amounts.items() if name not in largest or _exceeds(each, largest[name])}
        largest = {**largest, **larger}
    return largest


def _exceeds(amount: str, other: str) -> bool:
    return parse_quantity(amount) > parse_quantity(other)
