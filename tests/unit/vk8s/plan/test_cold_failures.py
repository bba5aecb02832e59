"""Each reason why a cold backup can't begin, or can't succeed any more: the nodes run then."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from hooks.settings import Settings
from hooks.vk8s.observed.children import CLAIM, JOB, POD, SECRET
from hooks.vk8s.spec.state_note import STATE
from tests.backups_world import CLAIM as STORE
from tests.backups_world import COMPLETE, FAILED
from tests.cold_world import (
    JOBS,
    NOTE,
    copy_pod,
    copying,
    end_jobs,
    list_pods,
    read_note,
    run_node,
    send,
    snapshot_pod,
    stored,
    wait,
)
from tests.world import World, node, spec


def fail(world: World) -> World:
    return end_jobs(world, FAILED, "w-volumes")


def fail_with_reason(world: World) -> World:
    return fail(send(world, snapshot_pod(), copy_pod("w", {"error": "the claim: it has no room left"})))


def run_late(world: World) -> World:
    return wait(world, minutes=10 + 5 + 60)


def correct_clock(world: World) -> World:
    return wait(world, days=-400)


def lose_claim(world: World) -> World:
    return world.with_child(CLAIM, "w-state", None)


def replace_claim(world: World) -> World:
    return world.with_metadata(CLAIM, "w-state", uid="another")


def change_store(world: World) -> World:
    return replace(world, spec=spec(backup={**STORE, "claim": {"name": "other"}}))


def forget_nodes(world: World) -> World:
    return world.with_annotations(SECRET, "demo-pki", {NOTE: json.dumps({**read_note(world), "nodes": []})})


def remove_field(world: World) -> World:
    return replace(world, spec=spec())


def remove_image(world: World) -> World:
    return replace(world, context=replace(world.context, settings=Settings()))


def remove_worker(world: World) -> World:
    return replace(world, spec=spec(backup=STORE, nodes=[node("m", "master")]))


@pytest.mark.parametrize(
    ("happen", "message"),
    [
        (fail, "volumes of w: no reason given"),
        (fail_with_reason, "volumes of w: the claim: it has no room left"),
        (run_late, "the volumes were not copied in time"),
        (correct_clock, "by the clock of the hooks, it has not begun yet"),
        (lose_claim, "these are gone: PersistentVolumeClaim w-state"),
        (replace_claim, "their volumes were replaced meanwhile: w"),
        (run_node, "pods ran while their volumes were copied: m, w"),
        (forget_nodes, "its note names no node"),
        (change_store, "the target in spec.backup was changed meanwhile"),
        (remove_field, "spec.backup, or the image for it, was removed meanwhile"),
        (remove_image, "spec.backup, or the image for it, was removed meanwhile"),
        (remove_worker, "no longer in the spec: w"),
    ],
    ids=[
        "job",
        "job with a reason",
        "time",
        "clock",
        "claim",
        "another claim",
        "node",
        "no nodes",
        "store",
        "field",
        "image",
        "worker",
    ],
)
def test_failed_backup_lets_the_nodes_start_again(happen: Callable[[World], World], message: str) -> None:
    failed = happen(copying()).step()
    assert (read_note(failed)["phase"], read_note(failed)["message"]) == ("Failed", message)
    assert [name for name in failed.step().children[JOB] if name in JOBS] == []
    assert "m" in list_pods(failed.steps(2))


def miss_pod(world: World) -> World:
    return world.with_child(POD, "w", None)


def delete_pod(world: World) -> World:
    return world.with_deleted(POD, "w")


def silence_host(world: World) -> World:
    silent = {"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-02T03:04:00Z"}
    conditions = [silent, {"type": "ContainersReady", "status": "True"}]
    pod = world.children[POD]["w"]
    pod = {**pod, "spec": {**pod["spec"], "nodeName": "host-2"}, "status": {**pod["status"], "conditions": conditions}}
    return world.with_child(POD, "w", pod)


def hold_pod_of_node(world: World) -> World:
    return world.with_deleted(CLAIM, "w-state", "kubernetes.io/pvc-protection")


def forget_claim(world: World) -> World:
    claims = json.dumps({"claims": {"m": "uid-of-m-state"}, "generation": 1})
    pod = {**world.children[POD]["w"], "status": {"phase": "Running"}}
    return world.with_annotations(SECRET, "demo-pki", {STATE: claims}).with_child(POD, "w", pod)


def remove_node(world: World) -> World:
    return replace(world, spec=spec(backup=STORE, nodes=[node("m", "master")]))


@pytest.mark.parametrize(
    ("happen", "obstacle"),
    [
        (miss_pod, "w has no pod"),
        (delete_pod, "pod w is being deleted"),
        (silence_host, "host host-2 of w does not answer"),
        (hold_pod_of_node, "pod w can't be stopped, as its next one would miss something"),
        (forget_claim, "w has not been Ready with its volume yet"),
        (remove_node, "these are being removed: w"),
    ],
    ids=["no pod", "deleted", "silent", "held", "not recorded", "removed"],
)
def test_nodes_do_not_stop_while_one_can_not(happen: Callable[[World], World], obstacle: str) -> None:
    assert "Copying" not in str(happen(stored()).sync())
    assert read_note(stored().step())["phase"] == "Copying"
    late = happen(wait(stored(), minutes=5)).step()
    message = f"it could not begin within 5 minutes after the snapshot of etcd: {obstacle}"
    assert (read_note(late)["phase"], read_note(late)["message"]) == ("Failed", message)


def test_volumes_are_not_copied_to_another_target_than_the_snapshot() -> None:
    changed = change_store(stored()).step()
    message = "the target in spec.backup was changed meanwhile"
    assert (read_note(changed)["phase"], read_note(changed)["message"]) == ("Failed", message)
    assert list_pods(changed.step()) == ["m", "w"]
    often = replace(stored(), spec=spec(backup={**STORE, "schedule": "@hourly", "keep": 3, "volumeMinutes": 90}))
    assert read_note(often.step())["phase"] == "Copying"


@pytest.mark.parametrize(
    ("created", "phase"),
    [
        ("2026-01-02T03:04:30Z", "Failed"),
        ("2026-01-02T03:09:54Z", "Failed"),
        ("2026-01-02T03:09:59Z", "Succeeded"),
        ("2026-01-02T03:10:00Z", "Succeeded"),
        ("2026-01-01T03:04:05Z", "Succeeded"),
    ],
    ids=["before the copies", "during the copies", "at their end", "after the copies", "long before"],
)
def test_pod_that_ran_while_volumes_were_copied_may_be_seen_late(created: str, phase: str) -> None:
    done = end_jobs(wait(copying(), minutes=6), {**COMPLETE, "completionTime": "2026-01-02T03:10:00Z"}).step()
    assert (read_note(done)["phase"], read_note(done)["end"]) == ("Succeeded", "2026-01-02T03:10:00Z")
    seen = done.with_child(POD, "m", stored().children[POD]["m"])
    judged = seen.with_metadata(POD, "m", creationTimestamp=created).step()
    assert read_note(judged)["phase"] == phase
    assert read_note(judged).get("message", "") == (
        "pods ran while their volumes were copied: m" if phase == "Failed" else ""
    )
    assert list_pods(judged.step()) == ["m", "w"]


def test_backup_that_another_vk8s_began_stops_nothing() -> None:
    adopted = replace(stored().step(), uid="another")
    judged = adopted.step()
    assert list_pods(judged) == ["m", "w"]
    assert (read_note(judged)["phase"], read_note(judged)["message"]) == ("Failed", "it belongs to another Vk8s")
