"""What the API server says of pools and allocations: which it takes, and which it refuses in which words."""

from typing import Any

import pytest

from hooks.ippool.allocation import API_VERSION
from hooks.kubernetes.manifest import Manifest
from testbed.host_cluster import HostCluster
from tests.cluster.applying import forget_types, try_apply
from tests.pool_world import VK8S_UID, build_spec

NETWORK = "write an IPv4 network such as 10.0.0.0/24, no bits set after the prefix"
RANGE = "write IPv4 addresses such as 10.0.0.10-10.0.0.20, or one address; a network goes into cidr"
EXCLUDED = "write an IPv4 address, a range such as 10.0.0.10-10.0.0.20, or a network such as 10.0.0.0/28"
ORDER = "write the lower address first"


def build_pool(**spec: Any) -> Manifest:
    """A pool as its owner writes it."""
    return {"apiVersion": API_VERSION, "kind": "IPPool", "metadata": {"name": "default"}, "spec": spec}


def build_allocation(name: str = "10.0.0.7", **changes: Any) -> Manifest:
    """An allocation as somebody may write it by hand."""
    spec = {**build_spec("10.0.0.7", "m"), **changes}
    return {
        "apiVersion": API_VERSION,
        "kind": "IPAllocation",
        "metadata": {"name": name},
        "spec": spec,
    }


REFUSED = {
    "neither a network nor ranges": (build_pool(), "spec: write either cidr or ranges"),
    "both": (build_pool(cidr="10.0.0.0/24", ranges=["10.0.0.1"]), "spec: write either cidr or ranges"),
    "a network that is none": (build_pool(cidr="10.0.0.0"), f"spec.cidr: {NETWORK}"),
    "a network with bits after its prefix": (build_pool(cidr="10.0.0.1/24"), f"spec.cidr: {NETWORK}"),
    "an IPv6 network": (build_pool(cidr="fd00::/64"), f"spec.cidr: {NETWORK}"),
    "no range": (build_pool(ranges=[]), "spec.ranges in body should have at least 1 items"),
    "a network among ranges": (build_pool(ranges=["10.0.0.0/24"]), f"spec.ranges[0]: {RANGE}"),
    "three addresses": (build_pool(ranges=["10.0.0.1-10.0.0.2-10.0.0.3"]), f"spec.ranges[0]: {RANGE}"),
    "half a range": (build_pool(ranges=["10.0.0.1-"]), f"spec.ranges[0]: {RANGE}"),
    "a short form of a range": (build_pool(ranges=["10.0.0.1-9"]), f"spec.ranges[0]: {RANGE}"),
    "a range with blanks": (build_pool(ranges=["10.0.0.1 - 10.0.0.9"]), f"spec.ranges[0]: {RANGE}"),
    "an IPv6 range": (build_pool(ranges=["fd00::1-fd00::9"]), f"spec.ranges[0]: {RANGE}"),
    "a range that ends before it starts": (
        build_pool(ranges=["10.0.0.1", "10.0.1.1-10.0.0.255"]),
        f"spec.ranges[1]: {ORDER}",
    ),
    "an exclusion that is none": (
        build_pool(cidr="10.0.0.0/24", exclude=["gateway"]),
        f"spec.exclude[0]: {EXCLUDED}",
    ),
    "an excluded network with bits after its prefix": (
        build_pool(cidr="10.0.0.0/24", exclude=["10.0.0.1", "10.0.0.9/28"]),
        f"spec.exclude[1]: {EXCLUDED}",
    ),
    "an exclusion that ends before it starts": (
        build_pool(cidr="10.0.0.0/24", exclude=["10.0.0.9-10.0.0.1"]),
        f"spec.exclude[0]: {ORDER}",
    ),
    "an allocation with another name": (build_allocation("10.0.0.8"), "metadata.name: write the address, as in spec"),
    "an address that is none": (
        build_allocation("seven", address="seven"),
        "spec.address: write an IPv4 address such as 10.0.0.7",
    ),
    "an allocation of nobody": (
        build_allocation(vk8s={"namespace": "team-a", "name": "demo"}),
        "spec.vk8s.uid: Required",
    ),
}
ACCEPTED = {
    "a network": build_pool(cidr="10.0.0.0/24"),
    "one address": build_pool(cidr="10.0.0.7/32"),
    "the default": build_pool(cidr="10.0.0.0/8", default=True),
    "ranges": build_pool(ranges=["10.0.0.1", "10.0.0.9-10.0.1.0", "9.255.255.255-10.0.0.0"]),
    "exclusions of all forms": build_pool(
        cidr="10.0.0.0/24", exclude=["10.0.0.1", "10.0.0.9-10.0.0.10", "10.0.0.16/28"]
    ),
    "as much as there may be": build_pool(
        ranges=["200.200.200.200-200.200.200.201"] * 64, exclude=["200.200.200.200-200.200.200.201"] * 256
    ),
    "an allocation": build_allocation(),
}


