"""The ResourceQuotas and LimitRanges of a Vk8s's namespace, as Metacontroller sends them. Facts only.

`refused` computes what they reject, `own_resources` the resources of our own pods that fit them.
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
_NOTHING: Final = Fraction(0)

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


@dataclass(frozen=True)
class PodTraits:
    """What scopes of quotas ask of a pod of ours, which has no deadline.

    `best_effort`: it asks for nothing and is limited in nothing; `priority_class`: None where none is written, and one
    may be given by default; `reaches_out`: its affinity is about pods of other namespaces.
    """

    best_effort: bool = False
    priority_class: str | None = None
    reaches_out: bool = False


class Scope(_Form):
    """What a quota asks of the pods that it counts."""

    scope_name: str
    operator: str = "Exists"
    values: tuple[str, ...] = ()

    def covers(self, pod: PodTraits) -> bool:
        """Whether the pod is one of those; not where that is not known."""
        answers = {
            "BestEffort": pod.best_effort,
            "NotBestEffort": not pod.best_effort,
            "NotTerminating": True,
            "CrossNamespacePodAffinity": pod.reaches_out,
            "PriorityClass": pod.priority_class is not None and self._has(pod.priority_class),
        }
        return answers.get(self.scope_name, False)

    def _has(self, value: str) -> bool:
        answers = {"Exists": True, "In": value in self.values, "NotIn": value not in self.values}
        return answers.get(self.operator, False)


class Quota(_Form):
    """A ResourceQuota as it is enforced, from its status. `scopes`: it counts only pods that match all of them."""

    name: str
    hard: dict[str, Quantity]
    used: dict[str, Quantity] = Field(default_factory=dict)
    scopes: tuple[Scope, ...] = ()

    def counts_pod(self, pod: PodTraits) -> bool:
        """Whether it counts a pod of ours, as far as is known."""
        return all(scope.covers(pod) for scope in self.scopes)

    def refuses(self, name: str, amount: Fraction, freed: Fraction = _NOTHING) -> bool:
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
        plain = [{"scopeName": name} for name in spec.get("scopes") or []]
        scopes = map(Scope.model_validate, [*plain, *expressions])
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
