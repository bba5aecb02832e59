"""Pods that are recreated: for another spec, at their owner's wish, when broken; one at a time if they have run."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.scripts import build_scripts
from tests.world import IMAGE, NOW, World, node, ready_status, running_world, spec

OTHER = f"{IMAGE}-next"
RESTART = "vk8s.sktelecom.com/restart"
THREE = [node("m", "master"), node("w", "worker"), node("x", "worker")]
PULLING = {
    "containerStatuses": [
        {"name": "node", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    ]
}


def edited(world: World, **fields: Any) -> World:
    """The world in which the owner has changed every node."""
    return replace(world, spec=spec(nodes=[{**entry, **fields} for entry in world.spec["nodes"]]))


def replaced(world: World) -> list[str]:
    """The observed pods that the next answer leaves out."""
    kept = {child["metadata"]["name"] for child in world.sync().children if child["kind"] == "Pod"}
    return sorted(world.children["Pod.v1"].keys() - kept)


def three_nodes() -> World:
    return running_world(spec=spec(nodes=THREE))


@pytest.mark.parametrize(
    "fields",
    [
        {"image": OTHER},
        {"resources": {"limits": {"cpu": "1"}}},
        {"tolerations": [{"operator": "Exists"}]},
        {"nodeSelector": {"a": "b"}},
        {"runtimeClassName": "nvidia"},
    ],
    ids=lambda fields: str(next(iter(fields))),
)
def test_edit_recreates_nodes_one_by_one_control_plane_first(fields: Manifest) -> None:
    world, order = edited(three_nodes(), **fields), []
    for _ in range(3):
        order.append(replaced(world))
        gone = world.step()
        # While one is absent, then not Ready yet, the others stay.
        assert replaced(gone) == []
        back = gone.step()
        assert replaced(back) == []
        world = back.with_ready_pods()
    assert order == [["m"], ["w"], ["x"]]
    assert replaced(world) == []


def test_requested_restart_rolls_and_its_withdrawal_does_nothing() -> None:
    asked = replace(three_nodes(), annotations={RESTART: "now"})
    assert replaced(asked) == ["m"]
    done = asked.step().step().with_ready_pods()
    assert replaced(done) == ["w"]
    assert replaced(replace(done, annotations={})) == []
    assert replaced(replace(done, annotations={RESTART: "again"})) == ["m"]


def test_workers_that_never_ran_wait_only_for_the_control_plane() -> None:
    world = three_nodes().with_pod_status("w", PULLING).with_pod_status("x", PULLING)
    assert replaced(world) == []
    workers = spec(nodes=[entry if entry["name"] == "m" else {**entry, "image": OTHER} for entry in THREE])
    assert replaced(replace(world, spec=workers)) == ["w", "x"]
    assert replaced(edited(world, image=OTHER)) == ["m"]


def booting(started: str = "2026-01-02T03:04:05Z", changed: str = "2026-01-02T03:04:05Z") -> Manifest:
    """A node pod that is not Ready, whose container runs; Ready has changed since it started where it was Ready."""
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": changed}
    container = {"name": "node", "ready": False, "state": {"running": {"startedAt": started}}}
    return {"phase": "Running", "conditions": [ready], "containerStatuses": [container]}


# It was Ready until NOW: what a restart of its host's kubelet looks like.
FLAPPING = booting(started="2025-12-01T00:00:00Z")


def after(world: World, seconds: int) -> World:
    return replace(world, context=replace(world.context, now=NOW + timedelta(seconds=seconds)))


def test_pod_that_has_just_become_unready_stops_the_rollout() -> None:
    rolling = edited(three_nodes(), image=OTHER).steps(2).with_ready_pods()
    assert replaced(rolling) == ["w"]
    flapping = rolling.with_pod_status("x", FLAPPING)
    assert replaced(flapping) == []
    assert flapping.sync().resync_after_seconds == 60
    assert replaced(flapping.with_pod_status("w", FLAPPING)) == []
    assert replaced(flapping.with_pod_status("x", ready_status())) == ["w"]


def test_unready_pods_that_have_run_go_one_at_a_time() -> None:
    rolling = edited(three_nodes(), image=OTHER).steps(2).with_ready_pods()
    settled = after(rolling.with_pod_status("w", FLAPPING).with_pod_status("x", FLAPPING), 60)
    assert replaced(settled) == ["w"]
    gone = settled.step()
    assert replaced(gone) == [], "w is away"
    back = made_at(gone.step(), "w", "2026-01-02T03:05:05Z")
    assert replaced(back) == [], "the container of w does not run yet"
    assert replaced(back.with_pod_status("w", booting())) == ["x"]


def test_worker_waits_for_an_outdated_unready_control_plane() -> None:
    world = edited(three_nodes().with_pod_status("m", FLAPPING).with_pod_status("w", FLAPPING), image=OTHER)
    assert replaced(world) == []
    later = after(world, 60)
    assert replaced(later) == ["m"]
    coming_up = later.steps(2).with_pod_status("m", booting())
    assert replaced(coming_up) == [], "the control-plane node is not Ready"
    assert replaced(coming_up.with_pod_status("m", ready_status())) == ["w"]


def test_ready_control_plane_goes_before_an_unready_worker() -> None:
    world = edited(three_nodes().with_pod_status("w", FLAPPING), image=OTHER)
    assert replaced(world) == []
    assert replaced(after(world, 60)) == ["m"]


def test_worker_that_fails_with_the_latest_edit_stops_the_rollout() -> None:
    world = edited(three_nodes(), image=OTHER).steps(2).with_ready_pods()
    rolled = world.steps(2).with_ready_pods().with_pod_status("w", booting())
    assert replaced(after(rolled, 10**5)) == []


def test_fixed_worker_waits_for_no_other_that_crashes() -> None:
    crashed = {"name": "node", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 3}
    world = three_nodes()
    for name in ("w", "x"):
        world = world.with_pod_status(name, {"phase": "Running", "containerStatuses": [crashed]})
    workers = spec(nodes=[entry if entry["name"] == "m" else {**entry, "image": OTHER} for entry in THREE])
    assert replaced(replace(world, spec=workers)) == ["w"]


JUST_NOW = "2026-01-02T03:05:40Z"


@pytest.mark.parametrize(
    ("status", "names"),
    [
        ({}, ["w"]),
        ({"phase": "Failed", "startTime": JUST_NOW}, ["w"]),
        (booting(started="2025-12-01T00:00:00Z", changed=JUST_NOW), []),
    ],
    ids=["never started for a minute", "ended", "has just stopped being Ready"],
)
def test_broken_worker_waits_only_for_pods_that_we_took_down(status: Manifest, names: list[str]) -> None:
    world = after(three_nodes().with_pod_status("w", FLAPPING).with_pod_status("x", status), 100)
    edit = spec(nodes=[{**entry, "image": OTHER} if entry["name"] == "w" else entry for entry in THREE])
    assert replaced(replace(world, spec=edit)) == names


def test_crashing_control_plane_is_fixed_despite_a_lost_worker() -> None:
    crashed = {"phase": "Running", "containerStatuses": [{"name": "node", "state": {}, "restartCount": 3}]}
    world = three_nodes().step()
    lost = world.with_child("Pod.v1", "w", None).with_child("PersistentVolumeClaim.v1", "w-state", None)
    assert replaced(with_master_edited(lost.with_pod_status("m", crashed))) == ["m"]
    held = world.with_deleted("Pod.v1", "w", "example.com/hold")
    stuck = with_master_edited(held.with_pod_status("m", crashed))
    assert replaced(stuck) == []
    assert stuck.sync().resync_after_seconds == 60
    assert replaced(after(stuck, 60)) == ["m"]


def with_master_edited(world: World, image: str = OTHER) -> World:
    return replace(
        world, spec=spec(nodes=[{**entry, "image": image} if entry["name"] == "m" else entry for entry in THREE])
    )


def made_at(world: World, name: str, time: str) -> World:
    return world.with_metadata("Pod.v1", name, creationTimestamp=time)


def test_missing_image_stops_the_rollout_of_that_image() -> None:
    pulling = three_nodes().with_pod_status("x", PULLING)
    assert replaced(with_master_edited(pulling)) == ["m"]
    # Every node is edited to an image that does not exist: the control-plane pod is gone, the workers stay.
    world = edited(three_nodes(), image="registry.example.com/typo").step().step().with_pod_status("m", PULLING)
    assert replaced(world) == []
    assert (
        "Waiting to be recreated, one at a time, while all other nodes are Ready: w, x."
        in world.sync().status["conditions"][0]["message"]
    )


@pytest.mark.parametrize(("time", "names"), [("2026-01-01T00:00:00Z", ["m"]), ("2026-01-03T00:00:00Z", [])])
def test_pod_without_a_host_holds_back_those_that_are_older_than_it(time: str, names: list[str]) -> None:
    unschedulable = {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]}
    world = made_at(three_nodes().with_pod_status("x", unschedulable), "x", time)
    assert replaced(with_master_edited(world)) == names


def test_ready_pod_holds_nobody_back_whatever_the_scheduler_wrote_later() -> None:
    unscheduled = {"type": "PodScheduled", "status": "False"}
    ready = {**ready_status(), "conditions": [*ready_status()["conditions"], unscheduled]}
    assert replaced(with_master_edited(three_nodes().with_pod_status("x", ready))) == ["m"]


@pytest.mark.parametrize("status", [{}, {"phase": "Running"}], ids=["just made", "booting"])
def test_pod_that_comes_up_holds_the_others_back(status: Manifest) -> None:
    assert replaced(with_master_edited(three_nodes().with_pod_status("x", status))) == []


def test_pod_that_is_being_deleted_holds_the_others_back_and_is_kept() -> None:
    assert replaced(edited(three_nodes().with_deleted("Pod.v1", "w"), image=OTHER)) == []


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
@pytest.mark.parametrize("name", ["w", "demo-access-pod"])
@pytest.mark.parametrize(
    ("seconds", "is_replaced", "resync"), [(0, False, 30), (29, False, 1), (30, True, 3600), (300, True, 3600)]
)
def test_pod_that_has_ended_is_replaced_after_half_a_minute(
    phase: str, name: str, seconds: int, *, is_replaced: bool, resync: int
) -> None:
    ended = {"phase": phase, "conditions": [{"type": "Ready", "lastTransitionTime": NOW.isoformat()}]}
    names = [name] if is_replaced else []
    world = running_world(spec=spec(accessPodImage="a")).step().with_ready_pods().with_pod_status(name, ended)
    later = replace(world, context=replace(world.context, now=NOW + timedelta(seconds=seconds)))
    assert replaced(later) == names
    assert later.sync().resync_after_seconds == resync


def with_new_scripts(world: World) -> World:
    return replace(world, context=replace(world.context, scripts=build_scripts({"entrypoint.sh": "#!/bin/bash -e\n"})))


def test_pod_that_could_not_start_again_is_replaced_when_it_has_stopped() -> None:
    world = three_nodes()
    name = next(iter(world.children["ConfigMap.v1"]))
    without = with_new_scripts(world.with_child("ConfigMap.v1", name, None)).step()
    assert replaced(without) == []
    assert replaced(without.with_pod_status("w", {"phase": "Running"})) == ["w"]
