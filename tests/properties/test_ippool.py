"""Histories of pools: whatever happens, and however old what the hooks are shown, no address is anybody else's."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, summarize_address_range
from typing import Any

import jsonschema
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks.ippool.allocation import ALLOCATION, NodeKey, list_held
from hooks.ippool.pools import POOL
from hooks.kubernetes.manifest import Manifest
from testbed.metacontroller.objects import is_terminating
from tests.pool_world import PoolWorld, addresses, allocation_manifest, pool_manifest, vk8s_manifest
from tests.properties.json_values import JSON, mutated
from tests.properties.pool_events import BROKEN, EVENTS, put_pool, put_vk8s
from tests.properties.pool_host import PoolHost
from tests.properties.test_status import check_conditions, closed
from tests.shared_material import ROOT
from tests.simulation.hooks import Call

CRD: Manifest = yaml.safe_load((ROOT / "crds" / "ippools.yaml").read_text())
SCHEMA: Manifest = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
# Who has an address that is set aside by hand.
BY_HAND = NodeKey("x", "x")
EVENTS_IN_A_HISTORY = 80


@given(st.data())
@settings(max_examples=100)
def test_each_address_belongs_to_one_node_and_none_is_lost(data: st.DataObject) -> None:
    host = PoolHost(check_answer)
    for event in (put_pool, put_pool, put_vk8s, put_vk8s, put_vk8s):
        event(data.draw, host)
    for event in data.draw(
        st.lists(st.sampled_from(EVENTS), min_size=EVENTS_IN_A_HISTORY, max_size=EVENTS_IN_A_HISTORY)
    ):
        event(data.draw, host)
        check_pods(host)
    host.settle()
    check_pods(host)
    check_rest(host)


@given(st.data())
def test_no_namespace_is_given_more_than_its_share(data: st.DataObject) -> None:
    namespaces = data.draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=6))
    crowd = [vk8s_manifest(f"v{index}", namespace=each) for index, each in enumerate(namespaces)]
    shares = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    world, before = PoolWorld(vk8s=()), Counter[str]()
    for count, share in enumerate(shares, start=1):
        spec = {"cidr": "10.0.0.0/28", "default": True, "perNamespace": share}
        shown = tuple(crowd[: len(crowd) * count // len(shares)])
        world = replace(world, pool=pool_manifest(spec), vk8s=shown).step()
        now = Counter(child["spec"]["vk8s"]["namespace"] for child in world.own.values())
        assert all(before[each] <= now[each] <= max(before[each], share) for each in {*before, *now})
        check_status(world.pool["status"])
        before = now


@given(JSON | mutated(vk8s_manifest()["spec"]), JSON | mutated(vk8s_manifest()["status"]))
def test_no_address_is_taken_from_a_node_that_may_exist(spec: Any, status: Any) -> None:
    shown = {**vk8s_manifest(), "spec": spec, "status": status}
    own = [allocation_manifest("10.0.0.1", "m"), allocation_manifest("10.0.0.2", "w")]
    answer = PoolWorld(vk8s=(shown,)).with_own(*own).sync()
    check_status(answer.status)
    for name in {"m", "w"} - {child["spec"]["node"] for child in answer.children}:
        assert status["observedGeneration"] >= shown["metadata"]["generation"]
        assert name not in [node["name"] for node in (*spec["nodes"], *status["nodes"])]


@given(JSON | mutated(pool_manifest()["spec"]), JSON | mutated(PoolWorld().sync().status))
def test_addresses_in_use_stay_whatever_a_pool_looks_like(spec: Any, status: Any) -> None:
    pool = {**pool_manifest(), "spec": spec, "status": status}
    own = [allocation_manifest("10.0.0.1", "m"), allocation_manifest("10.0.0.2", "w")]
    used, new = PoolWorld(pool=pool).with_own(*own).sync(), PoolWorld(pool=pool).sync()
    check_status(used.status)
    assert addresses(used) == {"demo/m": "10.0.0.1", "demo/w": "10.0.0.2"}
    assert new.children == [] or new.status["conditions"][0]["status"] == "True"


def check_status(status: Manifest) -> None:
    """Fails where the API server would refuse the status or drop a part of it, or where a condition says nothing."""
    jsonschema.validate(status, closed(SCHEMA))
    check_conditions(status["conditions"])


def check_pods(host: PoolHost) -> None:
    """Fails where two pods have one address, or a pod one that is not the one that its node has."""
    counts = Counter(pod.address for pod in host.pods.values())
    assert len(counts) == len(host.pods), host.pods
    allocations = host.list_allocations()
    held, holders = list_held(allocations), {each.address: each.holder for each in allocations}
    for pod in host.pods.values():
        assert holders.get(pod.address, pod.key) in {pod.key, BY_HAND}, (pod, holders)
        if not pod.is_from_elsewhere and pod.key not in host.robbed:
            assert pod.key in held, pod
            assert held[pod.key].address == pod.address, (pod, held[pod.key])


def check_answer(call: Call) -> None:
    """Fails if an answer allocates an address that is not in the pool, or not free as far as the request shows."""
    pool, others = call.parent, call.related[POOL].values()
    for child in call.answer.children:
        address = child["spec"]["address"]
        if address not in call.children[ALLOCATION]:
            assert address in list_addresses(pool["spec"]) - list_older(pool, others), child
            assert address not in call.related[ALLOCATION], child
            assert not is_terminating(pool), child
    status = call.answer.status
    assert 0 <= status["free"] <= status["capacity"] == len(list_addresses(pool["spec"]))


def check_rest(host: PoolHost) -> None:
    """Fails where, with nothing left to do, an address is lost, or a node goes without one that it could have."""
    allocations = host.list_allocations()
    held, nodes = list_held(allocations), set(host.list_nodes())
    owned = [each for each in allocations if each.holder != BY_HAND]
    # Of a Vk8s whose spec can't be read, nobody knows which nodes are gone.
    unreadable = {vk8s["metadata"]["uid"] for vk8s in host.vk8s.now.values() if vk8s["spec"].get("ipPool") == BROKEN}
    assert {each.holder for each in owned if each.holder and each.holder.vk8s_uid not in unreadable} <= nodes
    assert len({each.holder for each in owned}) == len(owned)
    for vk8s in host.vk8s.now.values():
        for node in vk8s["spec"]["nodes"]:
            key = NodeKey(vk8s["metadata"]["uid"], node["name"])
            assert key in held or not list_free(host, vk8s), (key, host.pools.now)
    for pool in host.pools.now.values():
        check_status(pool["status"])
    used = {each["spec"]["pool"] for each in host.allocations.now.values()}
    assert {name for name, pool in host.pools.now.items() if is_terminating(pool)} <= used


def list_free(host: PoolHost, vk8s: Manifest) -> set[str]:
    """The addresses that a node of the Vk8s could have."""
    pools = [pool for pool in host.pools.now.values() if not is_terminating(pool)]
    by_age = sorted(pools, key=get_age)
    named = vk8s["spec"].get("ipPool")
    serving = [pool for pool in by_age if (pool["metadata"]["name"] == named if named else pool["spec"]["default"])]
    if not serving:
        return set()
    taken = {*host.allocations.now, *(pod.address for pod in host.pods.values())}
    return list_addresses(serving[0]["spec"]) - taken - list_older(serving[0], pools)


def list_older(pool: Manifest, others: Iterable[Manifest]) -> set[str]:
    """The addresses that only an older pool may allocate."""
    older = [each for each in others if get_age(each) < get_age(pool) and not is_terminating(each)]
    return {address for each in older for address in list_addresses(each["spec"])}


def get_age(pool: Manifest) -> tuple[str, str]:
    """Sorts pools, the oldest first."""
    return pool["metadata"]["creationTimestamp"], pool["metadata"]["uid"]


def list_addresses(spec: Manifest) -> set[str]:
    """All addresses of a pool, one by one."""
    included = list_hosts(spec["cidr"]) if "cidr" in spec else list_some(spec["ranges"])
    return included - list_some(spec.get("exclude", []))


def list_hosts(network: str) -> set[str]:
    """The addresses of a network that hosts may have."""
    return {str(address) for address in IPv4Network(network).hosts()}


def list_some(texts: list[str]) -> set[str]:
    """The addresses of ranges, networks, and single ones."""
    found: set[str] = set()
    for text in texts:
        first, last = text.split("-") if "-" in text else (text, text)
        between = summarize_address_range(IPv4Address(first), IPv4Address(last)) if "/" not in text else [text]
        found |= {str(address) for network in between for address in IPv4Network(network)}
    return found
