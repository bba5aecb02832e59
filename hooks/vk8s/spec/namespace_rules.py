"""What ResourceQuotas and LimitRanges of a Vk8s's namespace say, as Metacontroller sends them along. Facts alone.

What they refuse is worked out by `refused`; what our own small pods ask for because of them, by `modest`.
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
# What a limit of a LimitRange is for.
CONTAINER: Final = "Container"
ONE_POD: Final = "Pod"
ONE_CLAIM: Final = "PersistentVolumeClaim"
# Our pods have no deadline, no priority class and no affinity. A priority class may be given to them by default, so
# whether a quota for such counts them is not known; it is passed over.
_OUR_SCOPES: Final = frozenset(["NotTerminating"])
_NOTHING: Final = Fraction(0)
_BEST_EFFORT, _NOT_BEST_EFFORT = "BestEffort", "NotBestEffort"

# Resource to how much of it.
Amounts = Mapping[str, Quantity]
# What is neither written nor counted.
NONE: Final = Quantity("0")


class _Form(BaseModel):
    """A part of an object; what it does not declare is skipped."""

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
    """A ResourceQuota as it is enforced: by what its status says. `scopes`: it counts only pods that have all."""

    name: str
    hard: dict[str, Quantity]
    used: dict[str, Quantity] = Field(default_factory=dict)
    scopes: tuple[str, ...] = ()

    def counts_pod(self, *, best_effort: bool) -> bool:
        """Whether it counts a pod of ours; `best_effort`: one that asks for nothing and is limited in nothing."""
        ours = _OUR_SCOPES | {_BEST_EFFORT if best_effort else _NOT_BEST_EFFORT}
        return set(self.scopes) <= ours

    def lacks_room(self, name: str, amount: Fraction, freed: Fraction = _NOTHING) -> bool:
        """Whether it refuses so much more of what it calls `name`, when `freed` of that is no longer used."""
        if name not in self.hard or not amount:
            return False
        used = max(self.used.get(name, NONE).amount - freed, _NOTHING)
        return used + amount > self.hard[name].amount


@dataclass(frozen=True)
class NamespaceRules:
    """The rules of a namespace, by name. None where Metacontroller does not send them: then nothing is known."""

    quotas: tuple[Quota, ...] = ()
    limit_ranges: tuple[LimitRange, ...] = ()

    def entries(self, kind: str) -> Iterator[tuple[str, Limit]]:
        """Name of a LimitRange and entry, for all entries for containers, pods or claims."""
        for limit_range in self.limit_ranges:
            for limit in limit_range.entries(kind):
                yield limit_range.name, limit

    def find_default(self, resource: str) -> str | None:
        """Name of the LimitRange that gives a container its limit of `resource`, where it has none of its own."""
        return next((name for name, limit in self.entries(CONTAINER) if resource in limit.default), None)

    @classmethod
    def parse(cls, related: Mapping[str, Mapping[str, Manifest]]) -> Self:
        """The rules in the related objects of a request. One that can't be read is passed over: it explains nothing."""
        quotas = filter(None, map(_parse_quota, related.get(QUOTA, {}).values()))
        limit_ranges = filter(None, map(_parse_limit_range, related.get(LIMIT_RANGE, {}).values()))
        return cls(
            tuple(sorted(quotas, key=lambda quota: quota.name)),
            tuple(sorted(limit_ranges, key=lambda limit_range: limit_range.name)),
        )


def build_rules(parent: Parent, settings: Settings) -> list[Manifest]:
    """Which objects Metacontroller shall send along: all quotas and LimitRanges of the namespace."""
    if not settings.namespace_rules:
        return []
    namespace = parent.metadata.namespace
    return [
        {"apiVersion": "v1", "resource": resource, "namespace": namespace}
        for resource in ("limitranges", "resourcequotas")
    ]


def _parse_quota(manifest: Manifest) -> Quota | None:
    """The quota; None while no controller has looked at it: until then, it is not enforced as it stands."""
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
