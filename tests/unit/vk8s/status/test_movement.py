"""Reconciling and Stalled: what moves by itself, what needs somebody at once, and what does when it lasts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hooks.kubernetes.conditions import RECONCILING, STALLED
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.status.movement import PASSING, STALLING
from tests.namespace_world import quota, related
from tests.world import World, condition, node, running_world, spec

WITH_ACCESS = spec(accessPodImage="x", access={"authorizedKeys": ["ssh-ed25519 AAAA me"]})
UNSCHEDULED = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no room"}
PORTS = [{"name": "web", "port": 30000, "targetPort": 30000}]
LOOPS = {"waiting": {"reason": "CrashLoopBackOff"}}
NO_ROOM = {"phase": "Pending", "conditions": [UNSCHEDULED]}


def waits(reason: str) -> Manifest:
    """The status of a pod whose container waits for that reason."""
    return {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [{"name": name, "state": {"waiting": {"reason": reason}}} for name in ("node", "access")],
    }


def crashed(state: Manifest, message: str = "") -> Manifest:
    """The status of a pod whose container has that state, and crashed before, with that message."""
    ended = {"exitCode": 1, "reason": "Error", "message": message}
    statuses = [
        {"name": name, "restartCount": 2, "state": state, "lastState": {"terminated": ended}}
        for name in ("node", "access")
    ]
    return {**waits(""), "phase": "Running", "containerStatuses": statuses}


def read_movement(world: World) -> tuple[str, str] | None:
    """Which of the two conditions it has, and with which reason."""
    found = [each for each in world.sync().status["conditions"] if each["type"] in (RECONCILING, STALLED)]
    assert len(found) <= 1
    return (found[0]["type"], found[0]["reason"]) if found else None


def later(world: World, minutes: float) -> World:
    """The world after its answer is stored, and then some time has passed."""
    now = world.context.now + timedelta(minutes=minutes)
    return replace(world.step(), context=replace(world.context, now=now))


def edited(world: World, **fields: Any) -> World:
    """The world after its owner has edited the spec."""
    return replace(world, spec={**world.spec, **fields}, generation=world.generation + 1)


def test_running_cluster_has_neither() -> None:
    assert read_movement(running_world()) is None


def test_new_cluster_moves_for_the_reason_of_ready() -> None:
    answer = World().sync()
    moving, ready = condition(answer, RECONCILING), condition(answer, "Ready")
    assert moving == {**ready, "type": RECONCILING, "status": "True"}


@pytest.mark.parametrize("paused", [{"spec": spec(paused=True)}, {"annotations": {"vk8s-resource-stopped": "true"}}])
def test_paused_cluster_has_neither(paused: Mapping[str, Any]) -> None:
    world = replace(running_world(), **paused)
    assert [read_movement(world), read_movement(world.steps(3))] == [None, None]


def test_rejected_spec_stalls_with_its_problems_while_nodes_are_ready() -> None:
    answer = edited(running_world(), nodes=[], paused=True).sync()
    accepted, stalled = condition(answer, "Accepted"), condition(answer, STALLED)
    assert (stalled["reason"], stalled["message"]) == ("InvalidSpec", accepted["message"])


def test_object_that_is_no_longer_selected_stalls() -> None:
    assert condition(running_world().finalize_unselected(), STALLED)["reason"] == "NotSelected"


def test_object_that_is_being_deleted_has_neither() -> None:
    types = {each["type"] for each in running_world().finalize().status["conditions"]}
    assert not types & {RECONCILING, STALLED}


def test_lost_pki_stalls_although_all_nodes_are_ready() -> None:
    assert read_movement(running_world().with_child("Secret.v1", "demo-pki", None)) == (STALLED, "PKILost")


@pytest.mark.parametrize("name", ["m", "w"])
def test_boot_that_no_retry_fixes_stalls_at_once(name: str) -> None:
    world = running_world().with_pod_status(name, crashed(LOOPS, "The host has no vxlan."))
    assert read_movement(world) == (STALLED, "CrashLoopBackOff")


def test_second_worker_stalls_while_the_first_boots() -> None:
    world = running_world(spec=spec(nodes=[node("m", "master"), node("v", "worker"), node("w", "worker")]))
    booting = world.with_pod_status("v", waits("ContainerCreating")).with_pod_status("w", waits("InvalidImageName"))
    assert read_movement(booting) == (STALLED, "InvalidImageName")


def test_pod_that_an_edit_replaces_does_not_stall() -> None:
    broken = running_world().with_pod_status("w", waits("InvalidImageName"))
    fixed = edited(broken, nodes=[node("m", "master"), node("w", "worker", image="registry.example.com/other:v1.34.4")])
    assert read_movement(fixed) == (RECONCILING, "RollingOut")
    assert "w is being started" in condition(fixed.sync(), RECONCILING)["message"]
    assert read_movement(fixed.step()) == (RECONCILING, "Waiting")


def test_access_pod_that_an_edit_replaces_does_not_stall() -> None:
    broken = running_world(spec=WITH_ACCESS).with_pod_status("demo-access-pod", waits("InvalidImageName"))
    assert read_movement(later(broken, 10)) == (STALLED, "InvalidImageName")
    assert read_movement(edited(later(broken, 10), accessPodImage="y")) == (RECONCILING, "RollingOut")


def test_rollout_is_movement_while_all_nodes_are_ready() -> None:
    nodes = [node("m", "master", tolerations=[{"operator": "Exists"}]), node("w", "worker")]
    answer = edited(running_world(), nodes=nodes).sync()
    assert condition(answer, "Ready")["status"] == "True"
    moving, accepted = condition(answer, RECONCILING), condition(answer, "Accepted")
    assert (moving["reason"], moving["message"]) == ("RollingOut", accepted["message"])


def test_rollout_that_a_quota_holds_stalls_when_it_lasts() -> None:
    large = {"limits": {"cpu": "4", "memory": "4Gi"}, "requests": {"cpu": "4"}}
    nodes = [node("m", "master"), node("w", "worker", resources=large)]
    held = replace(edited(running_world(), nodes=nodes), related=related(quota(requests_cpu="2")))
    assert "w is not recreated" in condition(held.sync(), "Accepted")["message"]
    assert read_movement(held) == (RECONCILING, "RollingOut")
    stalled = later(held, 10)
    assert read_movement(stalled) == (STALLED, "RollingOut")
    assert read_movement(later(stalled, 1)) == (STALLED, "RollingOut")


def test_rollout_that_a_quota_holds_at_the_control_plane_stalls() -> None:
    small, large = {"requests": {"cpu": "100m"}}, {"requests": {"cpu": "4"}}
    first = [node("m", "master", resources=small), node("w", "worker", resources=small)]
    nodes = [node("m", "master", resources=large), {**first[1], "tolerations": [{"operator": "Exists"}]}]
    edit = edited(running_world(spec=spec(nodes=first)), nodes=nodes)
    held = replace(edit, related=related(quota(requests_cpu="2")))
    assert "w is not recreated" not in condition(held.sync(), "Accepted")["message"]
    assert read_movement(held) == (RECONCILING, "RollingOut")
    assert read_movement(later(held, 10)) == (STALLED, "RollingOut")


def test_pool_that_is_turned_off_matters_once_a_node_is_not_ready() -> None:
    world = replace(running_world(), spec=spec(ipPool="team-a"))
    assert condition(world.sync(), "NetworkReady")["reason"] == "IPManagerOff"
    assert read_movement(world) is None
    assert read_movement(world.with_pod_status("w", waits("ContainerCreating"))) == (STALLED, "IPManagerOff")


def test_removal_of_a_worker_is_movement() -> None:
    leaving = edited(running_world(), nodes=[node("m", "master")]).step()
    answer = leaving.sync()
    assert read_movement(leaving) == (RECONCILING, "Leaving")
    assert condition(answer, RECONCILING)["message"] == condition(answer, "Ready")["message"]


def test_child_that_is_created_while_all_nodes_are_ready_is_movement() -> None:
    assert read_movement(edited(running_world(), accessPodImage="x")) == (RECONCILING, "BeingMade")


def test_no_reason_both_passes_and_stalls() -> None:
    assert not PASSING & STALLING
