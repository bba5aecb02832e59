"""What is known of an observed Job, whatever its status and its spec leave out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hooks.vk8s.observed.job import Job

SPEC = {"template": {"spec": {"containers": [{"name": "a", "image": "x"}], "initContainers": [{"name": "b"}]}}}


def job(metadata: dict[str, Any] | None = None, status: Any = None, **spec: Any) -> Job:
    """A Job of a worker's removal."""
    return Job(
        {
            "metadata": {"name": "w-leave", "namespace": "team-a", **(metadata or {})},
            "spec": {**SPEC, **spec},
            "status": status or {},
        }
    )


@pytest.mark.parametrize(
    ("kind", "status", "outcome"),
    [
        ("Complete", "True", (True, False)),
        ("Failed", "True", (False, True)),
        ("Complete", "False", (False, False)),
        ("Suspended", "True", (False, False)),
    ],
)
def test_conditions_tell_a_finished_job_from_a_failed_one(kind: str, status: str, outcome: tuple[bool, bool]) -> None:
    found = job(status={"conditions": [{"type": kind, "status": status}]})
    assert (found.is_complete, found.has_failed) == outcome
    assert (job().is_complete, job().has_failed) == (False, False)


@pytest.mark.parametrize(
    ("kind", "status", "ended"),
    [
        ("Complete", {"completionTime": "2026-01-02T03:04:05Z"}, True),
        ("Failed", {}, True),
        ("Suspended", {}, False),
    ],
)
def test_end_is_known_of_a_job_that_has_ended(kind: str, status: dict[str, Any], *, ended: bool) -> None:
    entry = {"type": kind, "status": "True", "lastTransitionTime": "2026-01-02T03:04:05Z"}
    found = job(status={"conditions": [entry], **status}).ended
    assert found == (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) if ended else None)


def test_containers_are_found_by_name_without_those_before_them() -> None:
    assert job().containers == {"a": {"name": "a", "image": "x"}}


def test_suspended_job_says_how_to_resume_it() -> None:
    assert job().suspension == ""
    assert job(suspend=True).suspension.endswith(
        """kubectl patch job -n team-a w-leave --type=merge -p '{"spec":{"suspend":false}}'"""
    )


def test_finalizers_of_a_deleted_job_are_reported() -> None:
    going = job(metadata={"deletionTimestamp": "2026-01-02T03:04:05Z", "finalizers": ["x/y"]})
    assert (going.is_terminating, going.held) == (True, ", held by its finalizers x/y")
    assert (job().is_terminating, job().held, job().annotations) == (False, "", {})


def test_reason_of_a_failure_is_that_of_the_controller() -> None:
    found = {"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "Job was active too long."}
    assert job(status={"conditions": [found]}).failure == "Job was active too long"
    assert job(status={"conditions": [{**found, "message": ""}]}).failure == "DeadlineExceeded"
