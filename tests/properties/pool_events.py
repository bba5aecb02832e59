"""What can happen to pools, Vk8s and allocations. Each event is drawn from what there is at that moment."""

from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import strategies as st

from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S
from hooks.kubernetes.manifest import Manifest
from tests.properties.pool_host import PoolHost
from tests.simulation.host_api import NAMESPACE

# What `draw` of a composite strategy is, and of `st.data()`.
Draw = Callable[[st.SearchStrategy[Any]], Any]

POOLS, NAMES = ("p", "q", "r"), ("a", "b", "c")
SPECS: st.SearchStrategy[Manifest] = st.builds(
    lambda addresses, exclude, default: {**addresses, **exclude, "default": default},
    st.sampled_from(
        [
            {"cidr": "10.0.0.0/29"},
            {"ranges": ["10.0.0.1-10.0.0.2"]},
            {"ranges": ["10.0.0.2", "10.0.0.5-10.0.0.9"]},
            {"cidr": "10.0.0.8/30"},
        ]
    ),
    st.sampled_from([{}, {}, {"exclude": ["10.0.0.1"]}, {"exclude": ["10.0.0.0/30", "10.0.0.9"]}]),
    st.sampled_from([True, True, False]),
)
# What stands in spec.ipPool of a Vk8s whose spec can't be read.
BROKEN = 7


def put_pool(draw: Draw, host: PoolHost) -> None:
    """Somebody creates a pool, or writes other addresses into it."""
    name, spec = draw(st.sampled_from(POOLS)), draw(SPECS)
    if name in host.pools.now:
        host.edit((POOL, name), spec)
    else:
        host.make((POOL, name), spec)


def delete_pool(draw: Draw, host: PoolHost) -> None:
    """Somebody deletes a pool."""
    if host.pools.now:
        host.api.drop((POOL, _pick(draw, host.pools.now)))


def put_vk8s(draw: Draw, host: PoolHost) -> None:
    """Somebody creates a Vk8s, adds nodes, removes some, or names another pool."""
    name, named = draw(st.sampled_from(NAMES)), draw(st.sampled_from([None, None, *POOLS]))
    old = host.vk8s.now[name]["spec"]["nodes"] if name in host.vk8s.now else []
    kept = [node for node in old if draw(st.integers(0, 2))]
    nodes = [*kept, *_make_nodes(draw, host)]
    spec = {"nodes": nodes, **({"ipPool": named} if named else {})}
    if name in host.vk8s.now:
        host.edit((VK8S, name), spec)
    else:
        host.make((VK8S, name), spec)


def move_vk8s(draw: Draw, host: PoolHost) -> None:
    """Somebody names another pool, or none."""
    if host.vk8s.now:
        name, named = _pick(draw, host.vk8s.now), draw(st.sampled_from([None, *POOLS]))
        spec = {"nodes": host.vk8s.now[name]["spec"]["nodes"], **({"ipPool": named} if named else {})}
        host.edit((VK8S, name), spec)


def race(draw: Draw, host: PoolHost) -> None:
    """A Vk8s changes, and once more, while everybody is at work for it."""
    for event in (put_vk8s, draw(st.sampled_from([put_vk8s, move_vk8s]))):
        event(draw, host)
        host.vk8s.see(host.vk8s.delay)
        for name in host.pools.shown:
            host.sync(name)
        act(draw, host)
        host.allocations.see(draw(st.sampled_from([0, 1, host.allocations.delay])))
        for _ in host.vk8s.shown:
            sync_vk8s(draw, host)


def break_vk8s(draw: Draw, host: PoolHost) -> None:
    """The spec of a Vk8s is one that nobody can read."""
    if host.vk8s.now:
        name = _pick(draw, host.vk8s.now)
        host.edit((VK8S, name), {"nodes": host.vk8s.now[name]["spec"]["nodes"], "ipPool": BROKEN})


def delete_vk8s(draw: Draw, host: PoolHost) -> None:
    """Somebody deletes a Vk8s."""
    if host.vk8s.now:
        host.api.drop((VK8S, _pick(draw, host.vk8s.now)))


def lose_pod(draw: Draw, host: PoolHost) -> None:
    """A pod is gone, wanted or not."""
    if host.pods:
        host.leave(*draw(st.sampled_from(sorted(host.pods))))


def rob(draw: Draw, host: PoolHost) -> None:
    """Somebody deletes the allocation of a node whose pod the caches already show with its address."""
    host.settle()
    known = {pod.address: pod.key for pod in host.pods.values() if pod.address in host.allocations.now}
    if known:
        address = _pick(draw, known)
        host.robbed.add(known[address])
        host.api.remove((ALLOCATION, address))
        host.allocations.see(1)


def reserve(draw: Draw, host: PoolHost) -> None:
    """Somebody sets an address aside, by hand, or gives one back that is set aside."""
    name = f"10.0.0.{draw(st.integers(1, 9))}"
    if name not in host.allocations.now:
        vk8s = {"namespace": NAMESPACE, "name": "x", "uid": "x"}
        host.make((ALLOCATION, name), {"address": name, "pool": "x", "node": "x", "vk8s": vk8s})
    elif host.allocations.now[name]["spec"]["pool"] == "x":
        host.api.remove((ALLOCATION, name))


def see(draw: Draw, host: PoolHost) -> None:
    """A cache sees some changes."""
    behind = [kind for kind in host.kinds if kind.delay]
    if behind:
        draw(st.sampled_from(behind)).see(draw(st.sampled_from([1, 2, 4, 8])))


def sync_pool(draw: Draw, host: PoolHost) -> None:
    """Metacontroller asks what a pool is to have."""
    if host.pools.shown:
        host.sync(_pick(draw, host.pools.shown), meanwhile=draw(st.integers(0, 2)))


def act(draw: Draw, host: PoolHost) -> None:
    """Metacontroller does some of what it was answered."""
    at_work = host.controller.list_pending()
    if at_work:
        uid = _pick(draw, at_work)
        host.act(uid, draw(st.integers(0, host.controller.count_pending(uid) - 1)))


def sync_vk8s(draw: Draw, host: PoolHost) -> None:
    """Metacontroller asks what a Vk8s is to have, or writes the status that it was answered."""
    if host.unwritten and draw(st.booleans()):
        host.write_status(_pick(draw, host.unwritten))
    elif host.vk8s.shown:
        host.sync_vk8s(_pick(draw, host.vk8s.shown))


def collect(_: Draw, host: PoolHost) -> None:
    """What is to go, goes."""
    host.collect()


def _pick(draw: Draw, names: Iterable[str]) -> str:
    name: str = draw(st.sampled_from(sorted(names)))
    return name


def _make_nodes(draw: Draw, host: PoolHost) -> list[Manifest]:
    """New nodes, with names that were never used: one that comes back at once looks like one that has stayed."""
    number = host.count()
    return [{"name": f"n{number}-{index}"} for index in range(draw(st.integers(0, 4)))]


# The controllers are at work most of the time.
Event = Callable[[Draw, PoolHost], None]
OWNERS: list[Event] = [put_pool, put_vk8s, put_vk8s, put_vk8s, move_vk8s, race, race, lose_pod, reserve]
RARE: list[Event] = [delete_pool, break_vk8s, delete_vk8s, rob]
CONTROLLERS: list[Event] = [see, see, see, sync_pool, sync_pool, act, act, sync_vk8s, sync_vk8s, sync_vk8s]
EVENTS = [*OWNERS, *RARE, collect, *CONTROLLERS, *CONTROLLERS, *CONTROLLERS]
