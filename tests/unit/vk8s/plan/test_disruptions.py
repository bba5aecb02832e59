"""How many nodes evictions leave: never so many that a drain waits for good."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, DISRUPTION_BUDGET, POD
from tests.world import NOW, World, node, ready_status, running_world, spec

NODES = [node("m", "master"), node("w", "worker"), node("w2", "worker")]


def world(most: int = 1, **fields: Any) -> World:
    """Three Running nodes of which so many may be down."""
    return running_world(spec=spec(nodes=NODES, disruptionBudget={"maxUnavailable": most}, **fields))


def at(world: World, seconds: int) -> World:
    return replace(world, context=replace(world.context, now=NOW + timedelta(seconds=seconds)))


def find_budget(world: World) -> Manifest | None:
    """`minAvailable` of the budget that is answered, as its spec."""
    budgets = [child for child in world.sync().children if child["kind"] == "PodDisruptionBudget"]
    return budgets[0]["spec"] if budgets else None


def read_min(world: World) -> int:
    budget = find_budget(world)
    assert budget is not None
    return int(budget["minAvailable"])


def pending(since: str | None) -> Manifest:
    return {"phase": "Pending", "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": since}]}


def test_budget_exists_only_if_the_spec_asks_for_it() -> None:
    assert find_budget(running_world()) is None
    assert find_budget(world()) == {
        "minAvailable": 2,
        "selector": {
            "matchLabels": {"vk8s.sktelecom.com/vk8s": "demo", "vk8s.sktelecom.com/component": "node"},
        },
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }


@pytest.mark.parametrize(("most", "least"), [(0, 3), (1, 2), (3, 0), (100, 0)])
def test_budget_leaves_all_nodes_but_so_many(most: int, least: int) -> None:
    assert read_min(world(most)) == least


def test_budget_is_pruned_during_a_pause_and_by_an_edit() -> None:
    assert find_budget(world(paused=True)) is None
    edited = replace(world(), spec=spec(nodes=NODES))
    assert DISRUPTION_BUDGET in edited.children
    assert find_budget(edited) is None


def test_budget_is_not_returned_to_an_older_composite_controller() -> None:
    before = world()
    children = {kind: group for kind, group in before.children.items() if kind != DISRUPTION_BUDGET}
    assert find_budget(replace(before, children=children)) is None


def test_node_that_is_down_counts_for_ten_minutes() -> None:
    down = world().with_pod_status("w", pending("2026-01-02T03:04:05Z"))
    assert read_min(at(down, 599)) == 2
    assert read_min(at(down, 600)) == 1
    assert at(down, 540).sync().resync_after_seconds == 60


def test_budget_without_evictions_counts_no_node_that_is_down_for_long() -> None:
    down = at(world(0).with_pod_status("w", pending(None)), 600)
    assert read_min(down) == 2


def test_deleted_pod_counts_as_down_since_its_deletion() -> None:
    before = world()
    pod = before.children[POD]["w"]
    metadata = {**pod["metadata"], "deletionTimestamp": "2026-01-02T03:05:05Z"}
    deleted = before.with_child(POD, "w", {**pod, "metadata": metadata, "status": ready_status()})
    assert read_min(at(deleted, 659)) == 2
    assert read_min(at(deleted, 660)) == 1


def test_node_without_a_pod_counts_for_ten_minutes_of_the_status() -> None:
    missing = world().with_child(CLAIM, "w-state", None).with_child(POD, "w", None)
    assert read_min(missing) == 2
    noted = replace(missing, status=missing.sync().status)
    assert read_min(at(noted, 599)) == 2
    assert read_min(at(noted, 600)) == 1
