"""Condition BackedUp and status.backup: what is stored, why an attempt failed, and what is remembered."""

from dataclasses import replace
from typing import Any

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CRON_JOB
from tests.backups_world import (
    COMPLETE,
    FAILED,
    NAME,
    REQUEST,
    S3,
    STORED,
    backed_up,
    build_pod,
    pod,
    read_condition,
    requesting,
    with_job,
    with_pods,
)
from tests.world import World, spec

LAST = {"lastSuccessTime": "2026-01-02T02:00:02Z", "snapshot": "5fd3658b", "size": 4096, "encrypted": False}
NO_ROOM = {"error": "the claim: it has no room left"}
LATER = "2026-01-02T03:00:09Z"


def has_condition(world: World) -> bool:
    return any(entry["type"] == "BackedUp" for entry in world.sync().status["conditions"])


def read_request(world: World) -> Manifest:
    request: Manifest = world.sync().status["backup"]["request"]
    return request


def with_cron_job(world: World, **status: Any) -> World:
    return world.with_child(CRON_JOB, NAME, {**world.children[CRON_JOB][NAME], "status": status})


def test_nothing_is_said_before_the_first_attempt() -> None:
    world = with_pods(backed_up(), build_pod({"phase": "Pending"}))
    assert not has_condition(world)
    assert "backup" not in world.sync().status


def test_next_one_is_named_where_the_time_zone_is_known() -> None:
    target = {"claim": {"name": "backups"}}
    world = backed_up({"schedule": "0 3 * * *", "timeZone": "Etc/UTC", **target}).step()
    assert world.sync().status["backup"] == {"next": "2026-01-03T03:00:00Z"}


def test_snapshot_that_is_stored_is_shown_and_that_it_is_not_encrypted() -> None:
    world = with_pods(backed_up(), pod(STORED))
    assert read_condition(world) == (
        "True",
        "Stored",
        (
            "Snapshot 5fd3658b is stored in claim backups, and was read back. "
            "It is not encrypted: passwordSecretRef is not set."
        ),
    )
    assert world.sync().status["backup"] == LAST


def test_encrypted_snapshot_in_a_bucket_is_shown_with_what_did_not_work() -> None:
    result = {**STORED, "encrypted": True, "note": "old snapshots were not removed"}
    world = with_pods(backed_up({"schedule": "@daily", "s3": S3}), pod(result))
    message = "Snapshot 5fd3658b is stored in bucket backups, and was read back. But old snapshots were not removed."
    assert read_condition(world) == ("True", "Stored", message)


def test_last_success_is_remembered_when_its_pod_is_gone() -> None:
    world = with_pods(with_pods(backed_up(), pod(STORED)).step())
    assert world.sync().status["backup"] == LAST
    assert read_condition(world)[:2] == ("True", "Stored")


def test_failure_is_shown_with_the_last_success() -> None:
    world = with_pods(backed_up(), pod(STORED), pod(NO_ROOM, "yy", end=LATER))
    assert read_condition(world) == (
        "False",
        "BackupFailed",
        ("The last backup failed: the claim: it has no room left. The last one that is stored is snapshot 5fd3658b."),
    )
    assert world.sync().status["backup"] == LAST


def test_first_failure_says_that_there_is_no_snapshot() -> None:
    message = "The last backup failed: the claim: it has no room left. None has been stored so far."
    assert read_condition(with_pods(backed_up(), pod(NO_ROOM))) == ("False", "BackupFailed", message)


def test_success_after_a_failure_counts() -> None:
    world = with_pods(backed_up(), pod(NO_ROOM), pod(STORED, "yy", end=LATER))
    assert read_condition(world)[:2] == ("True", "Stored")


def test_pod_that_can_not_start_is_shown_with_its_reason() -> None:
    missing = '0/1 nodes are available: persistentvolumeclaim "backups" not found'
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": missing}
    world = with_pods(backed_up(), build_pod({"phase": "Pending", "conditions": [unscheduled]}))
    message = f"Pod demo-backup-x of a backup can't be scheduled: {missing}. None has been stored so far."
    assert read_condition(world) == ("False", "Unschedulable", message)


def test_pod_that_runs_is_no_problem() -> None:
    ready = [{"type": "Ready", "status": "True"}]
    world = with_pods(backed_up(), pod(STORED), build_pod({"phase": "Running", "conditions": ready}, "yy"))
    assert read_condition(world)[:2] == ("True", "Stored")


def test_backup_that_was_due_and_left_no_trace_is_shown() -> None:
    world = with_cron_job(backed_up(), lastScheduleTime="2026-01-02T01:00:00Z")
    message = "No backup has been stored since one was due."
    assert read_condition(world) == ("False", "BackupMissed", f"{message} None has been stored so far.")
    before = pod({**STORED, "time": "2026-01-01T01:00:05Z"})
    assert read_condition(with_pods(world, before))[2] == f"{message} The last one that is stored is snapshot 5fd3658b."


def test_backup_that_is_due_now_or_runs_or_was_stored_is_not_missed() -> None:
    world = backed_up()
    early = "2026-01-02T01:00:00Z"
    assert not has_condition(with_cron_job(world, lastScheduleTime="2026-01-02T02:00:00Z"))
    assert not has_condition(with_cron_job(world, lastScheduleTime=early, active=[{"name": "a"}]))
    assert not has_condition(with_cron_job(world, lastScheduleTime=early, lastSuccessfulTime="2026-01-02T01:01:00Z"))
    stored = with_pods(world, pod(STORED))
    assert read_condition(with_cron_job(stored, lastScheduleTime=early))[:2] == ("True", "Stored")


def test_request_ends_with_its_snapshot() -> None:
    world = with_pods(with_job(requesting(), COMPLETE), pod(STORED, request="one"))
    assert read_request(world) == {"value": "one", "phase": "Succeeded", "snapshot": "5fd3658b"}


def test_request_ends_with_the_reason_of_its_failure() -> None:
    world = with_pods(with_job(requesting(), FAILED), pod(NO_ROOM, request="one"))
    assert read_request(world) == {"value": "one", "phase": "Failed", "message": "the claim: it has no room left."}


def test_request_whose_pods_are_gone_has_failed() -> None:
    assert read_request(with_job(requesting(), FAILED)) == {
        "value": "one",
        "phase": "Failed",
        "message": "its pods are gone.",
    }


def test_end_of_a_request_is_remembered() -> None:
    done = with_pods(with_job(requesting(), COMPLETE), pod(STORED, request="one")).step()
    succeeded = {"value": "one", "phase": "Succeeded", "snapshot": "5fd3658b"}
    assert read_request(with_pods(done)) == succeeded
    assert read_request(with_pods(done.with_child("Job.batch/v1", NAME, None))) == succeeded
    assert read_request(replace(done, annotations={})) == succeeded
    assert read_request(replace(done, annotations={REQUEST: "two"})) == {"value": "two", "phase": "Running"}


def test_snapshot_of_a_rejected_or_deleted_vk8s_is_remembered() -> None:
    world = with_pods(backed_up(), pod(STORED)).step()
    assert replace(world, spec=spec(nodes=[])).sync().status["backup"] == LAST
    assert world.finalize().status["backup"] == LAST
