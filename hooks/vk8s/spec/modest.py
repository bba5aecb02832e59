"""What the pods ask for that are ours alone, and for which the spec has no resources: the access pod, and Jobs.

Bounded, as a quota may want it, with requests of next to nothing: nodes may have asked for all that the hosts have.
Within the LimitRanges of the namespace, as nobody could write it otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import parse_quantity
from hooks.vk8s.spec.namespace_rules import CONTAINER, ONE_POD, Limit, NamespaceRules

# What is written for an amount that was computed.
_WRITE: Final[dict[str, Callable[[Fraction], str]]] = {
    "cpu": lambda amount: f"{ceil(amount * 1000)}m",
    "memory": lambda amount: str(ceil(amount)),
}


@dataclass(frozen=True)
class Modest:
    """Resources of a container. `waives`: where a quota has no room for a limit, it takes none, and is not limited."""

    requests: dict[str, str]
    limits: dict[str, str]
    waives: bool = False

    def fit(self, rules: NamespaceRules) -> Manifest:
        """The resources in that namespace, for a container of a pod in which no other runs at the same time."""
        fitted = {name: self._fit_one(name, rules) for name in self.limits}
        return {
            "limits": {name: str(limit) for name, (limit, _) in fitted.items()},
            "requests": {name: str(request) for name, (_, request) in fitted.items()},
        }

    def _fit_one(self, name: str, rules: NamespaceRules) -> tuple[str, str]:
        """Limit and request."""
        limits = [limit for kind in (CONTAINER, ONE_POD) for _, limit in rules.entries(kind)]
        ratios = [limit.max_limit_request_ratio[name] for limit in limits if name in limit.max_limit_request_ratio]
        least = [limit.min[name] for limit in limits if name in limit.min]
        limit = _clamp(self.limits[name], name, limits)
        request = min(_clamp(self.requests[name], name, limits), limit, key=parse_quantity)
        lowest = parse_quantity(limit) / min(map(parse_quantity, ratios)) if ratios else Fraction(0)
        if parse_quantity(request) < lowest:
            return limit, _WRITE[name](lowest)
        if self.waives and not ratios and not least and _is_short(rules, f"limits.{name}", limit):
            # A limit of 0 is one to quotas, and none to kubelets.
            return "0", "0"
        return limit, request


def _clamp(amount: str, name: str, limits: list[Limit]) -> str:
    """The amount, not below what one of them demands, and not above what another one allows."""
    least = [limit.min[name] for limit in limits if name in limit.min]
    most = [limit.max[name] for limit in limits if name in limit.max]
    return min([*most, max([amount, *least], key=parse_quantity)], key=parse_quantity)


def _is_short(rules: NamespaceRules, name: str, amount: str) -> bool:
    quotas = [quota for quota in rules.quotas if quota.counts_pod(best_effort=False)]
    return any(quota.lacks_room(name, parse_quantity(amount)) for quota in quotas)
