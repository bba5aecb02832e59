"""Whatever the address pools contain, no existing pod of a virtual cluster is deleted because of it."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hooks.ippool.allocation import ALLOCATION, build_allocation
from hooks.ippool.pools import POOL
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.spec.network import ADDRESS
from tests.pool_world import observe, pool_manifest
from tests.properties.host import Host
from tests.properties.json_values import JSON, mutated
from tests.properties.walks import settled_hosts
from tests.simulation.answers import index
from tests.simulation.reasons import list_unexplained
from tests.world import UID, World

STAMPS = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z")
POOL_SPEC: Manifest = pool_manifest()["spec"]
POOLS = st.builds(
    lambda spec, status, stamps: {**pool_manifest(spec, **stamps), "status": status},
    st.just(POOL_SPEC) | mutated(POOL_SPEC),
    st.sampled_from([{"free": 0}, {"free": 5}]) | JSON,
    st.sampled_from([{}, {"deletionTimestamp": STAMPS[0]}]),
)


@st.composite
def managed_worlds(draw: st.DrawFn) -> World:
    """A virtual cluster that has lived without address pools, and the allocations that are sent along from now on."""
    host: Host = draw(settled_hosts())
    names = sorted(host.world.children["Pod.v1"])
    allocations = [
        build(draw, f"10.0.0.{number}", draw(st.sampled_from(names))) for number in range(draw(st.integers(0, 4)))
    ]
    pools = draw(st.lists(POOLS, max_size=1))
    related = {kind: {each["metadata"]["name"]: each for each in group} for kind, group in groups(pools, allocations)}
    context = replace(host.world.context, settings=Settings(ip_manager=True))
    return replace(host.world, context=context, related=related)


def build(draw: st.DrawFn, address: str, node: str) -> Manifest:
    """An allocation of the address, which may be on its way out."""
    vk8s = {"namespace": "team-a", "name": "demo", "uid": draw(st.sampled_from([UID, UID, "another"]))}
    made = build_allocation(address, {"address": address, "pool": "default", "node": node, "vk8s": vk8s})
    going: Any = draw(st.sampled_from([{}, {}, {"deletionTimestamp": STAMPS[1]}]))
    return observe(made, creationTimestamp=draw(st.sampled_from(STAMPS)), **going)


def groups(pools: list[Manifest], allocations: list[Manifest]) -> list[tuple[str, list[Manifest]]]:
    """What Metacontroller sends along."""
    return [(POOL, pools), (ALLOCATION, allocations)]


@given(managed_worlds())
def test_no_child_is_left_out_because_of_it(world: World) -> None:
    assert list_unexplained(world) == set()


@given(managed_worlds(), st.data())
def test_a_lost_pod_comes_back_with_the_address_of_its_node_or_waits_for_one(world: World, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(world.children["Pod.v1"])))
    answer = world.with_child("Pod.v1", name, None).sync()
    addresses = {node["name"]: node.get("address") for node in answer.status["nodes"]}
    made = index(answer).get(("Pod.v1", name))
    if made is not None and name in addresses:
        assert made["metadata"]["annotations"].get(ADDRESS) == addresses[name]
    elif name in addresses:
        assert (addresses[name], answer.status["phase"]) == (None, "WaitingNetwork")
