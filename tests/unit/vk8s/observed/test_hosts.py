"""Hosts that do not answer are recognized by the pods on them, and no others are."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hooks.kubernetes.conditions import parse_time
from hooks.vk8s.observed.hosts import compute_silence_due, list_suspects, select_silent
from hooks.vk8s.observed.pod import Pod
from tests.lost_hosts import LOST_AT, silent_status


def pod(host: str, *conditions: dict[str, Any]) -> Pod:
    metadata = {"name": "w", "creationTimestamp": "2026-01-02T03:00:00Z"}
    spec = {"nodeName": host} if host else {}
    return Pod({"metadata": metadata, "spec": spec, "status": {"conditions": list(conditions)}})


def ready(status: str, **fields: str) -> dict[str, Any]:
    return {"type": "Ready", "status": status, **fields}


CONTAINERS = {"type": "ContainersReady", "status": "True"}


def test_host_is_silent_since_its_first_pod_showed_it() -> None:
    later = pod("host-1", ready("False", lastTransitionTime="2026-01-02T03:09:00Z"), CONTAINERS)
    first = pod("host-1", *silent_status()["conditions"])
    other = pod("host-2", ready("True"), CONTAINERS)
    assert list_suspects([later, first, other]) == {"host-1": parse_time(LOST_AT)}


def test_silence_without_a_time_began_with_the_pod_at_the_earliest() -> None:
    assert list_suspects([pod("host-1", ready("False"), CONTAINERS)]) == {"host-1": parse_time("2026-01-02T03:00:00Z")}


@pytest.mark.parametrize(
    "answering",
    [
        pod("host-1"),
        pod("host-1", ready("True"), CONTAINERS),
        pod("host-1", ready("False"), {**CONTAINERS, "status": "False"}),
        pod("host-1", ready("False", reason="ReadinessGatesNotReady"), CONTAINERS),
        pod("", ready("False"), CONTAINERS),
    ],
    ids=["says nothing", "Ready", "its containers are not ready", "waits for a readiness gate", "has no host"],
)
def test_host_of_such_a_pod_answers_as_far_as_is_known(answering: Pod) -> None:
    assert list_suspects([answering]) == {}


def test_ready_pod_shows_that_its_host_answers() -> None:
    assert list_suspects([pod("host-1", *silent_status()["conditions"]), pod("host-1", ready("True"))]) == {}


def test_suspect_is_silent_after_some_seconds() -> None:
    since = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    suspects = {"host-1": since}
    assert select_silent(suspects, since + timedelta(seconds=3)) == {}
    assert select_silent(suspects, since + timedelta(seconds=4)) == suspects
    assert compute_silence_due(suspects, since) == since + timedelta(seconds=4)
    assert compute_silence_due(suspects, since + timedelta(seconds=4)) is None
