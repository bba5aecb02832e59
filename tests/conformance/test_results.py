"""What is stored of a run, and what docs/conformance.md shows of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance import page, results
from tests.conformance.outcome import Outcome, read_outcome
from tests.conformance.reports import build_spec, write_report
from tests.conformance.results import NOT_RUN, Circumstances, Run, summarise

VERSIONS = {"Kubernetes": "v1.34.4", "kernel": "6.18"}
CIRCUMSTANCES = Circumstances("abc123", 1, VERSIONS, {"parallel": 6, "serial": 1})
SLOW, ALONE, ZONES = "[sig-node] Pods slow", "[sig-node] Pods alone", "[sig-node] Pods zones"


@pytest.fixture
def parallel(tmp_path: Path) -> Outcome:
    """One spec passes, one fails, one skips itself, and one is left to the other part."""
    specs = [
        build_spec("quick"),
        build_spec("slow", "failed", "timed out\nafter 5 m"),
        build_spec("zones", "skipped", "needs two zones"),
        build_spec("alone", "skipped"),
    ]
    return read_outcome(write_report(tmp_path / "parallel.json", *specs, succeeded=False))


@pytest.fixture
def serial(tmp_path: Path) -> Outcome:
    specs = [build_spec(name, "skipped") for name in ("quick", "slow", "zones")]
    return read_outcome(write_report(tmp_path / "serial.json", *specs, build_spec("alone")))


@pytest.fixture
def again(tmp_path: Path) -> Outcome:
    specs = [build_spec(name, "skipped") for name in ("quick", "zones", "alone")]
    return read_outcome(write_report(tmp_path / "again.json", *specs, build_spec("slow")))


@pytest.fixture
def run(parallel: Outcome, serial: Outcome, again: Outcome) -> Run:
    return summarise(CIRCUMSTANCES, {"parallel": parallel, "serial": serial}, again)


def test_run_counts_each_spec_once(run: Run) -> None:
    assert (run.specs, run.passed, run.failed, len(run.left_out)) == (4, 2, 1, 1)
    assert run.date == "2026-11-30"


def test_failure_keeps_what_came_of_the_spec_alone(run: Run, parallel: Outcome, serial: Outcome) -> None:
    (failure,) = run.failures
    assert (failure.spec, failure.part, failure.lines) == (SLOW, "parallel", ["timed out", "after 5 m"])
    assert failure.again == "passes"
    # A pass in the second attempt is no pass of the run.
    assert run.failed == 1
    (failure,) = summarise(CIRCUMSTANCES, {"parallel": parallel, "serial": serial}, None).failures
    assert failure.again == "not run"
    (failure,) = summarise(CIRCUMSTANCES, {"parallel": parallel}, parallel).failures
    assert failure.again == "fails"


def test_spec_that_did_not_run_is_named_with_its_reason(run: Run, parallel: Outcome) -> None:
    assert run.left_out == {ZONES: "needs two zones"}
    assert summarise(CIRCUMSTANCES, {"parallel": parallel}, None).left_out == {
        ALONE: NOT_RUN,
        ZONES: "needs two zones",
    }


def test_results_keep_the_last_run_of_each_configuration(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    three = replace(run, control_plane_nodes=3)
    later = replace(run, date="2026-12-01")
    for each in (run, three, later):
        results.record(each, file)
    assert results.read(file) == {"v1.34.4, 1": later, "v1.34.4, 3": three}


def test_page_without_a_run_says_so() -> None:
    assert page.fill("<!-- table: failures -->\n<!-- end -->", {}) == (
        "<!-- table: failures -->\nNo run is recorded.\n<!-- end -->"
    )


def test_page_shows_numbers_failures_and_what_is_left_out(run: Run) -> None:
    blocks = "\n".join(
        f"<!-- table: {name} -->\nold\n<!-- end -->" for name in ("runs", "parts", "failures", "left_out")
    )
    text = page.fill(f"Prose.\n{blocks}\n", {run.key: run})
    assert "old" not in text
    assert text.startswith("Prose.\n")
    assert "| v1.34.4, 1 control-plane node | 2026-11-30 | `abc123` | 4 | 2 | 1 |" in text
    assert "| run | kernel |\n|---|---|\n| v1.34.4, 1 control-plane node | 6.18 |" in text
    assert "| v1.34.4, 1 control-plane node | side by side | 6 | 1 | 1 | 1 min 30 s |" in text
    assert f"- v1.34.4, 1 control-plane node, parallel: `{SLOW}`. Run alone: passes." in text
    assert "  timed out\n  after 5 m\n" in text
    assert f"| v1.34.4, 1 control-plane node | `{ZONES}` | needs two zones |" in text


def test_page_says_when_nothing_failed_and_all_ran(run: Run, parallel: Outcome) -> None:
    blocks = "<!-- table: failures -->\n<!-- end -->\n<!-- table: left_out -->\n<!-- end -->"
    text = page.fill(blocks, {run.key: replace(run, failures=[], left_out={})})
    assert "No spec failed." in text
    assert "None: every spec has run." in text
    # Of a part that did not run, only the number.
    partial = summarise(CIRCUMSTANCES, {"parallel": parallel}, None)
    assert f"| 1 of them | {NOT_RUN} |" in page.fill(blocks, {partial.key: partial})


def test_another_choice_is_a_run_of_its_own(parallel: Outcome, run: Run, tmp_path: Path) -> None:
    """It has the specs that it has asked for, of Conformance or not."""
    other = summarise(replace(CIRCUMSTANCES, choice="StorageClass"), {"parallel": parallel}, None)
    assert (other.specs, other.left_out) == (3, {ZONES: "needs two zones"})
    for each in (run, other):
        results.record(each, tmp_path / "results.json")
    stored = results.read(tmp_path / "results.json")
    assert stored == {"v1.34.4, 1": run, "v1.34.4, 1, StorageClass": other}
    shown = page.fill("<!-- table: runs -->\n<!-- end -->", stored)
    assert "| v1.34.4, 1 control-plane node, StorageClass | 2026-11-30 | `abc123` | 3 | 1 | 1 |" in shown


def test_terminal_shows_what_failed_first(run: Run) -> None:
    assert page.describe(run).splitlines() == [
        f"failed: {SLOW}",
        "  timed out",
        "  after 5 m",
        "parallel: 1 passed, 1 failed, 1 min 30 s",
        "serial: 1 passed, 0 failed, 1 min 30 s",
    ]


def test_page_has_the_results_that_are_stored() -> None:
    text = page.FILE.read_text()
    assert text == page.fill(text, results.read()), "run `make conformance`, which writes both"
