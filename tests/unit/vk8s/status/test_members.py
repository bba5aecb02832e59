"""What the status says of several control-plane nodes: which are voters, and why one is not."""

from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, JOB, POD
from hooks.vk8s.spec.cluster import ACCEPT_LOSS_ANNOTATION
from tests.unit.vk8s.plan.test_members import (
    DONE,
    RUNNING,
    THREE,
    list_pods,
    new_world,
    three_world,
    with_nodes,
    without_volume,
)
from tests.world import World, condition, node, running_world, spec

SECOND_CLAIM = {"uid": "uid-of-another", "creationTimestamp": "2026-01-02T03:04:05Z"}
LATER = "2026-01-02T04:00:00Z"


def read_members(world: World) -> dict[str, str | None]:
    """By node, what it is as a member."""
    return {entry["name"]: entry.get("member") for entry in world.sync().status["nodes"]}


def describe(world: World) -> str:
    return str(condition(world.sync(), "ControlPlaneReady")["message"])


def count(world: World) -> Any:
    return world.sync().status.get("controlPlane")


def test_single_control_plane_node_is_described_as_before() -> None:
    for world in (running_world(), replace(running_world(), spec=None)):
        assert count(world) is None
        assert set(read_members(world).values()) == {None}
    assert describe(running_world()) == "m is Ready."


def test_each_ready_control_plane_node_is_a_voter() -> None:
    assert read_members(three_world()) == {"a": "Voter", "b": "Voter", "c": "Voter", "w": None}
    assert count(three_world()) == {"voters": "3/3", "quorum": 2}
    assert describe(three_world()) == "3 of 3 control-plane nodes are voters, and 2 are a quorum."


def test_new_members_join_one_that_initializes() -> None:
    world = new_world().with_pod_status("a", RUNNING)
    assert read_members(world) == {"a": "Joining", "b": "Joining", "c": "Joining", "w": None}
    assert count(world) == {"voters": "0/3", "quorum": 1}
    assert "a is booting: kubectl logs -n team-a a; b waits for" in describe(world)
    world = world.with_ready_pods().steps(3).with_pod_status("b", RUNNING).with_pod_status("c", RUNNING)
    assert read_members(world) == {"a": "Voter", "b": "Joining", "c": "Joining", "w": None}
    assert describe(world) == (
        "1 of 3 control-plane nodes are voters, and 1 is a quorum: b is booting, and joins the others: kubectl logs "
        "-n team-a b; c is booting, and joins the others: kubectl logs -n team-a c."
    )


def test_quorum_grows_with_each_member_that_has_been_ready() -> None:
    world = new_world().with_ready_pods().steps(3).with_pod_status("c", RUNNING)
    for name in "aw":
        world = world.with_pod_status(name, three_world().children[POD][name]["status"])
    found = [count(world)]
    for name in "bc":
        world = world.with_pod_status(name, three_world().children[POD][name]["status"])
        found += [count(world), count(world.step())]
    assert [(each["voters"], each["quorum"]) for each in found] == [
        ("1/3", 1), ("2/3", 2), ("2/3", 2), ("3/3", 2), ("3/3", 2)
    ]  # fmt: skip


def test_member_with_its_data_that_is_not_ready_is_down() -> None:
    world = three_world().with_pod_status("b", RUNNING).with_child(POD, "c", None)
    assert read_members(world) == {"a": "Voter", "b": "Down", "c": "Down", "w": None}
    assert count(world) == {"voters": "1/3", "quorum": 2}
    assert describe(world).startswith(
        "1 of 3 control-plane nodes are voters, and 2 are a quorum: b is booting: kubectl logs -n team-a b; c waits"
    )


def test_member_that_is_paused_is_down() -> None:
    world = replace(three_world(), spec=spec(nodes=THREE, paused=True)).steps(2)
    assert set(read_members(world).values()) == {"Down", None}
    assert count(world) == {"voters": "0/3", "quorum": 2}


