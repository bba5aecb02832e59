"""A cold backup: when nodes stop, when their volumes are copied, and that they start again whatever happens."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hooks.vk8s.children.snapshot_store import StoreAccess
from hooks.vk8s.observed.children import CRON_JOB, JOB, POD, SECRET
from hooks.vk8s.spec.model import BackupSpec
from tests.backups_world import CLAIM as STORE
from tests.backups_world import COMPLETE, FAILED, NAME, STORED, with_job
from tests.backups_world import REQUEST as SNAPSHOT
from tests.cold_world import (
    JOBS,
    NOTE,
    REQUEST,
    copy_pod,
    copying,
    end_jobs,
    list_pods,
    read_note,
    requested,
    run_node,
    send,
    snapshot_pod,
    stopped,
    stored,
    wait,
)
from tests.world import UID, World, names, running_world, spec


def test_snapshot_of_etcd_comes_first_while_all_nodes_run() -> None:
    world = requested()
    (container,) = world.children[JOB][NAME]["spec"]["template"]["spec"]["containers"]
    assert "--cold" in container["args"]
    assert list_pods(world.steps(2)) == ["m", "w"]


def test_nodes_stop_only_once_the_note_says_so() -> None:
    written = stored().step()
    assert list_pods(written) == ["m", "w"]
    assert read_note(written) == {
        "value": "one",
        "phase": "Copying",
        "snapshot": "5fd3658b",
        "since": "2026-01-02T03:04:05Z",
        "nodes": ["m", "w"],
        "store": StoreAccess(BackupSpec.model_validate(STORE)).digest,
        "owner": UID,
    }
    assert list_pods(written.step()) == []


def test_volumes_are_copied_once_no_node_runs() -> None:
    assert [name for name in stored().step().step().children[JOB] if name in JOBS] == []
    assert sorted(copying().children[JOB]) == [NAME, *JOBS]
    assert copying().step().children[JOB].keys() == copying().children[JOB].keys()


def test_nodes_start_again_when_all_volumes_are_copied() -> None:
    half = end_jobs(copying(), COMPLETE, "m-volumes").step()
    assert list_pods(half) == []
    pods = [copy_pod(name, {"volumes": 2, "size": 100}) for name in ("m", "w")]
    done = end_jobs(send(copying(), snapshot_pod(), *pods), COMPLETE).step()
    assert (read_note(done)["phase"], read_note(done)["message"]) == ("Succeeded", "4 volumes of 2 nodes, 200 bytes")
    running = done.step()
    assert list_pods(running) == ["m", "w"]
    # The copies have been reported, and the Jobs would hold the volumes.
    assert sorted(running.children[JOB]) == [NAME]
    assert list_pods(running.with_ready_pods().steps(3)) == ["m", "w"]


def test_backup_succeeds_even_if_the_pods_of_its_jobs_are_gone() -> None:
    done = end_jobs(copying(), COMPLETE).step()
    assert read_note(done)["phase"] == "Succeeded"
    assert "message" not in read_note(done)


def fail(world: World) -> World:
    return end_jobs(world, FAILED, "w-volumes")


def hold_job(failed: World) -> World:
    job = failed.children[JOB]["m-volumes"]
    return failed.step().with_child(JOB, "m-volumes", job).with_deleted(JOB, "m-volumes", "foregroundDeletion")


def hold_pod(failed: World) -> World:
    pod = copy_pod("m", {})
    return send(failed.step(), {**pod, "spec": {"nodeName": "host"}, "status": {"phase": "Running"}})


@pytest.mark.parametrize("hold", [hold_job, hold_pod], ids=["job", "pod"])
def test_nodes_wait_for_copies_that_end_but_not_for_long(hold: Callable[[World], World]) -> None:
    failed = fail(copying()).step()
    assert list_pods(failed.step()) == []
    held = hold(failed)
    assert list_pods(held.step()) == []
    assert list_pods(wait(held, minutes=2).step()) == ["m", "w"]
    assert held.sync().resync_after_seconds <= 120


def test_running_nodes_are_not_stopped_for_copies_that_end() -> None:
    failed = hold_pod(run_node(copying()).step())
    assert list_pods(failed.step()) == ["m", "w"]


def test_note_that_can_not_succeed_stops_no_node() -> None:
    written = stored().step().with_ready_pods()
    late = wait(written, minutes=10 + 5 + 60).step()
    assert (read_note(late)["phase"], list_pods(late)) == ("Failed", ["m", "w"])
    assert list_pods(late.steps(2)) == ["m", "w"]


def test_pods_that_do_not_stop_end_the_backup() -> None:
    stuck = run_node(stored().step())
    assert read_note(wait(stuck, minutes=9).step())["phase"] == "Copying"
    failed = wait(stuck, minutes=10).step()
    assert read_note(failed)["message"] == "pods did not stop within 10 minutes: m, w"


def test_end_of_a_backup_is_asked_for_in_time() -> None:
    assert stored().step().sync().resync_after_seconds == 600
    assert wait(stored().step(), minutes=10).sync().resync_after_seconds == 3600


@pytest.mark.parametrize(
    ("result", "reason"),
    [({"error": "the claim: it has no room left"}, "the claim: it has no room left"), (STORED, "no reason given")],
    ids=["error", "stored"],
)
def test_snapshot_that_fails_stops_no_node(result: object, reason: str) -> None:
    failed = send(with_job(requested(), FAILED), snapshot_pod(result)).step()
    assert (read_note(failed)["phase"], read_note(failed)["message"]) == ("Failed", f"no snapshot of etcd: {reason}")
    assert list_pods(failed.steps(2)) == ["m", "w"]


def forget(world: World) -> World:
    return send(world)


def see_first_attempt(world: World) -> World:
    return send(world, snapshot_pod({"error": "etcd does not answer"}))


@pytest.mark.parametrize(
    ("happen", "reason"),
    [(forget, "its pods are gone"), (see_first_attempt, "etcd does not answer")],
    ids=["none", "first attempt"],
)
def test_pod_of_a_snapshot_may_be_seen_after_its_job(happen: Callable[[World], World], reason: str) -> None:
    waiting = happen(stored()).step()
    assert NOTE not in str(waiting.children[SECRET])
    assert read_note(send(waiting, snapshot_pod()).step())["phase"] == "Copying"
    late = wait(waiting, minutes=5).step()
    message = f"it could not begin within 5 minutes after the snapshot of etcd: no snapshot is known: {reason}"
    assert (read_note(late)["phase"], read_note(late)["message"]) == ("Failed", message)


@pytest.mark.parametrize("time", [{"minutes": 5}, {"minutes": -5}], ids=["late", "early"])
def test_nodes_do_not_stop_for_a_snapshot_of_another_time(time: dict[str, int]) -> None:
    late = wait(stored(), **time).step()
    message = "it could not begin within 5 minutes after the snapshot of etcd"
    assert (read_note(late)["phase"], read_note(late)["message"]) == ("Failed", message)
    assert list_pods(late.step()) == ["m", "w"]


def test_end_of_the_wait_for_a_pod_is_asked_for_in_time() -> None:
    assert wait(stored().with_deleted(POD, "w"), minutes=2).sync().resync_after_seconds == 175


def test_node_without_its_label_is_stopped_as_well() -> None:
    world = stored()
    labels = world.children[POD]["w"]["metadata"]["labels"]
    bare = {key: value for key, value in labels.items() if "component" not in key}
    assert list_pods(world.with_metadata(POD, "w", labels=bare).steps(2)) == []


def test_each_value_takes_one_backup() -> None:
    done = end_jobs(copying(), COMPLETE).steps(2).with_ready_pods()
    assert list_pods(done.steps(5)) == ["m", "w"]
    # Without its status, which may be lost, as well.
    assert list_pods(replace(done, status=None, annotations={REQUEST: "one"}).steps(5)) == ["m", "w"]
    again = replace(done, annotations={REQUEST: "two"}).steps(2)
    assert again.children[JOB][NAME]["metadata"]["annotations"][REQUEST] == "two"


def test_jobs_of_an_earlier_backup_are_replaced() -> None:
    stale = copying()
    for name in JOBS:
        stale = stale.with_annotations(JOB, name, {REQUEST: "earlier"})
    assert [name for name in stale.step().children[JOB] if name in JOBS] == []
    assert [name for name in stale.steps(2).children[JOB] if name in JOBS] == list(JOBS)


def test_snapshot_that_is_requested_meanwhile_waits_for_its_turn() -> None:
    world = replace(copying(), annotations={REQUEST: "one", SNAPSHOT: "plain"})
    assert REQUEST in world.step().children[JOB][NAME]["metadata"]["annotations"]
    done = end_jobs(world, COMPLETE).steps(2).with_ready_pods().steps(2)
    assert done.children[JOB][NAME]["metadata"]["annotations"][SNAPSHOT] == "plain"


def test_schedule_is_suspended_while_volumes_are_copied() -> None:
    assert stopped().children[CRON_JOB][NAME]["spec"]["suspend"] is True


def test_pause_of_the_owner_outlasts_a_backup() -> None:
    paused = replace(copying(), spec=spec(backup=STORE, paused=True))
    done = end_jobs(paused, COMPLETE).steps(3)
    assert list_pods(done) == []
    assert done.status["phase"] == "Paused"


def test_note_that_can_not_be_read_stops_nothing() -> None:
    world = requested().with_annotations("Secret.v1", "demo-pki", {"vk8s.sktelecom.com/cold-backup-note": "{"})
    assert list_pods(world.steps(2)) == ["m", "w"]


def test_note_stays_empty_without_a_request() -> None:
    world = running_world()
    assert "cold-backup" not in str(world.sync())
    assert names(world.sync()) == names(running_world().sync())