@pytest.mark.parametrize(("manifest", "words"), REFUSED.values(), ids=REFUSED)
def test_invalid_pool_is_rejected_at_apply_with_advice(cluster: HostCluster, manifest: Manifest, words: str) -> None:
    assert words in forget_types(try_apply(cluster, manifest))


@pytest.mark.parametrize("manifest", ACCEPTED.values(), ids=ACCEPTED)
def test_valid_pool_is_accepted_at_apply(cluster: HostCluster, manifest: Manifest) -> None:
    assert try_apply(cluster, manifest) == ""


@pytest.fixture
def stored(cluster: HostCluster) -> Any:
    """A cluster with an allocation and a pool that nobody acts on: no controller runs now."""
    cluster.kubectl.apply(build_allocation(), build_pool(cidr="10.0.0.0/24"))
    yield cluster
    cluster.kubectl.run("delete", "ipallocations,ippools", "--all")


@pytest.mark.parametrize(
    "change",
    [
        {"node": "w"},
        {"pool": "other"},
        {"vk8s": {"namespace": "team-b", "name": "demo", "uid": VK8S_UID}},
    ],
    ids=repr,
)
def test_allocation_belongs_to_one_node_for_good(stored: HostCluster, change: Manifest) -> None:
    answer = forget_types(try_apply(stored, build_allocation(**change)))
    assert "spec: can't be changed; delete the allocation, and its pool creates a new one" in answer


def test_pool_can_be_changed(stored: HostCluster) -> None:
    assert try_apply(stored, build_pool(cidr="10.0.0.0/25")) == ""


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("ippool.spec.cidr", "All its addresses are allocated, except for the network address"),
        ("ippool.spec.exclude", "such as a gateway"),
        ("ippool.status.free", "Addresses that can be allocated now"),
        ("ipallocation.spec.vk8s", "Vk8s that the node belongs to"),
    ],
)
def test_kubectl_explain_describes_a_field(cluster: HostCluster, path: str, words: str) -> None:
    assert words in " ".join(cluster.kubectl.run("explain", path).split())


def test_columns_tell_whose_an_address_is(stored: HostCluster) -> None:
    lines = stored.kubectl.run("get", "ipallocations").splitlines()
    assert [line.split()[:4] for line in lines] == [
        ["NAME", "NODE", "VK8S", "NAMESPACE"],
        ["10.0.0.7", "m", "demo", "team-a"],
    ]
    header = stored.kubectl.run("get", "ippools", "--output=wide").splitlines()[0]
    assert header.split() == ["NAME", "CAPACITY", "USED", "FREE", "AGE", "DEFAULT", "MESSAGE"]


def test_pool_that_nobody_has_looked_at_has_a_status_of_no_generation(stored: HostCluster) -> None:
    assert stored.kubectl.get("ippool", "default")["status"] == {"observedGeneration": -1}