def test_member_that_has_lost_its_volume_joins_again() -> None:
    world = without_volume(three_world(), "b")
    assert read_members(world)["b"] == "Joining"
    world = world.steps(3).with_metadata(CLAIM, "b-state", **SECOND_CLAIM).with_pod_status("b", RUNNING)
    assert read_members(world)["b"] == "Joining"
    assert count(world) == {"voters": "2/3", "quorum": 2}
    assert "b is booting, and joins the others: kubectl logs" in describe(world)


@pytest.mark.parametrize("claim", [None, {**SECOND_CLAIM, "creationTimestamp": LATER}], ids=["gone", "another"])
def test_member_whose_claim_is_gone_under_its_pod_is_down(claim: Manifest | None) -> None:
    world = three_world().with_pod_status("b", RUNNING)
    lost = world.with_metadata(CLAIM, "b-state", **claim) if claim else world.with_child(CLAIM, "b-state", None)
    assert read_members(lost)["b"] == "Down"


def test_lost_quorum_shows_what_is_lost_and_what_is_left() -> None:
    world = without_volume(three_world(), "b", "c").with_pod_status("a", RUNNING).step()
    assert read_members(world) == {"a": "Down", "b": "Lost", "c": "Lost", "w": None}
    assert count(world) == {"voters": "0/3", "quorum": 2}


def test_members_of_a_forced_quorum_join_the_one_that_is_left() -> None:
    world = replace(
        without_volume(three_world(), "b"), annotations={ACCEPT_LOSS_ANNOTATION: "uid-of-b-state,uid-of-c-state"}
    )
    world = without_volume(world, "c").with_pod_status("a", RUNNING).steps(5)
    assert list_pods(world) == {"a", "b", "c", "w"}
    assert read_members(world) == {"a": "Down", "b": "Joining", "c": "Joining", "w": None}
    assert count(world) == {"voters": "0/3", "quorum": 1}


def test_only_member_has_its_data_when_it_becomes_one_of_several() -> None:
    world = with_nodes(running_world(), node("m", "master"), *THREE[1:]).with_pod_status("m", RUNNING)
    assert read_members(world)["m"] == "Down"
    assert count(world) == {"voters": "0/3", "quorum": 1}


def test_node_that_is_removed_is_a_voter_until_it_leaves() -> None:
    world = with_nodes(three_world(), THREE[0], THREE[3]).step()
    assert read_members(world) == {"a": "Voter", "w": None, "b": "Voter", "c": "Voter"}
    assert count(world) == {"voters": "3/3", "quorum": 2}
    assert read_members(world.with_pod_status("b", RUNNING))["b"] == "Leaving"
    for name, voters, quorum in (("b", "2/3", 2), ("c", "1/2", 1)):
        done = {**world.children[JOB][f"{name}-leave"], "status": DONE}
        world = world.with_child(JOB, f"{name}-leave", done).with_pod_status(name, RUNNING)
        assert count(world) == {"voters": voters, "quorum": quorum}
        world = world.steps(3)
        assert name not in read_members(world)
    assert count(world.steps(2)) is None


def test_node_that_replaces_another_is_counted_with_it() -> None:
    world = with_nodes(three_world(), *THREE[:2], node("d", "master"), THREE[3]).steps(2)
    assert read_members(world) == {"a": "Voter", "b": "Voter", "d": "Joining", "w": None, "c": "Voter"}
    assert count(world) == {"voters": "3/4", "quorum": 2}


def test_rejected_spec_hides_no_member_that_has_no_pod() -> None:
    world = replace(three_world(), spec=None).with_child(POD, "c", None)
    assert read_members(world) == {"a": "Voter", "b": "Voter", "w": None}
    assert count(world) == {"voters": "2/3", "quorum": 2}
    assert describe(world) == "2 of 3 control-plane nodes are voters, and 2 are a quorum."


def test_status_stays_as_it_is_while_nothing_changes() -> None:
    for world in (three_world(), three_world().with_pod_status("b", RUNNING), without_volume(three_world(), "b", "c")):
        settled = world.steps(2)
        assert settled.step().status == settled.status
