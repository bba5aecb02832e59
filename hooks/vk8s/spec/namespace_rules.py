"""The ResourceQuotas and LimitRanges of a Vk8s's namespace, as Metacontroller sends them. Facts only.

`refused` computes what they reject, `modest` the resources of our own pods that fit them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import Quantity
from hooks.settings import Settings
from hooks.wire import Parent

QUOTA: Final = "ResourceQuota.v1"
LIMIT_RANGE: Final = "LimitRange.v1"
# Types of the entries of a LimitRange.
CONTAINER: Final = "Container"
ONE_POD: Final = "Pod"
ONE_CLAIM: Final = "PersistentVolumeClaim"
# Our pods have no deadline, no priority class and no affinity. A default may give them a priority class, so it is
# unknown whether a quota with such a scope counts them; it is ignored.
_OUR_SCOPES: Final = frozenset(["NotTerminating"])
_NOTHING: Final = Fraction(0)
_BEST_EFFORT, _NOT_BEST_EFFORT = "BestEffort", "NotBestEffort"

# Amounts by resource.
Amounts = Mapping[str, Quantity]
# A missing amount.
NONE: Final = Quantity("0")


class _Form(BaseModel):
    """A part of an object. Fields that it does not declare are skipped."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class Limit(_Form):
    """One entry of a LimitRange: for each container, each pod or each claim."""

    type: str
    min: dict[str, Quantity] = Field(default_factory=dict)
    max: dict[str, Quantity] = Field(default_factory=dict)
    default: dict[str, Quantity] = Field(default_factory=dict)
    default_request: dict[str, Quantity] = Field(default_factory=dict)
    max_limit_request_ratio: dict[str, Quantity] = Field(default_factory=dict)


class LimitRange(_Form):
    """A LimitRange and its entries."""

    name: str
    limits: list[Limit]

    def entries(self, kind: str) -> list[Limit]:
        """Its entries for containers, pods or claims."""
        return [limit for limit in self.limits if limit.type == kind]


class _Scope(_Form):
    scope_name: str


class Quota(_Form):
    """A ResourceQuota as it is enforced, from its status. `scopes`: it counts only pods that match all of them."""

    name: str
    hard: dict[str, Quantity]
    used: dict[str, Quantity] = Field(default_factory=dict)
    scopes: tuple[str, ...] = ()

    def counts_pod(self, *, best_effort: bool) -> bool:
        """Whether it counts a pod of ours. `best_effort`: a pod without requests and limits."""
        ours = _OUR_SCOPES | {_BEST_EFFORT if best_effort else _NOT_BEST_EFFORT}
        return set(self.scopes) <= ours

    def lacks_room(self, name: str, amount: Fraction, freed: Fraction = _NOTHING) -> bool:
        """Whether it rejects `amount` more of the resource `name`, once `freed` of it is no longer used."""
        if name not in self.hard or not amount:
            return False
        used = max(self.used.get(name, NONE).amount - freed, _NOTHING)
        return used + amount > self.hard[name].amount


@dataclass(frozen=True)
class NamespaceRules:
    """The rules of a namespace, sorted by name. Empty if Metacontroller does not send them: nothing is known then."""

    quotas: tuple[Quota, ...] = ()
    limit_ranges: tuple[LimitRange, ...] = ()

    def entries(self, kind: str) -> Iterator[tuple[str, Limit]]:
        """Name of the LimitRange and entry, for all entries for containers, pods or claims."""
        for limit_range in self.limit_ranges:
            for limit in limit_range.entries(kind):
                yield limit_range.name, limit

    def find_default(self, resource: str) -> str | None:
        """Name of the LimitRange that gives a container its default limit of `resource`, if any."""
        return next((name for name, limit in self.entries(CONTAINER) if resource in limit.default), None)

    @classmethod
    def parse(cls, related: Mapping[str, Mapping[str, Manifest]]) -> Self:
        """The rules in the related objects of a request. Those that can't be read are ignored."""
        quotas = filter(None, map(_parse_quota, related.get(QUOTA, {}).values()))
        limit_ranges = filter(None, map(_parse_limit_range, related.get(LIMIT_RANGE, {}).values()))
        return cls(
            tuple(sorted(quotas, key=lambda quota: quota.name)),
            tuple(sorted(limit_ranges, key=lambda limit_range: limit_range.name)),
        )


def build_rules(parent: Parent, settings: Settings) -> list[Manifest]:
    """The related objects to request: all quotas and LimitRanges of the namespace."""
    if not settings.namespace_rules:
        return []
    namespace = parent.metadata.namespace
    return [
        {"apiVersion": "v1", "resource": resource, "namespace": namespace}
        for resource in ("limitranges", "resourcequotas")
    ]


def _parse_quota(manifest: Manifest) -> Quota | None:
    """The quota; None until a controller has written its status, as it is not enforced before."""
    status, spec = manifest.get("status") or {}, manifest.get("spec") or {}
    try:
        expressions = (spec.get("scopeSelector") or {}).get("matchExpressions") or []
        selected = [_Scope.model_validate(each).scope_name for each in expressions]
        scopes = [*(spec.get("scopes") or []), *selected]
        return Quota(
            name=manifest["metadata"]["name"], hard=status["hard"], used=status.get("used") or {}, scopes=tuple(scopes)
        )
    except (AttributeError, LookupError, TypeError, ValidationError):
        return None


def _parse_limit_range(manifest: Manifest) -> LimitRange | None:
    try:
        return LimitRange(name=manifest["metadata"]["name"], limits=manifest["spec"]["limits"])
    except (LookupError, TypeError, ValidationError):
        return None
