"""The resources of pods for which the spec has none: the access pod, and those of Jobs.

They have limits, as a quota may require, and requests of next to nothing, as nodes may have requested all that the
hosts have. They are fitted to the LimitRanges of the namespace, as no user could write them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import parse_quantity
from hooks.vk8s.spec.namespace_rules import CONTAINER, ONE_POD, Limit, NamespaceRules, PodTraits

# How a computed amount is written.
_WRITE: Final[dict[str, Callable[[Fraction], str]]] = {
    "cpu": lambda amount: f"{ceil(amount * 1000)}m",
    "memory": lambda amount: str(ceil(amount)),
}


@dataclass(frozen=True)
class OwnResources:
    """Resources of a container. `waives`: if a quota has no room for its limit, it runs without one."""

    requests: dict[str, str]
    limits: dict[str, str]
    waives: bool = False

    def fit(self, rules: NamespaceRules) -> Manifest:
        """The resources in that namespace, for the only container that runs in its pod at a time."""
        fitted = {name: self._fit_one(name, rules) for name in self.limits}
        return {
            "limits": {name: str(limit) for name, (limit, _) in fitted.items()},
            "requests": {name: str(request) for name, (_, request) in fitted.items()},
        }

    def _fit_one(self, name: str, rules: NamespaceRules) -> tuple[str, str]:
        """The limit and the request for one resource."""
        limits = [limit for kind in (CONTAINER, ONE_POD) for _, limit in rules.entries(kind)]
        ratios = [limit.max_limit_request_ratio[name] for limit in limits if name in limit.max_limit_request_ratio]
        least = [limit.min[name] for limit in limits if name in limit.min]
        limit = _clamp(self.limits[name], name, limits)
        request = min(_clamp(self.requests[name], name, limits), limit, key=parse_quantity)
        lowest = parse_quantity(limit) / min(map(parse_quantity, ratios)) if ratios else Fraction(0)
        if parse_quantity(request) < lowest:
            return limit, _WRITE[name](lowest)
        if self.waives and not ratios and not least and _is_short(rules, f"limits.{name}", limit):
            # Quotas count a limit of 0 as a limit; kubelets take it for none.
            return "0", "0"
        return limit, request


def _clamp(amount: str, name: str, limits: list[Limit]) -> str:
    """The amount, raised to their minimum and lowered to their maximum."""
    least = [limit.min[name] for limit in limits if name in limit.min]
    most = [limit.max[name] for limit in limits if name in limit.max]
    return min([*most, max([amount, *least], key=parse_quantity)], key=parse_quantity)


def _is_short(rules: NamespaceRules, name: str, amount: str) -> bool:
    quotas = [quota for quota in rules.quotas if quota.counts_pod(PodTraits())]
    return any(quota.refuses(name, parse_quantity(amount)) for quota in quotas)
