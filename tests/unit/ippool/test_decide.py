"""When a pool may go, and when its hooks are called again."""

from datetime import timedelta

import pytest

from hooks.ippool.decide import decide_finalize
from hooks.kubernetes.conditions import format_time
from tests.pool_world import (
    PoolWorld,
    addresses,
    allocation_manifest,
    pool_manifest,
    vk8s_manifest,
)
from tests.unit.ippool.test_allocate import LATER, OLDER, USED, status
from tests.world import NOW


def test_same_call_gets_the_same_bytes_in_any_order() -> None:
    twice = {"status": status(m="10.0.0.7", w="10.0.0.7")}
    vk8s = (vk8s_manifest("a"), vk8s_manifest("b", ["m"], **twice), vk8s_manifest("c", ["m"], **twice))
    others = tuple(pool_manifest({"cidr": "10.0.0.0/30"}, name, **{**OLDER, "uid": f"0{name}"}) for name in ("p", "q"))
    own = {"10.0.0.3": allocation_manifest("10.0.0.3", "m", "a"), "10.0.0.4": allocation_manifest("10.0.0.4", "w", "a")}
    world = PoolWorld(vk8s=vk8s, others=others, own=own)
    reverse = PoolWorld(vk8s=vk8s[::-1], others=others[::-1], own=dict(reversed(own.items())))
    assert world.sync().model_dump_json() == reverse.sync().model_dump_json()


def test_deleted_pool_stays_while_an_address_is_in_use() -> None:
    going = pool_manifest(deletionTimestamp=LATER, finalizers=["x"])
    answer = PoolWorld(pool=going).with_own(USED).finalize()
    assert addresses(answer) == {"demo/w": "10.0.0.3"}
    assert not answer.finalized
    assert PoolWorld(pool=going, vk8s=()).with_own(USED).finalize().finalized
    assert PoolWorld(pool=going).finalize().finalized


def test_pool_that_is_no_longer_selected_keeps_all_allocations() -> None:
    world = PoolWorld(vk8s=()).with_own(USED)
    answer = decide_finalize(world.request(), NOW)
    assert addresses(answer) == {"demo/w": "10.0.0.3"}
    assert not answer.finalized
    assert (answer.status["capacity"], answer.status["used"], answer.status["free"]) == (10, 1, 9)
    statuses = {entry["type"]: entry["status"] for entry in answer.status["conditions"]}
    assert statuses == {"Accepted": "False", "Ready": "False", "Stalled": "True"}
    for entry in answer.status["conditions"]:
        assert entry["reason"] == "NotSelected"
        assert entry["message"].endswith("Until then no address is allocated or released.")


@pytest.mark.parametrize(("seconds", "rest"), [(0, 10), (9, 1), (10, 0), (60, 0)])
def test_deleted_pool_stays_until_its_last_allocation_is_visible(seconds: int, rest: float) -> None:
    answer = PoolWorld(pool=pool_manifest(deletionTimestamp=format_time(NOW))).finalize(
        NOW + timedelta(seconds=seconds)
    )
    assert (answer.finalized, answer.resync_after_seconds) == (rest == 0, rest)


def test_hooks_are_called_again_soon_for_unobserved_allocations() -> None:
    assert PoolWorld().sync().resync_after_seconds == 3
    assert PoolWorld().step().sync().resync_after_seconds == 0
    assert PoolWorld(pool=pool_manifest({"cidr": "x"})).sync().resync_after_seconds == 0
