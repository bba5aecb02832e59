"""The status names a host that does not answer, the nodes on it, and what to do."""

from dataclasses import replace
from datetime import timedelta

from tests.lost_hosts import LOST_AT, place, silent_status, unscheduled_status
from tests.unit.vk8s.plan.test_members import three_world
from tests.world import NOW, World, condition, node, ready_status, running_world, spec

PAGE = "docs/how-to/host-maintenance.md#a-host-is-lost"
SILENT = f"which has not answered since {LOST_AT}"


def at(world: World, seconds: int) -> World:
    return replace(world, context=replace(world.context, now=NOW + timedelta(seconds=seconds)))


def test_lost_host_is_named_with_every_node_on_it() -> None:
    nodes = [node("m", "master"), node("w", "worker"), node("w2", "worker")]
    world = running_world(spec=spec(nodes=nodes))
    booting = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}
    world = place(place(world, "w", "host-2", silent_status()), "w2", "host-2", booting)
    answer = place(world, "m", "host-1").sync()
    assert condition(answer, "Ready")["reason"] == "HostUnreachable"
    assert condition(answer, "Ready")["message"] == (
        f"1 of 3 nodes are Ready: w is on host host-2, {SILENT}; w2 is on host host-2, {SILENT}. "
        f"Nodes come back with their hosts. If host-2 is lost for good: {PAGE}."
    )
    assert [entry["reason"] for entry in answer.status["nodes"]] == ["Ready", "HostUnreachable", "HostUnreachable"]


def test_host_that_answers_again_at_once_is_not_named() -> None:
    """Its kubelet was not ready for a moment: the host cluster has said so of the pods, and the kubelet corrects it."""
    world = place(running_world(), "w", "host-2", silent_status("2026-01-02T03:04:05Z"))
    assert condition(at(world, 3).sync(), "Ready")["reason"] != "HostUnreachable"
    assert at(world, 1).sync().resync_after_seconds == 3
    assert condition(at(world, 4).sync(), "Ready")["reason"] == "HostUnreachable"


def test_host_is_named_in_time_where_the_spec_is_rejected() -> None:
    world = place(running_world(), "w", "host-2", silent_status("2026-01-02T03:04:05Z"))
    rejected = replace(world, spec={**world.spec, "nodes": []})
    assert at(rejected, 1).sync().resync_after_seconds == 3
    assert condition(at(rejected, 4).sync(), "Ready")["reason"] == "HostUnreachable"


def test_pod_that_was_deleted_on_a_lost_host_names_it() -> None:
    world = place(running_world(), "w", "host-2", silent_status(), deletionTimestamp="2026-01-02T03:09:05Z")
    entry = condition(world.sync(), "WorkersReady")
    assert entry["reason"] == "HostUnreachable"
    assert entry["message"] == f"w is being deleted, but is on host host-2, {SILENT}."


def test_deleted_pod_names_its_host_once_it_should_be_gone() -> None:
    world = place(running_world(), "w", "host-2", ready_status(), deletionTimestamp="2026-01-02T03:04:05Z")
    assert condition(at(world, 59).sync(), "WorkersReady")["message"] == "w is being deleted."
    assert condition(at(world, 60).sync(), "WorkersReady")["message"] == (
        "w is being deleted, and host host-2 has not ended it."
    )


def test_host_is_no_topic_while_all_nodes_are_ready() -> None:
    world = place(place(running_world(), "w", "host-2"), "m", "host-1")
    assert condition(world.sync(), "Ready")["message"] == "2 of 2 nodes are Ready."


def test_volume_out_of_reach_may_be_given_up_while_others_have_the_data() -> None:
    world = three_world().with_pod_status("b", unscheduled_status())
    advice = "The volume of b is on a host that takes no pods now; the node starts when the host does. If the host is"
    assert advice in condition(world.sync(), "Ready")["message"]
    alone = world.with_pod_status("c", unscheduled_status())
    assert "The volume of" not in condition(alone.sync(), "Ready")["message"]
    worker = alone.with_pod_status("w", unscheduled_status())
    assert "The volume of w is on a host" in condition(worker.sync(), "Ready")["message"]
