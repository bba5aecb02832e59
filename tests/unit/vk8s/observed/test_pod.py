"""What is known of an observed pod, whatever times and states its status leaves out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.pod import SETTLING, Pod

EARLY, LATE = "2026-01-02T03:00:00Z", "2026-01-02T03:04:00Z"
TIME = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
RUNNING: Manifest = {"running": {"startedAt": EARLY}}
ENDED: Manifest = {"terminated": {"finishedAt": LATE}}


def pod(state: Manifest | None = None, status: Manifest | None = None, **metadata: Any) -> Pod:
    """A pod whose container is in that state; `status` is the rest of its status."""
    shown = {"containerStatuses": [{"name": "node", "state": state}]} if state is not None else {}
    return Pod({"metadata": {"creationTimestamp": EARLY, **metadata}, "status": {**shown, **(status or {})}})


def ready(status: str = "False", **fields: str) -> Manifest:
    """A status with condition Ready."""
    return {"conditions": [{"type": "Ready", "status": status, **fields}]}


@pytest.mark.parametrize(
    ("state", "last", "count", "has_run"),
    [
        ({}, {}, 0, False),
        ({"waiting": {}}, {}, 0, False),
        (RUNNING, {}, 0, True),
        (ENDED, {}, 0, True),
        ({"waiting": {}}, ENDED, 0, True),
        ({"waiting": {}}, {}, 1, True),
    ],
    ids=["no state", "waits", "runs", "has ended", "ended before", "was restarted"],
)
def test_container_has_run_if_anything_says_that_it_did(
    state: Manifest, last: Manifest, count: int, *, has_run: bool
) -> None:
    entry = {"name": "node", "state": state, "lastState": last, "restartCount": count}
    assert pod(status={"containerStatuses": [entry]}).has_run is has_run


@pytest.mark.parametrize(
    ("found", "end"),
    [
        (pod(RUNNING, ready(lastTransitionTime=LATE)), TIME + SETTLING),
        (pod(RUNNING, ready("True", lastTransitionTime=LATE)), None),
        (pod({"running": {"startedAt": LATE}}, ready(lastTransitionTime=EARLY)), None),
        (pod(ENDED, ready(lastTransitionTime=LATE)), None),
        (pod(RUNNING, ready(lastTransitionTime=LATE), deletionTimestamp=LATE), None),
    ],
    ids=["was Ready in this life", "is Ready", "was Ready before", "has ended", "is being deleted"],
)
def test_pod_that_was_ready_may_be_so_again_within_a_minute(found: Pod, end: datetime | None) -> None:
    assert found.flap_end == end


@pytest.mark.parametrize(
    "found", [pod(RUNNING, ready()), pod({"running": {}}, ready(lastTransitionTime=LATE))], ids=["since", "started"]
)
def test_pod_without_times_may_have_just_stopped_being_ready(found: Pod) -> None:
    assert found.settled > TIME + timedelta(days=365)


@pytest.mark.parametrize(
    "status",
    [
        {"startTime": LATE},
        {"startTime": EARLY, "conditions": [{"type": "Ready", "lastTransitionTime": LATE}]},
        {"startTime": EARLY, "containerStatuses": [{"state": ENDED}]},
        {"startTime": LATE, "containerStatuses": [{}, {"state": {"waiting": {}}}]},
    ],
    ids=["its start", "a condition", "the end of its container", "its start, as no container has run"],
)
def test_failed_pod_ended_at_the_last_time_in_its_status(status: Manifest) -> None:
    assert pod(status={"phase": "Failed", **status}).ended == TIME


def test_pod_without_any_time_ended_long_ago() -> None:
    assert pod(status={"phase": "Failed"}, creationTimestamp=None).ended < TIME - timedelta(days=365)
