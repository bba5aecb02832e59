"""The numbers of one hooks process."""

from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from hooks import VERSION
from hooks.kubernetes.manifest import Manifest
from hooks.server.metrics import HOOKS, OUTCOMES, Metrics


def read(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Samples of a metric by the values of their labels, in the order of these; only what has been counted."""
    samples = [sample for family in parse(metrics.render().decode()) for sample in family.samples]
    return {tuple(each.labels.values()): each.value for each in samples if each.name == name and each.value}


def condition(reason: str, status: str = "False") -> Manifest:
    return {"type": "Ready", "status": status, "reason": reason}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "answered"),
        (400, "refused"),
        (401, "refused"),
        (413, "refused"),
        (499, "refused"),
        (503, "refused"),
        (500, "failed"),
    ],
)
def test_call_is_counted_by_what_became_of_it(status: int, outcome: str) -> None:
    metrics = Metrics()
    metrics.record_call("vk8s/sync", status, 0.3)
    assert read(metrics, "vk8s_hook_calls_total") == {("vk8s/sync", outcome): 1}
    measured = read(metrics, "vk8s_hook_duration_seconds_sum")
    assert measured == ({("vk8s/sync",): 0.3} if outcome == "answered" else {})


def test_version_is_reported() -> None:
    assert read(Metrics(), "vk8s_hook_build_info") == {(VERSION,): 1}


def test_every_counter_of_calls_is_there_before_the_first_call() -> None:
    text = Metrics().render().decode()
    for hook in HOOKS:
        for outcome in OUTCOMES:
            assert f'vk8s_hook_calls_total{{hook="{hook}",outcome="{outcome}"}} 0.0' in text


def test_conditions_that_are_false_are_counted_by_reason() -> None:
    metrics = Metrics()
    for _ in range(2):
        metrics.count_conditions("vk8s/sync", [condition("PKILost"), condition("Valid", "True")])
    assert read(metrics, "vk8s_hook_false_conditions_total") == {("Vk8s", "PKILost", "Ready"): 2}


def test_reasons_from_outside_are_one() -> None:
    metrics = Metrics()
    for number in range(100):
        metrics.count_conditions("ippool/sync", [condition(f"Strange{number}")])
    assert read(metrics, "vk8s_hook_false_conditions_total") == {("IPPool", "other", "Ready"): 100}


@pytest.mark.parametrize(
    ("ends", "counted"),
    [
        ({"ca": "2026-06-30T00:00:00Z"}, True),
        ({"ca": "2026-06-30T00:00:01Z"}, False),
        ({"ca": "2025-01-01T00:00:00Z"}, True),
        ({"kubeconfig": "2025-01-01T00:00:00Z"}, False),
        (None, False),
    ],
    ids=["in 180 days", "later", "long ago", "not a CA", "no certificate"],
)
def test_ca_that_expires_within_180_days_is_counted(ends: dict[str, str] | None, counted: bool) -> None:  # noqa: FBT001
    metrics = Metrics()
    metrics.count_expiring_ca({"certificatesExpire": ends} if ends else {}, datetime(2026, 1, 1, tzinfo=UTC))
    assert read(metrics, "vk8s_hook_expiring_cas_total") == ({(): 1} if counted else {})


@pytest.mark.parametrize(
    ("fields", "counted"),
    [
        ({}, True),
        ({"phase": "Paused"}, False),
        ({"controlPlane": None}, False),
        ({"since": "2026-01-01T00:45:01Z"}, False),
        ({"status": "True"}, False),
    ],
    ids=["for 15 minutes", "during a pause", "the only control-plane node", "for less time", "all are voters"],
)
def test_voter_that_is_missing_for_15_minutes_is_counted(fields: Manifest, counted: bool) -> None:  # noqa: FBT001
    given = {"since": "2026-01-01T00:45:00Z", "status": "False", "phase": "Restarting", "controlPlane": {}, **fields}
    ready = {"type": "ControlPlaneReady", "status": given["status"], "lastTransitionTime": given["since"]}
    several = {} if given["controlPlane"] is None else {"controlPlane": {"voters": "2/3", "quorum": 2}}
    metrics = Metrics()
    metrics.count_missing_voter(
        {"phase": given["phase"], "conditions": [ready], **several}, datetime(2026, 1, 1, 1, tzinfo=UTC)
    )
    assert read(metrics, "vk8s_hook_missing_voters_total") == ({(): 1} if counted else {})


def test_two_processes_in_one_have_nothing_in_common() -> None:
    one, other = Metrics(), Metrics()
    one.record_call("vk8s/sync", 200, 0.1)
    assert read(other, "vk8s_hook_calls_total") == {}
