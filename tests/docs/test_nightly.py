"""`python -m tests.nightly`: each job runs, whatever became of the one before, and docs/nightly.md has the results."""

import re
from pathlib import Path

import pytest

from testbed.layout import ROOT
from tests.nightly import JOBS, PAGE, fill, list_moved, main

JOB_ROW = re.compile(r"^\| `([\w-]+)` \| `make ([\w-]+)", re.MULTILINE)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    copy = tmp_path / "nightly.md"
    copy.write_text(fill(PAGE.read_text(), {}))
    return copy


def test_page_has_a_row_for_each_job() -> None:
    assert PAGE.read_text() == fill(PAGE.read_text(), {}), (
        "run `make nightly`, or `python -m tests.nightly JOB` for one"
    )
    assert dict(JOB_ROW.findall(PAGE.read_text())) == {job: command[1] for job, command in JOBS.items()}


def test_every_test_of_the_night_has_a_guard_by_day() -> None:
    moved = list_moved()
    assert moved
    by_night = {test for test, _ in moved}
    # The other cases of a test guard what some of them do.
    others = {guard for test, guard in moved if test.startswith(f"{guard}: some of ")}
    files = {test.partition(":")[0] for test in by_night} - others
    assert [guard for _, guard in moved if guard in files or not is_there(guard)] == []
    assert [guard for _, guard in moved if guard.replace("::", ": ") in by_night] == []


def is_there(guard: str) -> bool:
    """Whether there is that file or, after `::`, that test in it."""
    file, _, test = guard.partition("::")
    return (ROOT / file).is_file() and (not test or f"\ndef {test}(" in (ROOT / file).read_text())


def test_page_explains_each_job() -> None:
    assert [job for job in JOBS if f"- **{job}:** " not in PAGE.read_text()] == []


def test_failed_job_is_recorded_and_the_next_one_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(JOBS, "chaos", ("sh", "-c", "echo '2 failed, 3 passed in 4.5s'; exit 1"))
    monkeypatch.setitem(JOBS, "vm", ("sh", "-c", "echo '==== 7 passed, 1 skipped in 60.25s (0:01:00) ===='"))
    before = dict(read_results(page))
    assert main(["chaos", "vm"], page, page.parent) == 1
    assert dict(read_results(page)) == {
        **before,
        "chaos": "failed: 2 failed, 3 passed",
        "vm": "passed: 7 passed, 1 skipped",
    }
    assert "2 failed" in (page.parent / "chaos.log").read_text()


def test_job_without_pytest_passes_by_its_exit_code(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(JOBS, "bench", ("true",))
    assert main(["bench"], page, page.parent) == 0
    assert dict(read_results(page))["bench"] == "passed"


def test_unknown_job_is_rejected_with_the_list(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["chaos", "naps"], page)
    assert f"there is no job naps: write one of {', '.join(JOBS)}" in capsys.readouterr().err


def test_page_without_its_table_is_named(page: Path) -> None:
    with pytest.raises(AssertionError, match=r"nightly\.md has lost its table"):
        fill(page.read_text().replace("<!-- end -->", ""), {})


def read_results(page: Path) -> list[tuple[str, str]]:
    """Each job of the table, with its result."""
    rows = [
        line.split("|") for line in page.read_text().splitlines() if line.startswith("| `") and line.count("|") == 7
    ]
    return [(row[1].strip(" `"), row[5].strip()) for row in rows]
