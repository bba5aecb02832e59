"""Which node has which address: what is kept, freed, allocated, and to which not."""

from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.metacontroller.objects import with_metadata
from tests.pool_world import (
    CREATED,
    PoolWorld,
    addresses,
    allocation_manifest,
    pool_manifest,
    vk8s_manifest,
)

LATER = "2026-01-01T00:00:01Z"
OLDER: Manifest = {"uid": "00000000", "creationTimestamp": "2025-01-01T00:00:00Z"}
USED = allocation_manifest("10.0.0.3", "w")
TWO = pool_manifest({"ranges": ["10.0.0.1-10.0.0.2"], "default": True})


def status(*nodes: str, generation: int = 3, **pods: str) -> Manifest:
    """A Vk8s's status that names `nodes`, and `pods` by name with their addresses."""
    listed = [*({"name": name} for name in nodes), *({"name": name, "podIP": pod} for name, pod in pods.items())]
    return {"observedGeneration": generation, "nodes": listed}


def test_each_node_gets_an_address_and_keeps_it() -> None:
    first = PoolWorld().sync()
    assert set(addresses(first)) == {"demo/m", "demo/w"}
    assert len(set(addresses(first).values())) == 2
    assert PoolWorld().step().sync().children == first.children


def test_other_nodes_change_nothing_for_one_that_has_its_address() -> None:
    world = PoolWorld().step()
    more = replace(world, vk8s=(vk8s_manifest("a", nodes=("x", "y")), *world.vk8s))
    assert addresses(more.sync()).items() > addresses(world.sync()).items()


def test_pool_that_is_not_the_default_serves_those_who_name_it() -> None:
    pool = pool_manifest({"cidr": "10.0.0.0/24"})
    vk8s = (vk8s_manifest("a", ipPool="default"), vk8s_manifest("b"))
    assert set(addresses(PoolWorld(pool=pool, vk8s=vk8s).sync())) == {"a/m", "a/w"}


@pytest.mark.parametrize(
    ("spec", "count"),
    [({"cidr": "10.0.0.0/30"}, 2), ({"cidr": "10.0.0.0/29", "exclude": ["10.0.0.2-10.0.0.9"]}, 1), ({"cidr": "x"}, 0)],
    ids=["a network of four", "most of it is excluded", "the spec is invalid"],
)
def test_pool_has_as_many_addresses_as_its_spec(spec: Manifest, count: int) -> None:
    vk8s = (vk8s_manifest(nodes=["a", "b", "c", "d"]),)
    assert len(PoolWorld(pool=pool_manifest({**spec, "default": True}), vk8s=vk8s).sync().children) == count


def test_waiting_node_gets_a_freed_address_once_it_is_gone() -> None:
    old, new = vk8s_manifest("old"), with_metadata(vk8s_manifest("new"), creationTimestamp=LATER)
    world = PoolWorld(pool=TWO, vk8s=(new, old)).step()
    assert set(addresses(world.sync())) == {"old/m", "old/w"}
    freed = replace(world, vk8s=(new,))
    assert freed.sync().children == []
    assert set(addresses(freed.step().sync())) == {"new/m", "new/w"}


@pytest.mark.parametrize(
    "foreign",
    [
        [allocation_manifest("10.0.0.1", "x", vk8s="other")],
        [{**allocation_manifest("10.0.0.1", "x"), "spec": "later"}],
        [allocation_manifest("10.0.0.1", "x", vk8s="other"), allocation_manifest("seven", "y", vk8s="other")],
    ],
    ids=["another pool's, or made by hand", "of a later version", "next to one that is named after no address"],
)
def test_allocated_address_is_not_allocated_again(foreign: list[Manifest]) -> None:
    world = PoolWorld(pool=TWO, vk8s=(vk8s_manifest(nodes=["m"]),), foreign=tuple(foreign))
    assert addresses(world.sync()) == {"demo/m": "10.0.0.2"}


def test_node_with_an_address_of_another_pool_gets_none() -> None:
    assert set(addresses(PoolWorld(foreign=(USED,)).sync())) == {"demo/m"}


def test_node_with_two_addresses_keeps_the_older() -> None:
    younger = allocation_manifest("10.0.0.4", "w", creationTimestamp=LATER)
    assert addresses(PoolWorld().with_own(younger, USED).sync())["demo/w"] == "10.0.0.3"
    # Each pool looks after its own.
    assert "10.0.0.4" not in addresses(PoolWorld(foreign=(USED,)).with_own(younger).sync()).values()
    assert "10.0.0.3" in addresses(PoolWorld(foreign=(younger,)).with_own(USED).sync()).values()


