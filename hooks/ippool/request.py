"""What Metacontroller sends of an IPPool. The shapes only, no decisions.

Metadata that only Metacontroller and kubectl read is most of a body. What is not declared here is skipped in its text
and never becomes an object in memory: reading takes a third of the time that way.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints
from pydantic.alias_generators import to_camel

from hooks.ippool.allocation import ALLOCATION, Allocation
from hooks.ippool.pools import POOL
from hooks.kubernetes.names import DNS_1123, MAX_NODE_NAME
from hooks.wire import ClusterParent, Name, RelatedObjects

# How requests name the kind.
VK8S = "Vk8s.vk8s.sktelecom.com/v1alpha1"

NodeName = Annotated[str, StringConstraints(pattern=DNS_1123, max_length=MAX_NODE_NAME)]


class Shape(BaseModel):
    """A part of a request; what it does not declare is skipped."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class Vk8sMetadata(Shape):
    """What is read of a Vk8s's metadata."""

    name: Name
    namespace: Name
    uid: Name
    generation: StrictInt = 0
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None


class SpecNode(Shape):
    """A node of a Vk8s's spec."""

    name: NodeName


class Vk8sSpec(Shape):
    """What is read of a Vk8s's spec."""

    nodes: list[SpecNode]
    ip_pool: str | None = None


class StatusNode(Shape):
    """A node of a Vk8s's status: those of the spec, and those that have left it and still have a pod or a volume."""

    name: str
    pod_ip: str | None = Field(default=None, alias="podIP")


class Vk8sStatus(Shape):
    """What is read of a Vk8s's status."""

    observed_generation: int
    nodes: list[StatusNode]


class Vk8s(Shape):
    """A Vk8s. Where its spec or status is not as it should be, it is what it came as, and stops nothing."""

    metadata: Vk8sMetadata
    spec: Annotated[Vk8sSpec | Any, Field(union_mode="left_to_right")] = None
    status: Annotated[Vk8sStatus | Any, Field(union_mode="left_to_right")] = None

    @property
    def seniority(self) -> tuple[str, str]:
        """Sorts Vk8s: the older first."""
        return self.metadata.creation_timestamp, self.metadata.uid

    @property
    def is_lasting(self) -> bool:
        """Whether nobody has deleted it."""
        return self.metadata.deletion_timestamp is None


class Children(Shape):
    """The pool's own allocations, by name."""

    allocations: dict[str, Allocation] = Field(alias=ALLOCATION)


class Related(Shape):
    """All other objects that a decision needs. A request that lacks a group would look as if there were none."""

    vk8s: dict[str, Vk8s] = Field(alias=VK8S)
    pools: RelatedObjects = Field(alias=POOL)
    allocations: dict[str, Allocation] = Field(alias=ALLOCATION)


class PoolRequest(Shape):
    """Body of a sync or finalize call."""

    parent: ClusterParent
    children: Children
    related: Related


class PoolCustomizeRequest(Shape):
    """Body of a customize call."""

    parent: ClusterParent
