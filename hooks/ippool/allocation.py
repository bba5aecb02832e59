"""IPAllocation objects: writing them, reading them, and which node an address belongs to."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from hooks.ippool.addresses import parse_number
from hooks.kubernetes.labels import MANAGED_BY, NODE, PREFIX, VK8S
from hooks.kubernetes.manifest import Manifest

# The kind, as in requests.
ALLOCATION: Final = "IPAllocation.vk8s.sktelecom.com/v1alpha1"
API_VERSION: Final = "vk8s.sktelecom.com/v1alpha1"

VK8S_UID = f"{PREFIX}vk8s-uid"
NAMESPACE = f"{PREFIX}namespace"


class NodeKey(NamedTuple):
    """Identifies a node. By uid: a Vk8s that is recreated under its name has none of the previous one's addresses."""

    vk8s_uid: str
    node: str


class AllocationMetadata(BaseModel):
    """The fields of an allocation's metadata that are read, and no others: there may be thousands of allocations."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)

    name: str
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    resource_version: str = ""
    labels: dict[str, str] = Field(default_factory=dict)


class Allocation(BaseModel):
    """An allocation as it was observed, whether a pool or a person made it. `model_validate` takes a manifest."""

    model_config = ConfigDict(extra="ignore")

    metadata: AllocationMetadata
    spec: Any = None

    @property
    def address(self) -> str:
        """The address. It is the object's name, so the API server ensures that it is allocated only once."""
        return self.metadata.name

    @cached_property
    def number(self) -> int | None:
        """The address as a number; None if the name is no address."""
        return parse_number(self.address)

    @cached_property
    def holder(self) -> NodeKey | None:
        """The node that has the address; None if that can't be read."""
        match self.spec:
            case {"node": str(node), "vk8s": {"namespace": str(), "name": str(), "uid": str(uid)}}:
                return NodeKey(uid, node)
        return None

    @property
    def namespace(self) -> str:
        """The namespace of the holder, which must be known."""
        return str(self.spec["vk8s"]["namespace"])

    @cached_property
    def seniority(self) -> tuple[str, int, str]:
        """Sorts the allocations of one node, the oldest first.

        Times are whole seconds. Within a second, the resourceVersion decides, as allocations are hardly ever updated.
        """
        version = self.metadata.resource_version
        return self.metadata.creation_timestamp, int(version) if version.isdecimal() else 0, self.address


def allocation_selector(vk8s_uid: str) -> dict[str, str]:
    """The labels that select the allocations of one Vk8s."""
    return {VK8S_UID: vk8s_uid}


def build_allocation(address: str, spec: Manifest) -> Manifest:
    """The allocation of `address` with this `spec`. Labels repeat the spec for selectors."""
    vk8s = spec["vk8s"]
    identity = {VK8S_UID: vk8s["uid"], NAMESPACE: vk8s["namespace"], VK8S: vk8s["name"], NODE: spec["node"]}
    return _build(address, {**MANAGED_BY, **identity}, spec)


def keep_allocation(observed: Allocation) -> Manifest:
    """`observed` unchanged, except that its labels are restored if they were changed."""
    if observed.holder:
        return build_allocation(observed.address, observed.spec)
    labels = {
        key: value for key, value in observed.metadata.labels.items() if key.startswith(PREFIX) or key in MANAGED_BY
    }
    return _build(observed.address, labels, observed.spec)


def list_held(allocations: Iterable[Allocation]) -> dict[NodeKey, Allocation]:
    """The allocation that counts for each node: its oldest, even while that is being deleted."""
    held: dict[NodeKey, Allocation] = {}
    for allocation in sorted(allocations, key=lambda each: each.seniority, reverse=True):
        if allocation.holder:
            held[allocation.holder] = allocation
    return held


def read_addresses(vk8s_uid: str, manifests: Iterable[Manifest]) -> dict[str, str]:
    """The address of each node of a Vk8s, among `manifests` of allocations, without those that are being deleted."""
    held = list_held(map(Allocation.model_validate, manifests))
    return {
        key.node: allocation.address
        for key, allocation in held.items()
        if key.vk8s_uid == vk8s_uid and allocation.metadata.deletion_timestamp is None
    }


def _build(address: str, labels: Manifest, spec: Any) -> Manifest:  # noqa: ANN401 that of a later version, too
    return {
        "apiVersion": API_VERSION,
        "kind": "IPAllocation",
        "metadata": {"name": address, "labels": labels},
        "spec": spec,
    }
