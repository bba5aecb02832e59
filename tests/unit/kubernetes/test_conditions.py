"""Conditions keep their time while their status stays, whatever the old status looks like."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hooks.kubernetes.conditions import Condition, StatusContext, build_conditions, parse_history
from tests.world import NOW

READY = Condition("Ready", status=True, reason="AllNodesReady", message="2 of 2 nodes are Ready.")
EARLIER = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}


def moment(status: Any, later: timedelta = timedelta(0), generation: int = 1) -> StatusContext:
    return StatusContext(parse_history(status), generation, NOW + later)


@pytest.mark.parametrize(
    ("status", "since"),
    [
        ({"conditions": [EARLIER]}, "2026-01-01T00:00:00Z"),
        ({"conditions": [{**EARLIER, "status": "False"}]}, "2026-01-02T03:04:05Z"),
        ({"conditions": [{**EARLIER, "lastTransitionTime": "soon"}]}, "2026-01-02T03:04:05Z"),
        ({"conditions": [{**EARLIER, "lastTransitionTime": None}]}, "2026-01-02T03:04:05Z"),
        ({"conditions": ["x", None]}, "2026-01-02T03:04:05Z"),
        ({"conditions": 3}, "2026-01-02T03:04:05Z"),
        ("running", "2026-01-02T03:04:05Z"),
        (None, "2026-01-02T03:04:05Z"),
    ],
    ids=repr,
)
def test_time_of_the_last_transition(status: Any, since: str) -> None:
    assert build_conditions([READY], moment(status))[0]["lastTransitionTime"] == since


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"reason": "AllNodesReady"}, "AllNodesReady"),
        ({"reason": "AllNodesReady", "observedGeneration": 2}, ""),
        ({"reason": "AllNodesReady", "status": "False"}, ""),
        ({"reason": "two words"}, ""),
        ({"reason": ["AllNodesReady"]}, ""),
        ({}, ""),
    ],
    ids=repr,
)
def test_reason_of_a_generation(entry: dict[str, Any], reason: str) -> None:
    history = parse_history({"conditions": [{**EARLIER, "observedGeneration": 1, **entry}]})
    assert history.reason_of("Ready", 1) == reason
    assert history.reason_of("Other", 1) == ""


def test_condition_keeps_its_own_time_whatever_was_before() -> None:
    own = replace(READY, since=NOW - timedelta(minutes=1))
    assert build_conditions([own], moment({"conditions": [EARLIER]}))[0]["lastTransitionTime"] == "2026-01-02T03:03:05Z"


def test_condition_that_changes_takes_the_time_of_the_change() -> None:
    first = build_conditions([READY], moment(None))
    broken = Condition("Ready", status=False, reason="Booting", message="")
    before, minute = {"conditions": first}, timedelta(minutes=1)
    changed, kept = moment(before, minute), moment(before, minute, generation=2)
    assert build_conditions([broken], changed)[0]["lastTransitionTime"] == "2026-01-02T03:05:05Z"
    assert build_conditions([READY], kept)[0] == {**first[0], "observedGeneration": 2}
