"""Where a pod may run, in the words of a pod: the form of `affinity` and of `topologySpreadConstraints`.

A spec has them as its owner wrote them, and so has the pod. These models only say what the API server would refuse in a
pod, because a pod that is refused takes the one before it with it.
Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#scheduling
"""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from hooks.kubernetes.labels import VK8S
from hooks.vk8s.spec.labels import COMPONENT

LABEL_VALUE: Final = r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?"
LABEL_KEY: Final = r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
# The longest name of a label, and with the domain before it; the longest value.
MAX_LABEL_NAME: Final = 63
MAX_LABEL_KEY: Final = 317
_NUMERIC: Final = ("Gt", "Lt")


def _advise(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("advice", "{sentence}", {"sentence": sentence})


def is_label_key(key: str) -> bool:
    """Whether a label, or an annotation, may have that key."""
    return re.fullmatch(LABEL_KEY, key) is not None and len(key.rpartition("/")[2]) <= MAX_LABEL_NAME


def _check_key(key: str) -> str:
    if not is_label_key(key):
        raise _advise("write the key of a label, such as kubernetes.io/hostname")
    return key


def _check_value(value: str) -> str:
    if re.fullmatch(LABEL_VALUE, value) is None or len(value) > MAX_LABEL_NAME:
        raise _advise("write the value of a label, such as ssd")
    return value


Key = Annotated[str, AfterValidator(_check_key)]
Value = Annotated[str, AfterValidator(_check_value)]
Weight = Annotated[int, Field(ge=1, le=100)]
Count = Annotated[int, Field(ge=1, le=1000)]
Policy = Literal["Honor", "Ignore"]


class _Form(BaseModel):
    """A part of a pod's spec, of which every field is known."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


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
    values: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        if self.operator in _NUMERIC:
            if len(self.values) != 1 or re.fullmatch(r"-?[0-9]+", self.values[0]) is None:
                raise _advise("write one whole number, in quotes, as the value for Gt or Lt")
        elif bool(self.values) != (self.operator in ("In", "NotIn")):
            raise _advise("write values with operator In and NotIn, and none with Exists and DoesNotExist")
        return self


class FieldRequirement(_Form):
    """Which host is meant, by its name."""

    key: Literal["metadata.name"]
    operator: Literal["In", "NotIn"]
    values: Annotated[list[str], Field(min_length=1, max_length=1)]


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
    namespaces: list[str] = Field(default_factory=list)
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
