"""When the next backup is due: the schedule in its time zone, after the last run that the host cluster has begun."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hooks.vk8s.spec.model import BackupSpec
from hooks.vk8s.status.next_backup import find_next_backup

NOW = datetime(2026, 1, 2, 12, 30, 40, tzinfo=UTC)
CREATED = "2026-01-02T12:00:00Z"


def read_due(schedule: str, zone: str | None = "Asia/Seoul", **cron_job: Any) -> str:
    """When it is due, in UTC; empty if nothing is known."""
    backup = BackupSpec.model_validate({"schedule": schedule, "timeZone": zone, "claim": {"name": "backups"}})
    found = find_next_backup(backup, {"metadata": {"creationTimestamp": CREATED}, "spec": {}, **cron_job}, NOW)
    return found.astimezone(UTC).isoformat() if found else ""


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("0 3 * * *", "2026-01-02T18:00:00+00:00"),
        ("@daily", "2026-01-02T15:00:00+00:00"),
        ("@hourly", "2026-01-02T13:00:00+00:00"),
        ("30 3 ? * mon-fri", "2026-01-04T18:30:00+00:00"),
        ("0 0 29 2 *", "2028-02-28T15:00:00+00:00"),
    ],
)
def test_schedule_counts_in_its_time_zone(schedule: str, due: str) -> None:
    assert read_due(schedule) == due


def test_time_after_the_last_run_is_named_and_stays() -> None:
    assert read_due("0 * * * *", status={"lastScheduleTime": "2026-01-02T12:00:00Z"}) == "2026-01-02T13:00:00+00:00"


def test_run_that_has_begun_is_not_named_by_a_late_clock() -> None:
    begun = {"lastScheduleTime": "2026-01-02T12:31:00Z"}
    assert read_due("31 * * * *", zone="Etc/UTC", status=begun) == "2026-01-02T13:31:00+00:00"


def test_time_that_has_passed_is_not_named() -> None:
    """The schedule has been edited, or nobody has begun a run for long."""
    assert read_due("0 * * * *", status={"lastScheduleTime": "2025-12-01T00:00:00Z"}) == "2026-01-02T13:00:00+00:00"


@pytest.mark.parametrize("schedule", ["0 0 31 2 *", "99 * * * *"], ids=["no such day", "no such minute"])
def test_schedule_without_a_time_has_no_next_one(schedule: str) -> None:
    assert read_due(schedule) == ""


def test_time_is_unknown_without_a_time_zone() -> None:
    assert read_due("@daily", zone=None) == ""
    assert read_due("@daily", zone="Asia/Atlantis") == ""


def test_suspended_backup_has_no_next_time() -> None:
    assert read_due("@daily", spec={"suspend": True}) == ""


def test_backup_that_does_not_exist_yet_has_no_next_time() -> None:
    backup = BackupSpec.model_validate({"schedule": "@daily", "timeZone": "Etc/UTC", "claim": {"name": "backups"}})
    assert find_next_backup(backup, None, NOW) is None
