"""What is read from the pods of backups and from the status, no matter who has written it."""

from datetime import UTC, datetime

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.backup_report import (
    Past,
    Snapshot,
    find_cold_attempt,
    parse_past,
    read_attempt,
    read_copy,
    read_copy_error,
    select_backup_pods,
)
from tests.backups_world import STORED, build_pod, pod
from tests.cold_world import copy_pod, snapshot_pod

SNAPSHOT = Snapshot("5fd3658b", datetime(2026, 1, 2, 2, 0, 2, tzinfo=UTC), 4096, encrypted=False)


def terminated(**fields: object) -> Manifest:
    ended = {"exitCode": 0, "finishedAt": "2026-01-02T02:00:09Z", **fields}
    return build_pod({"containerStatuses": [{"name": "backup", "state": {"terminated": ended}}]})


def test_pod_that_has_stored_a_snapshot_says_which() -> None:
    attempt = read_attempt(pod({**STORED, "note": "old snapshots  were not removed."}, request="one"))
    assert attempt
    assert (attempt.snapshot, attempt.error, attempt.request) == (SNAPSHOT, "", "one")
    assert attempt.note == "old snapshots were not removed"


def test_pod_that_has_failed_says_why() -> None:
    attempt = read_attempt(pod({"error": "the claim: it has no room left."}))
    assert attempt
    assert (attempt.snapshot, attempt.error) == (None, "the claim: it has no room left")


@pytest.mark.parametrize(
    "fields",
    [
        {"message": "no JSON", "reason": "OOMKilled", "exitCode": 137},
        {"message": "[]", "reason": "OOMKilled"},
        {
            "message": '{"snapshot": 1, "time": "2026-01-02T02:00:02Z", "size": 1, "encrypted": true}',
            "reason": "OOMKilled",
        },
        {"message": '{"snapshot": "a", "time": "yesterday", "size": 1, "encrypted": true}', "reason": "OOMKilled"},
        {
            "message": '{"snapshot": "a", "time": "2026-01-02T02:00:02Z", "size": true, "encrypted": true}',
            "reason": "OOMKilled",
        },
        {
            "message": '{"snapshot": "a", "time": "2026-01-02T02:00:02Z", "size": 1, "encrypted": 2}',
            "reason": "OOMKilled",
        },
        {"reason": "OOMKilled"},
    ],
)
def test_end_that_says_nothing_useful_is_a_failure(fields: dict[str, object]) -> None:
    attempt = read_attempt(terminated(**fields))
    assert attempt
    assert (attempt.snapshot, attempt.error) == (None, "its container ended with OOMKilled")


def test_end_without_any_reason_is_a_failure() -> None:
    attempt = read_attempt(terminated(exitCode=1))
    assert attempt
    assert attempt.error == "its container ended with no reason"


@pytest.mark.parametrize("status", [{}, {"containerStatuses": [{"name": "backup", "state": {"running": {}}}]}])
def test_pod_that_has_not_ended_is_no_attempt(status: Manifest) -> None:
    assert read_attempt(build_pod(status)) is None


def test_pods_of_backups_alone_are_read_the_newest_last() -> None:
    other: Manifest = {"metadata": {"name": "demo-kubeflow-x"}}
    older, newer = build_pod({}, "a"), build_pod({}, "bb")
    assert select_backup_pods([newer, other, older]) == [older, newer]


def test_status_is_read_as_it_was_written() -> None:
    past = Past(SNAPSHOT, {"value": "one", "phase": "Failed"})
    assert parse_past(past.format()) == past
    assert Past().format() == {}
    assert Past(request={"value": "one"}).format() == {"backup": {"request": {"value": "one"}}}


@pytest.mark.parametrize(
    "status", [None, {}, {"backup": "x"}, {"backup": {"request": 1}}, {"backup": {"snapshot": "a"}}]
)
def test_status_that_somebody_else_has_written_stops_nothing(status: object) -> None:
    assert parse_past(status) == Past()


def test_last_pod_says_how_a_cold_backup_went() -> None:
    other, own = snapshot_pod(STORED, "two"), snapshot_pod({"error": "no room"})
    assert find_cold_attempt([own, other], "one") == read_attempt(own)
    assert find_cold_attempt([other], "one") is None


def test_pods_that_copy_volumes_take_no_snapshot() -> None:
    assert select_backup_pods([copy_pod("w", {"volumes": 1, "size": 2})]) == []


def test_copy_is_read_from_the_pod_of_its_node() -> None:
    pods = [copy_pod("m", {"error": "no room."}), copy_pod("w", {"volumes": 1, "size": 2})]
    assert read_copy(pods, "one", "w") == {"volumes": 1, "size": 2}
    assert read_copy(pods, "one", "m") == {}
    assert read_copy(pods, "two", "w") == {}
    assert read_copy([copy_pod("w", {"volumes": "many", "size": 2})], "one", "w") == {}
    assert read_copy_error(pods, "one", "m") == "no room"
    assert read_copy_error(pods, "one", "w") == ""
