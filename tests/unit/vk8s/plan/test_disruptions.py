"""How many nodes evictions leave: never so many that a drain waits for good."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, DISRUPTION_BUDGET, JOB, POD
from tests.unit.vk8s.plan.test_members import DONE, THREE, three_world, with_nodes
from tests.world import NOW, World, condition, names, node, ready_status, running_world, spec

ANY_BUDGET = {"selector": ANY, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
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


PENDING = {"phase": "Pending"}


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


def test_budget_that_the_composite_controller_does_not_list_is_named_as_idle() -> None:
    before = world()
    children = {kind: group for kind, group in before.children.items() if kind != DISRUPTION_BUDGET}
    older = replace(before, children=children)
    sentence = "disruptionBudget has no effect: the CompositeController does not list PodDisruptionBudgets."
    assert find_budget(older) is None
    assert sentence in condition(older.sync(), "Accepted")["message"]
    assert sentence not in condition(before.sync(), "Accepted")["message"]
    assert sentence not in condition(replace(older, spec=spec(nodes=NODES)).sync(), "Accepted")["message"]


def test_node_that_is_down_counts_for_ten_minutes() -> None:
    down = world().with_pod_status("w", PENDING).step()
    assert read_min(at(down, 599)) == 2
    assert read_min(at(down, 600)) == 1
    assert at(down, 540).sync().resync_after_seconds == 60


def test_budget_without_evictions_counts_no_node_that_is_down_for_long() -> None:
    assert read_min(at(world(0).with_pod_status("w", PENDING).step(), 600)) == 2


def test_node_without_a_pod_counts_from_when_its_pod_is_missed() -> None:
    """Condition Ready has been False for long, for another node."""
    long_ago = "2026-01-01T00:00:00Z"
    status = {"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": long_ago}]}
    missing = replace(world().with_child(POD, "w", None), status=status)
    assert read_min(missing) == 2
    stored = missing.with_child(CLAIM, "w-state", None).step()
    assert read_min(at(stored, 599)) == 2
    assert read_min(at(stored, 600)) == 1


def test_node_whose_pod_is_recreated_again_and_again_does_not_count_for_long() -> None:
    down = world().with_pod_status("w", PENDING).step()
    another = {**down.children[POD]["w"], "metadata": {**down.children[POD]["w"]["metadata"], "uid": "another"}}
    assert read_min(at(down.with_child(POD, "w", another), 600)) == 1


def test_node_that_was_ready_in_between_counts_for_ten_more_minutes() -> None:
    down = world().with_pod_status("w", PENDING).step()
    again = at(down.with_pod_status("w", ready_status()), 500).step().with_pod_status("w", PENDING)
    assert read_min(at(again.step(), 600)) == 2


def test_note_that_is_no_time_counts_from_now() -> None:
    down = world().with_pod_status("w", PENDING).step()
    budget = down.children[DISRUPTION_BUDGET]["demo"]
    metadata = {**budget["metadata"], "annotations": {"vk8s.sktelecom.com/down-since": "w=yesterday,,="}}
    assert read_min(at(down.with_child(DISRUPTION_BUDGET, "demo", {**budget, "metadata": metadata}), 600)) == 2


def test_worker_that_is_being_removed_counts_while_it_is_ready() -> None:
    removing = replace(world(), spec=spec(nodes=NODES[:2], disruptionBudget={"maxUnavailable": 1})).step()
    assert read_min(removing) == 2
    assert read_min(removing.with_pod_status("w2", PENDING)) == 1
    assert read_min(removing.with_deleted(POD, "w2")) == 1


class TestRejectedSpec:
    REJECTED = replace(world(), spec=spec(nodes=[*NODES, NODES[2]], disruptionBudget={"maxUnavailable": 1}))

    def test_budget_stays_for_ten_minutes(self) -> None:
        assert find_budget(self.REJECTED) == find_budget(world())
        assert self.REJECTED.sync().resync_after_seconds == 600
        assert find_budget(at(self.REJECTED.step(), 599)) == find_budget(world())

    def test_budget_goes_then_and_nothing_else(self) -> None:
        later = at(self.REJECTED.step(), 600)
        assert {*names(self.REJECTED.sync())} - {*names(later.sync())} == {"PodDisruptionBudget/demo"}
        assert later.sync().resync_after_seconds == 3600

    def test_budget_is_back_when_the_spec_is_valid(self) -> None:
        later = at(self.REJECTED.step(), 600).step()
        assert read_min(replace(later, spec=world().spec)) == 2

    def test_budget_goes_where_nobody_acts_on_the_labels(self) -> None:
        unselected = world()
        answer = unselected.finalize_unselected()
        again = at(replace(unselected, status=answer.status), 600).finalize_unselected()
        assert [child for child in answer.children if child not in again.children] == [
            unselected.children[DISRUPTION_BUDGET]["demo"] | {"metadata": ANY}
        ]
        assert answer.resync_after_seconds == 600


def test_drain_counts_members_until_they_have_left() -> None:
    more = [node("d", "master"), node("e", "master")]
    five = with_nodes(three_world(), *THREE[:3], *more).steps(3).with_ready_pods().step()
    assert find_budget(with_nodes(five, *THREE[:3])) == {**ANY_BUDGET, "minAvailable": 4}
    world = with_nodes(three_world(), THREE[0], THREE[3]).step()
    assert find_budget(world) == {**ANY_BUDGET, "minAvailable": 2}
    world = without_leaver(world, "b")
    assert find_budget(world) == {**ANY_BUDGET, "minAvailable": 2}  # of two members, none can be spared
    assert find_budget(without_leaver(world, "c")) is None


def without_leaver(world: World, name: str) -> World:
    """The world in which the Job of that node is done, and the node is gone."""
    done = {**world.children[JOB][f"{name}-leave"], "status": DONE}
    return world.with_child(JOB, f"{name}-leave", done).steps(4)
