"""Reconciling and Stalled over time: what lasts, what recurs, and from when on it counts."""

from dataclasses import replace

from hooks.kubernetes.conditions import RECONCILING, STALLED
from hooks.vk8s.status.movement import PATIENCE
from tests.unit.vk8s.status.test_movement import (
    LOOPS,
    NO_ROOM,
    PORTS,
    WITH_ACCESS,
    crashed,
    edited,
    later,
    read_movement,
    waits,
)
from tests.world import NOW, World, condition, node, running_world

RUNS = {"running": {"startedAt": "2026-01-02T03:04:05Z"}}


def read_now(world: World) -> str:
    """The time of that world, as Kubernetes writes it."""
    return world.context.now.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_stalled_boot_stays_so_while_it_is_tried_again_until_it_is_ready() -> None:
    world = running_world().with_pod_status("w", crashed(LOOPS, "The host has no vxlan.")).step()
    for state in (RUNS, {"terminated": {"exitCode": 1}}, {"waiting": {"reason": "ContainerCreating"}}):
        world = world.with_pod_status("w", crashed(state, "The host has no vxlan.")).step()
        assert read_movement(world) == (STALLED, "CrashLoopBackOff")
        assert "w " in condition(world.sync(), STALLED)["message"]
    assert read_movement(world.with_ready_pods()) is None
    assert read_movement(edited(world, ports=PORTS)) == (RECONCILING, "ContainerCreating")


def test_crash_that_says_nothing_stalls_when_it_lasts() -> None:
    world = running_world().with_pod_status("w", crashed(LOOPS))
    assert read_movement(world) == (RECONCILING, "CrashLoopBackOff")
    booting = later(later(world, 4).with_pod_status("w", crashed(RUNS)), 4)
    assert read_movement(booting) == (RECONCILING, "CrashLoopBackOff")
    assert read_movement(later(booting, 2)) == (STALLED, "CrashLoopBackOff")


def test_node_that_has_crashed_before_and_boots_moves() -> None:
    world = running_world().with_pod_status("w", crashed(RUNS))
    assert read_movement(later(world, 11).step()) == (RECONCILING, "Booting")


def test_pod_that_each_kubelet_rejects_stalls_when_it_lasts() -> None:
    world = running_world()
    rejected = {"phase": "Failed", "reason": "OutOfcpu", "message": "no"}
    pod = world.children["Pod.v1"]["w"]
    for _ in range(9):
        world = later(world.with_child("Pod.v1", "w", {**pod, "status": rejected}), 0.9)
        assert read_movement(world) == (RECONCILING, "OutOfcpu")
        world = later(world.with_child("Pod.v1", "w", None), 0.1)
        assert read_movement(world) == (RECONCILING, "OutOfcpu")
    assert read_movement(later(world, 1.1)) == (STALLED, "OutOfcpu")


def test_pod_that_a_kubelet_accepts_at_last_moves_again() -> None:
    stalled = later(running_world().with_pod_status("w", NO_ROOM), 10).step()
    assert read_movement(stalled) == (STALLED, "Unschedulable")
    pulling = stalled.with_pod_status("w", waits("ContainerCreating"))
    assert read_movement(pulling) == (RECONCILING, "ContainerCreating")


def test_access_pod_that_crashes_alone_stalls_when_it_lasts() -> None:
    broken = running_world(spec=WITH_ACCESS).with_pod_status("demo-access-pod", crashed(LOOPS, "no key"))
    assert read_movement(broken) == (RECONCILING, "CrashLoopBackOff")
    booting = later(broken, 9).with_pod_status("demo-access-pod", crashed(RUNS))
    assert read_movement(booting) == (RECONCILING, "CrashLoopBackOff")
    assert read_movement(later(booting, 1)) == (STALLED, "CrashLoopBackOff")


def test_problem_of_the_host_cluster_stalls_when_it_lasts() -> None:
    world = running_world().with_pod_status("w", NO_ROOM)
    assert read_movement(world) == (RECONCILING, "Unschedulable")
    assert read_movement(later(world, 9)) == (RECONCILING, "Unschedulable")
    stalled = later(world, 10)
    assert read_movement(stalled) == (STALLED, "Unschedulable")
    assert read_movement(later(stalled, 1)) == (STALLED, "Unschedulable")


def test_time_of_a_problem_begins_again_with_an_edit() -> None:
    stalled = later(running_world().with_pod_status("w", NO_ROOM), 10).step()
    moving = edited(stalled, ports=PORTS)
    assert read_movement(moving) == (RECONCILING, "Unschedulable")
    assert read_movement(later(moving, 9)) == (RECONCILING, "Unschedulable")
    assert read_movement(later(moving, 10)) == (STALLED, "Unschedulable")


def test_time_of_a_first_failed_pull_begins_with_it() -> None:
    pulling = later(running_world().with_pod_status("w", waits("ContainerCreating")), 11).step()
    failing = pulling.with_pod_status("w", waits("ErrImagePull"))
    assert condition(failing.sync(), RECONCILING)["lastTransitionTime"] == read_now(failing)
    assert read_movement(later(failing, 9)) == (RECONCILING, "ErrImagePull")
    assert read_movement(later(failing, 10)) == (STALLED, "ErrImagePull")


def test_time_of_a_failing_pull_begins_again_with_an_edit() -> None:
    failing = later(running_world().with_pod_status("w", waits("ErrImagePull")), 9).step()
    moving = edited(failing, ports=PORTS)
    assert condition(moving.sync(), RECONCILING)["lastTransitionTime"] == read_now(moving)
    assert read_movement(later(moving, 9)) == (RECONCILING, "ErrImagePull")


def test_problem_during_a_long_rollout_has_its_own_time() -> None:
    nodes = [node("m", "master", tolerations=[{"operator": "Exists"}]), node("w", "worker")]
    rolling = edited(running_world(), nodes=nodes)
    failing = replace(rolling, status=rolling.sync().status).with_pod_status("w", NO_ROOM)
    late = replace(failing, context=later(failing, 11).context)
    assert read_movement(late) == (RECONCILING, "Unschedulable")
    assert read_movement(replace(late, status=late.sync().status)) == (RECONCILING, "Unschedulable")


def test_new_problem_of_a_cluster_that_has_moved_for_long_has_its_own_time() -> None:
    booting = running_world().with_pod_status("w", waits("ContainerCreating"))
    ready = later(booting, 20).with_ready_pods().with_pod_status("m", NO_ROOM)
    assert read_movement(ready) == (RECONCILING, "Unschedulable")


def test_condition_has_the_time_since_when_it_is_true() -> None:
    world = running_world().with_pod_status("w", NO_ROOM)
    times = [
        condition(each.sync(), kind)["lastTransitionTime"]
        for each, kind in ((later(world, 9), RECONCILING), (later(world, 10), STALLED))
    ]
    assert times == [NOW.strftime("%Y-%m-%dT%H:%M:%SZ"), (NOW + PATIENCE).strftime("%Y-%m-%dT%H:%M:%SZ")]


def test_problem_after_one_that_stalled_at_once_has_its_own_time() -> None:
    lost = running_world().with_child("Secret.v1", "demo-pki", None)
    assert read_movement(lost) == (STALLED, "PKILost")
    found = replace(running_world(), status=lost.sync().status)
    assert read_movement(found.with_pod_status("w", NO_ROOM)) == (RECONCILING, "Unschedulable")
    assert read_movement(found.with_pod_status("w", crashed(RUNS))) == (RECONCILING, "Booting")
