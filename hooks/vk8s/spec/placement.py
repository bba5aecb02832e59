"""Where a pod may run, in the words of a pod: the form of `affinity`, `tolerations` and `topologySpreadConstraints`.

A spec has them as its owner wrote them, and so has the pod. These models only say what the API server would refuse in a
pod, because a pod that is refused takes the one before it with it.
Source: https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go (ValidatePodSpec).
`tests/cluster/test_placement.py` asks an API server whether it accepts what these models accept.
"""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from hooks.kubernetes.labels import VK8S
from hooks.kubernetes.names import is_subdomain
from hooks.vk8s.spec.labels import COMPONENT

# The longest name of a label, and its longest value.
_MAX_NAME: Final = 63
_NAME: Final = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
_NUMERIC: Final = ("Gt", "Lt")
# As the value of a label, which has no sign, and of 64 bits.
_NUMBER: Final = r"[0-9]{1,18}"


def _advise(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("advice", "{sentence}", {"sentence": sentence})


def is_label_key(key: str) -> bool:
    """Whether a label, or an annotation, may have that key."""
    domain, slash, name = key.rpartition("/")
    return is_subdomain(domain) == bool(slash) and len(name) <= _MAX_NAME and re.fullmatch(_NAME, name) is not None


def is_label_value(value: str) -> bool:
    """Whether a label may have that value."""
    return len(value) <= _MAX_NAME and re.fullmatch(f"({_NAME})?", value) is not None


def _check_key(key: str) -> str:
    if not is_label_key(key):
        raise _advise("write the key of a label, such as kubernetes.io/hostname")
    return key


def _check_taint(key: str) -> str:
    return key and _check_key(key)


def _check_value(value: str) -> str:
    if not is_label_value(value):
        raise _advise("write the value of a label, such as ssd")
    return value


def _check_namespace(name: str) -> str:
    if not is_subdomain(name) or "." in name or len(name) > _MAX_NAME:
        raise _advise("write the name of a namespace")
    return name


def _check_host(name: str) -> str:
    if not is_subdomain(name):
        raise _advise("write the name of a host")
    return name


Key = Annotated[str, AfterValidator(_check_key)]
Value = Annotated[str, AfterValidator(_check_value)]
Namespace = Annotated[str, AfterValidator(_check_namespace)]
Host = Annotated[str, AfterValidator(_check_host)]
Weight = Annotated[int, Field(ge=1, le=100)]
Count = Annotated[int, Field(ge=1, le=1000)]
Policy = Literal["Honor", "Ignore"]


class _Form(BaseModel):
    """A part of a pod's spec, of which every field is known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True)


class Requirement(_Form):
    """What the value of a label has to be."""

    key: Key
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: list[Value] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        if bool(self.values) != (self.operator in ("In", "NotIn")):
            raise _advise("write values with operator In and NotIn, and with no other")
        return self


class Selector(_Form):
    """Which objects are meant, by their labels."""

    match_labels: dict[Key, Value] = Field(default_factory=dict)
    match_expressions: list[Requirement] = Field(default_factory=list)


class NodeRequirement(_Form):
    """What the value of a host's label has to be; numbers can be compared."""

    key: Key
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    values: list[Value] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        if self.operator in _NUMERIC:
            if len(self.values) != 1 or re.fullmatch(_NUMBER, self.values[0]) is None:
                raise _advise("write one whole number, 0 or more and in quotes, as the value for Gt or Lt")
        elif bool(self.values) != (self.operator in ("In", "NotIn")):
            raise _advise("write values with operator In and NotIn, and none with Exists and DoesNotExist")
        return self


class FieldRequirement(_Form):
    """Which host is meant, by its name."""

    key: Literal["metadata.name"]
    operator: Literal["In", "NotIn"]
    values: Annotated[list[Host], Field(min_length=1, max_length=1)]


class NodeTerm(_Form):
    """Requirements that a host meets, all of them."""

    match_expressions: list[NodeRequirement] = Field(default_factory=list)
    match_fields: list[FieldRequirement] = Field(default_factory=list)


class NodeTerms(_Form):
    """Terms, of which a host meets one."""

    node_selector_terms: Annotated[list[NodeTerm], Field(min_length=1)]


class PreferredNodeTerm(_Form):
    """A term, and how much it counts that a host meets it."""

    weight: Weight
    preference: NodeTerm


class NodeAffinity(_Form):
    """Hosts that a pod needs, or prefers."""

    required_during_scheduling_ignored_during_execution: NodeTerms | None = None
    preferred_during_scheduling_ignored_during_execution: list[PreferredNodeTerm] = Field(default_factory=list)


class PodTerm(_Form):
    """Pods that a pod wants to be near to, or far from."""

    topology_key: Key
    label_selector: Selector | None = None
    namespace_selector: Selector | None = None
    namespaces: list[Namespace] = Field(default_factory=list)
    match_label_keys: list[Key] = Field(default_factory=list)
    mismatch_label_keys: list[Key] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        _check_label_keys([*self.match_label_keys, *self.mismatch_label_keys], self.label_selector)
        return self


class WeightedPodTerm(_Form):
    """Such pods, and how much they count."""

    weight: Weight
    pod_affinity_term: PodTerm


class PodAffinity(_Form):
    """Pods that a pod has to be near to, or far from, and those that it prefers so."""

    required_during_scheduling_ignored_during_execution: list[PodTerm] = Field(default_factory=list)
    preferred_during_scheduling_ignored_during_execution: list[WeightedPodTerm] = Field(default_factory=list)


class Affinity(_Form):
    """`affinity` of a pod."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class Toleration(_Form):
    """A taint that is tolerated, or with `Exists` and no key, every taint."""

    key: Annotated[str, AfterValidator(_check_taint)] | None = None
    operator: Literal["Exists", "Equal"] | None = None
    value: Value | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: int | None = None

    @model_validator(mode="after")
    def _check_rest(self) -> Self:
        if not self.key and self.operator != "Exists":
            raise _advise("write a key, or operator: Exists for every taint")
        if self.value and self.operator == "Exists":
            raise _advise("write no value with operator: Exists")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise _advise("write effect: NoExecute with tolerationSeconds")
        return self


_OUR_NODES: Final = Selector(match_labels={VK8S: "", COMPONENT: ""})


class SpreadConstraint(_Form):
    """An entry of `topologySpreadConstraints` of a pod."""

    max_skew: Count
    topology_key: Key
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    label_selector: Selector | None = None
    match_label_keys: list[Key] = Field(default_factory=list)
    min_domains: Count | None = None
    node_affinity_policy: Policy | None = None
    node_taints_policy: Policy | None = None

    @model_validator(mode="after")
    def _check_rest(self) -> Self:
        if self.min_domains is not None and self.when_unsatisfiable != "DoNotSchedule":
            raise _advise("write minDomains only with whenUnsatisfiable: DoNotSchedule")
        # Without a selector, it is about the nodes of the virtual cluster.
        _check_label_keys(self.match_label_keys, self.label_selector or _OUR_NODES)
        return self


def _check_label_keys(keys: list[str], selector: Selector | None) -> None:
    """Keys whose values are taken from the pod itself go with a selector, which says nothing else of them."""
    named = {*selector.match_labels, *(each.key for each in selector.match_expressions)} if selector else set()
    if keys and selector is None:
        raise _advise("write a labelSelector with matchLabelKeys or mismatchLabelKeys")
    if len({*keys}) < len(keys) or named & {*keys}:
        raise _advise("write each label once: in labelSelector, in matchLabelKeys or in mismatchLabelKeys")
