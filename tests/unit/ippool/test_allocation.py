"""How an allocation is written and read, and which of two counts."""

from typing import Any

import pytest

from hooks.ippool.allocation import Allocation, NodeKey, allocation_selector, keep_allocation, list_held, read_addresses
from hooks.kubernetes.manifest import Manifest
from testbed.metacontroller.merge import merge_update, with_last_applied
from testbed.metacontroller.objects import deep_equal
from tests.pool_world import VK8S_UID, PoolWorld, allocation_manifest, observe

NODE = NodeKey(VK8S_UID, "m")


def read(manifest: Manifest) -> Allocation:
    return Allocation.model_validate(manifest)


def test_allocation_names_its_owner_in_spec_and_labels() -> None:
    made = PoolWorld().sync().children[0]
    vk8s = {"namespace": "team-a", "name": "demo", "uid": VK8S_UID}
    address = made["metadata"]["name"]
    assert made["spec"] == {"address": address, "pool": "default", "node": "m", "vk8s": vk8s}
    assert made["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "vk8s-metacontroller",
        "vk8s.sktelecom.com/vk8s-uid": VK8S_UID,
        "vk8s.sktelecom.com/namespace": "team-a",
        "vk8s.sktelecom.com/vk8s": "demo",
        "vk8s.sktelecom.com/node": "m",
    }
    assert allocation_selector(VK8S_UID).items() <= made["metadata"]["labels"].items()
    assert read(made).holder == NODE


def test_nothing_is_applied_to_an_allocation_that_is_kept() -> None:
    made = PoolWorld().sync().children[0]
    stored = with_last_applied(observe(made), made)
    assert deep_equal(merge_update(stored, keep_allocation(read(stored))), stored)


def test_changed_labels_are_repaired() -> None:
    changed = allocation_manifest("10.0.0.1", "m", labels={"vk8s.sktelecom.com/node": "other", "theirs": "x"})
    labels = keep_allocation(read(changed))["metadata"]["labels"]
    assert labels == allocation_manifest("10.0.0.1", "m")["metadata"]["labels"]


@pytest.mark.parametrize(
    "spec",
    [
        {"node": "m"},
        {"node": 7, "vk8s": {"namespace": "a", "name": "b", "uid": "c"}},
        {"node": "m", "vk8s": {"name": "b", "uid": "c"}},
        {"node": "m", "vk8s": "demo"},
        "later",
    ],
    ids=repr,
)
def test_unreadable_allocation_is_nobodys_and_returned_unchanged(spec: Any) -> None:
    labels = {
        "vk8s.sktelecom.com/later": "x",
        "app.kubernetes.io/managed-by": "y",
        "theirs": "z",
        "controller-uid": "u",
    }
    strange = {**allocation_manifest("10.0.0.1", "m", labels=labels), "spec": spec}
    kept = keep_allocation(read(strange))
    assert read(strange).holder is None
    assert kept["spec"] == spec
    assert kept["metadata"]["labels"] == {"vk8s.sktelecom.com/later": "x", "app.kubernetes.io/managed-by": "y"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"creationTimestamp": "2026-01-01T00:00:09Z"}, {"creationTimestamp": "2026-01-01T00:00:10Z"}),
        ({"resourceVersion": "99"}, {"resourceVersion": "100"}),
        ({"resourceVersion": "not a number"}, {"resourceVersion": "1"}),
        ({}, {}),
    ],
    ids=[
        "an earlier second",
        "an earlier version",
        "a version that is no number counts as the first",
        "the lower name",
    ],
)
def test_older_of_two_allocations_counts(first: Manifest, second: Manifest) -> None:
    older = allocation_manifest("10.0.0.3", "m", **{"creationTimestamp": "2026-01-01T00:00:00Z", **first})
    younger = allocation_manifest("10.0.0.4", "m", **{"creationTimestamp": "2026-01-01T00:00:00Z", **second})
    for both in ([older, younger], [younger, older]):
        assert list_held(map(read, both))[NODE].address == "10.0.0.3"


def test_addresses_of_a_vk8s_are_those_that_stay() -> None:
    allocations = [
        allocation_manifest("10.0.0.1", "m"),
        allocation_manifest("10.0.0.2", "m", creationTimestamp="2027-01-01T00:00:00Z"),
        allocation_manifest("10.0.0.3", "w", deletionTimestamp="2026-01-01T00:00:00Z"),
        allocation_manifest("10.0.0.4", "w", creationTimestamp="2027-01-01T00:00:00Z"),
        allocation_manifest("10.0.0.5", "m", vk8s="other"),
    ]
    assert read_addresses(VK8S_UID, allocations) == {"m": "10.0.0.1"}
