"""What ginkgo's report says of a part: what ran, passed, failed, skipped itself, and was never chosen."""

from pathlib import Path

import pytest

from tests.conformance.outcome import list_conformance, read_outcome
from tests.conformance.reports import build_setup, build_spec, write_report


def test_specs_are_counted_by_what_became_of_them(tmp_path: Path) -> None:
    report = write_report(
        tmp_path / "report.json",
        build_setup("passed"),
        build_spec("should run"),
        build_spec("should fail", "failed", "no such file"),
        build_spec("should skip itself", "skipped", "needs two zones"),
        build_spec("is not chosen", "skipped"),
        succeeded=False,
    )
    outcome = read_outcome(report)
    assert [spec.name for spec in outcome.passed] == ["[sig-node] Pods should run"]
    assert [spec.name for spec in outcome.failed] == ["[sig-node] Pods should fail"]
    assert [spec.name.rpartition("Pods ")[2] for spec in outcome.asked] == [
        "should run",
        "should fail",
        "should skip itself",
    ]
    assert (outcome.start[:10], outcome.seconds) == ("2026-11-30", 90)


@pytest.mark.parametrize("state", ["failed", "panicked", "timedout", "interrupted", "aborted"])
def test_every_bad_end_is_a_failure(tmp_path: Path, state: str) -> None:
    report = write_report(tmp_path / "report.json", build_spec("ends", state, "why"), succeeded=False)
    assert [spec.state for spec in read_outcome(report).failed] == [state]


def test_failed_preparation_is_a_failure(tmp_path: Path) -> None:
    setup = build_setup("failed", "no node is schedulable")
    report = write_report(tmp_path / "report.json", setup, build_spec("never runs", "skipped"), succeeded=False)
    (failed,) = read_outcome(report).failed
    assert (failed.name, failed.lines) == ("SynchronizedBeforeSuite", ["no node is schedulable"])


def test_suite_that_fails_without_a_failed_spec_is_a_failure(tmp_path: Path) -> None:
    more = {"SpecialSuiteFailureReasons": ["Suite Timeout Elapsed"]}
    report = write_report(tmp_path / "report.json", build_spec("runs"), succeeded=False, more=more)
    (failed,) = read_outcome(report).failed
    assert failed.lines == ["Suite Timeout Elapsed"]


def test_only_the_first_lines_of_a_failure_are_kept(tmp_path: Path) -> None:
    message = "\n\n".join([*(f"line {number}" for number in range(20)), "x" * 1000])
    report = write_report(tmp_path / "report.json", build_spec("fails", "failed", message), succeeded=False)
    assert list(read_outcome(report).failed[0].lines) == [f"line {number}" for number in range(6)]
    report = write_report(tmp_path / "report.json", build_spec("fails", "failed", "x" * 1000), succeeded=False)
    assert len(read_outcome(report).failed[0].lines[0]) == 300


def test_specs_of_conformance_are_known_by_their_label(tmp_path: Path) -> None:
    specs = [build_spec("b"), build_spec("a", "skipped"), build_spec("other", labels=["Slow"])]
    outcome = read_outcome(write_report(tmp_path / "report.json", *specs))
    # Both parts have all of them in their reports.
    assert list_conformance([outcome, outcome]) == ["[sig-node] Pods a", "[sig-node] Pods b"]