def test_unreadable_allocation_is_kept_and_its_address_reserved() -> None:
    strange = {**allocation_manifest("10.0.0.1", "w"), "spec": {"later": "x"}}
    answer = PoolWorld(pool=TWO, vk8s=()).with_own(strange).sync()
    assert [child["spec"] for child in answer.children] == [{"later": "x"}]
    assert answer.status["free"] == 1


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"cidr": "10.0.0.0/16"}, "10.0.7.7"),
        ({"cidr": "10.0.0.0/16", "exclude": ["10.0.7.7"]}, None),
        ({"cidr": "10.1.0.0/16"}, None),
    ],
    ids=["is in the pool", "is excluded", "is not in the pool"],
)
def test_node_gets_the_address_that_its_pod_has_where_that(spec: Manifest, expected: str | None) -> None:
    vk8s = vk8s_manifest(nodes=["m"], status=status(m="10.0.7.7"))
    answer = PoolWorld(pool=pool_manifest({**spec, "default": True}), vk8s=(vk8s,)).sync()
    assert (addresses(answer)["demo/m"] == "10.0.7.7") == (expected is not None)


def test_nobody_else_gets_the_address_that_a_pod_has() -> None:
    elsewhere = vk8s_manifest("a", nodes=["x"], ipPool="other", status=status(x="10.0.0.1"))
    unreadable = vk8s_manifest("b", nodes=["x"], ipPool="other", status=status(x="none"))
    world = PoolWorld(pool=TWO, vk8s=(elsewhere, unreadable, vk8s_manifest(nodes=["m", "w"])))
    assert list(addresses(world.sync()).values()) == ["10.0.0.2"]


OVERLAPS: dict[str, tuple[Any, list[str]]] = {
    "an older pool": (OLDER, ["10.0.0.2"]),
    "an older pool that is being deleted": ({**OLDER, "deletionTimestamp": LATER}, ["10.0.0.1", "10.0.0.2"]),
    "a pool of the same second with a lower uid": ({**OLDER, "creationTimestamp": CREATED}, ["10.0.0.2"]),
    "a younger pool": ({**OLDER, "creationTimestamp": LATER}, ["10.0.0.1", "10.0.0.2"]),
}


@pytest.mark.parametrize(("metadata", "handed_out"), OVERLAPS.values(), ids=OVERLAPS)
def test_shared_address_is_allocated_by_the_older_pool(metadata: Manifest, handed_out: list[str]) -> None:
    other = pool_manifest({"ranges": ["9.0.0.0-10.0.0.1"]}, "other", **metadata)
    assert sorted(addresses(PoolWorld(pool=TWO, others=(other,)).sync()).values()) == handed_out


THREE_EACH = pool_manifest({"cidr": "10.0.0.0/28", "default": True, "perNamespace": 3})
CROWD = (
    vk8s_manifest("a", ["m", "w"]),
    vk8s_manifest("b", ["m", "w"]),
    vk8s_manifest("c", ["m"]),
    vk8s_manifest("d", ["m"], namespace="team-b"),
)


def test_namespace_has_no_more_than_its_share() -> None:
    world = PoolWorld(pool=THREE_EACH, vk8s=CROWD)
    for answer in (world.sync(), world.step().sync()):
        assert addresses(answer).keys() == {"a/m", "a/w", "b/m", "d/m"}


def test_namespace_gets_an_address_after_it_frees_one() -> None:
    world = replace(PoolWorld(pool=THREE_EACH, vk8s=CROWD).step(), vk8s=CROWD[1:])
    assert addresses(world.sync()).keys() == {"b/m", "d/m"}
    assert addresses(world.step().sync()).keys() == {"b/m", "b/w", "c/m", "d/m"}


def test_namespace_keeps_its_addresses_when_its_share_shrinks() -> None:
    world = PoolWorld(vk8s=CROWD).step()
    one = replace(world, pool=pool_manifest({"cidr": "10.0.0.0/28", "default": True, "perNamespace": 1}))
    assert addresses(one.sync()) == addresses(world.sync())
    more = replace(one, vk8s=(*CROWD, vk8s_manifest("e", ["m"]), vk8s_manifest("f", ["m"], namespace="team-c")))
    assert addresses(more.sync()).keys() - addresses(world.sync()).keys() == {"f/m"}


def test_address_in_use_stays_whatever_becomes_of_the_range() -> None:
    other = pool_manifest({"cidr": "10.0.0.0/8"}, "other", **OLDER)
    for world in (PoolWorld(pool=pool_manifest({"cidr": "10.9.0.0/24"})), PoolWorld(others=(other,))):
        assert addresses(world.with_own(USED).sync())["demo/w"] == "10.0.0.3"


def test_first_address_depends_on_the_node_alone() -> None:
    wide = pool_manifest({"cidr": "10.0.0.0/16", "default": True})
    alone = addresses(PoolWorld(pool=wide).sync())
    crowd = tuple(vk8s_manifest(f"v{number}") for number in range(20))
    assert alone.items() < addresses(PoolWorld(pool=wide, vk8s=(*crowd, vk8s_manifest())).sync()).items()
    assert alone == {"demo/m": "10.0.20.198", "demo/w": "10.0.113.180"}
