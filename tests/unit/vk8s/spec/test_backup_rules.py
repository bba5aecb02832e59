"""The rules for spec.backup: the schedules that Kubernetes accepts, and where snapshots can go."""

from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.backup_rules import is_schedule, list_backup_problems, list_restore_problems
from hooks.vk8s.spec.model import BackupSpec, Spec
from tests.backups_world import CLAIM, S3
from tests.world import spec


def list_problems(backup: Manifest, name: str = "demo") -> list[str]:
    return list(list_backup_problems(name, BackupSpec.model_validate(backup)))


def with_s3(**fields: Any) -> list[str]:
    return list_problems({"schedule": "@daily", "s3": {**S3, **fields}})


@pytest.mark.parametrize(
    "text",
    [
        "@hourly",
        "0 3 * * *",
        "*/15 0-6,12 1,15 jan-MAR ?",
        "0 0 1-31/2 * sun-sat",
        "5/10 * * * 1-5",
        "  0   3 * * *  ",
    ],
)
def test_schedule_that_kubernetes_accepts_is_accepted(text: str) -> None:
    assert is_schedule(text)


@pytest.mark.parametrize(
    "text",
    [
        "@reboot",
        "@every 1h",
        "0 3 * *",
        "0 3 * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 7",
        "* * * sun *",
        "5-1 * * * *",
        "*/0 * * * *",
        "a * * * *",
        "1- * * * *",
        ", * * * *",
        "TZ=UTC 0 3 * * *",
    ],
)
def test_schedule_that_kubernetes_rejects_is_rejected(text: str) -> None:
    assert not is_schedule(text)


def test_nothing_is_said_of_a_backup_that_is_right() -> None:
    assert list(list_backup_problems("demo", None)) == []
    assert list_problems({**CLAIM, "timeZone": "America/Argentina/Buenos_Aires"}, "a" * 45) == []
    assert with_s3(endpoint="http://127.0.0.1:9000/", prefix="clusters/of.team_a") == []


def test_name_that_is_too_long_for_a_cron_job_is_rejected() -> None:
    (problem,) = list_problems(CLAIM, "a" * 46)
    assert problem.startswith("spec.backup: leave it out: the CronJob of a Vk8s whose name has more than 45 characters")


def test_broken_schedule_is_rejected() -> None:
    (problem,) = list_problems({**CLAIM, "schedule": "daily"})
    assert problem == "spec.backup.schedule: write five fields of cron, such as 0 3 * * *, or @hourly, @daily, @weekly."


@pytest.mark.parametrize("zone", ["Asia Seoul", "local", "/", "../x"])
def test_time_zone_that_can_not_be_one_is_rejected(zone: str) -> None:
    assert list_problems({**CLAIM, "timeZone": zone}) == [
        "spec.backup.timeZone: write a name such as Asia/Seoul or Etc/UTC."
    ]


@pytest.mark.parametrize("backup", [{"schedule": "@daily"}, {**CLAIM, "s3": S3}], ids=["none", "both"])
def test_one_target_has_to_be_there(backup: Manifest) -> None:
    assert list_problems(backup) == ["spec.backup: write either claim or s3."]


@pytest.mark.parametrize("endpoint", ["s3.example.com", "https://s3.example.com/bucket", "ftp://a"])
def test_endpoint_that_is_no_url_of_a_server_is_rejected(endpoint: str) -> None:
    assert with_s3(endpoint=endpoint) == [
        "spec.backup.s3.endpoint: write a URL such as https://s3.example.com, without a bucket."
    ]


def test_bucket_that_can_not_be_one_is_rejected() -> None:
    (problem,) = with_s3(bucket="My_Bucket")
    assert problem.startswith("spec.backup.s3.bucket: write lower-case letters, digits, '-' and '.'")


@pytest.mark.parametrize("prefix", ["/a", "a/", "a//b", ".", "a/./b", "..", "a/../b", "a b"])
def test_prefix_that_leads_elsewhere_is_rejected(prefix: str) -> None:
    assert with_s3(prefix=prefix) == [
        "spec.backup.s3.prefix: write words of letters, digits, '-', '_' and '.', with '/' between them."
    ]


def list_restore(restore: Manifest, **fields: Any) -> list[str]:
    return list(list_restore_problems(Spec.model_validate(spec(restoreFrom=restore, **fields))))


def test_restore_comes_from_one_place() -> None:
    claim = {"name": "backups"}
    assert list_restore({"claim": claim}) == list_restore({"s3": S3}) == []
    assert (
        list_restore({}) == list_restore({"claim": claim, "s3": S3}) == ["spec.restoreFrom: write either claim or s3."]
    )
    (problem,) = list_restore({"s3": {**S3, "bucket": "UPPER"}})
    assert problem.startswith("spec.restoreFrom.s3.bucket: write lower-case letters")
    assert list(list_restore_problems(Spec.model_validate(spec()))) == []


def test_ephemeral_cluster_can_not_be_restored() -> None:
    (problem,) = list_restore({"claim": {"name": "backups"}}, storage={"ephemeral": True})
    assert problem.startswith("spec.restoreFrom: leave it out: with ephemeral storage")
