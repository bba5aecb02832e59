"""The requests that Metacontroller sends for an IPPool. Shapes only, no decisions.

Most of a body is metadata that only Metacontroller and kubectl read. Fields that are not declared here are skipped in
the text and never become objects in memory, which makes parsing three times as fast.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints
from pydantic.alias_generators import to_camel

from hooks.ippool.allocation import ALLOCATION, Allocation
from hooks.ippool.pools import POOL
from hooks.kubernetes.names import DNS_1123, MAX_NODE_NAME
from hooks.wire import ClusterParent, Name, RelatedObjects

# The kind, as in requests.
VK8S = "Vk8s.vk8s.sktelecom.com/v1alpha1"

NodeName = Annotated[str, StringConstraints(pattern=DNS_1123, max_length=MAX_NODE_NAME)]


class Shape(BaseModel):
    """A part of a request. Fields that it does not declare are skipped."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class Vk8sMetadata(Shape):
    """The fields of a Vk8s's metadata that are read."""

    name: Name
    namespace: Name
    uid: Name
    generation: StrictInt = 0
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None


class SpecNode(Shape):
    """A node in a Vk8s's spec."""

    name: NodeName


class Vk8sSpec(Shape):
    """The fields of a Vk8s's spec that are read."""

    nodes: list[SpecNode]
    ip_pool: str | None = None


class StatusNode(Shape):
    """A node in a Vk8s's status: one in the spec, or one that was removed and still has a pod or a volume."""

    name: str
    pod_ip: str | None = Field(default=None, alias="podIP")


class Vk8sStatus(Shape):
    """The fields of a Vk8s's status that are read."""

    observed_generation: int
    nodes: list[StatusNode]


class Vk8s(Shape):
    """A Vk8s. An invalid spec or status stays plain JSON: it must not make the request fail."""

    metadata: Vk8sMetadata
    spec: Annotated[Vk8sSpec | Any, Field(union_mode="left_to_right")] = None
    status: Annotated[Vk8sStatus | Any, Field(union_mode="left_to_right")] = None

    @property
    def seniority(self) -> tuple[str, str]:
        """Sorts Vk8s: the older first."""
        return self.metadata.creation_timestamp, self.metadata.uid

    @property
    def is_lasting(self) -> bool:
        """Whether it is not being deleted."""
        return self.metadata.deletion_timestamp is None


class Children(Shape):
    """The pool's own allocations, by name."""

    allocations: dict[str, Allocation] = Field(alias=ALLOCATION)


class Related(Shape):
    """All other objects that a decision needs. All are required: a missing group would look like an empty one."""

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
