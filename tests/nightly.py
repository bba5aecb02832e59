"""`make nightly`: what takes too long for `make test`, one job after the other, with their results for docs/nightly.md.

`python -m tests.nightly [JOB ...]` runs all jobs, or those that are named, and goes on after one that fails. The row of
a job in the table of the page then has its date, commit, result and duration. The exit code is 1 if a job has failed.
"""

import argparse
import ast
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from testbed.layout import ROOT
from tests.machine import build_environment

PAGE: Final = ROOT / "docs" / "nightly.md"
LOGS: Final = ROOT / "build" / "nightly"
# Targets of the Makefile, with their variables.
JOBS: Final = {
    "cluster": ("make", "cluster"),
    "backup": ("make", "backup"),
    "installation": ("make", "installation"),
    "walkthrough": ("make", "walkthrough"),
    "nested": ("make", "nested"),
    "upgrade": ("make", "upgrade-test"),
    "vm": ("make", "vm-test"),
    "vm-debian13": ("make", "vm-test", "ARGS=--debian=13"),
    "vm-arm64": ("make", "vm-test", "ARGS=--architecture=arm64"),
    "release": ("make", "release-test"),
    "kind": ("make", "kind-test"),
    "chaos-sim": ("make", "chaos-sim", "HISTORIES=10000"),
    "chaos": ("make", "chaos"),
    "chaos-hosts": ("make", "chaos-hosts"),
    "conformance": ("make", "conformance"),
    "conformance-next": ("make", "conformance", "ARGS=--control-plane-nodes 3 --kubernetes next"),
    "policies": ("make", "conformance", "ARGS=--policies --part parallel"),
    "storage": ("make", "conformance", "ARGS=--storage"),
    "mutants": ("make", "mutants", "SAMPLE=1000"),
    "bench": ("make", "bench"),
}
_TABLE: Final = re.compile(r"(<!-- table: nightly -->\n).*?(<!-- end -->)", re.DOTALL)
_MOVED: Final = re.compile(r"(<!-- table: moved -->\n).*?(<!-- end -->)", re.DOTALL)
_ROW: Final = re.compile(r"^\| `([\w-]+)` \|.*$", re.MULTILINE)
# The last line of pytest: what passed, and what did not.
_SUMMARY: Final = re.compile(r"^=* ?(\d+ (?:passed|failed|skipped|error).*?) in [\d.]+s.*$", re.MULTILINE)
_HEAD: Final = ["| Job | Command | Date | Commit | Result | Minutes |", "|---|---|---|---|---|--:|"]


@dataclass(frozen=True)
class Result:
    """What came of one run of a job."""

    job: str
    start: datetime
    seconds: float
    log: Path
    returncode: int

    def describe(self) -> str:
        """Whether it passed; of a job that runs pytest, with the count of tests."""
        counts = _SUMMARY.findall(self.log.read_text(errors="replace"))
        verdict = "failed" if self.returncode else "passed"
        return f"{verdict}: {counts[-1]}" if counts else verdict

    def format_row(self, commit: str) -> str:
        """The row of the table."""
        cells = [f"`{self.job}`", f"`{shlex.join(JOBS[self.job])}`", f"{self.start:%Y-%m-%d}", f"`{commit}`"]
        return f"| {' | '.join([*cells, self.describe(), f'{self.seconds / 60:.0f}'])} |"


def main(arguments: Sequence[str], page: Path = PAGE, logs: Path = LOGS) -> int:
    """Runs the jobs, and writes the result of each as soon as there is one; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.nightly", description=__doc__)
    parser.add_argument(
        "jobs", metavar="JOB", nargs="*", help=f"one of {', '.join(JOBS)}; all of them if none is named"
    )
    jobs = parser.parse_args(arguments).jobs or list(JOBS)
    if unknown := [job for job in jobs if job not in JOBS]:
        parser.error(f"there is no job {', '.join(unknown)}: write one of {', '.join(JOBS)}")
    commit = read_commit()
    failed = [result for result in run(jobs, logs) if note(result, commit, page).returncode]
    return 1 if failed else 0


def run(jobs: Sequence[str], logs: Path) -> Iterator[Result]:
    """Runs one job after the other, each with its output in a log of its own in that directory."""
    logs.mkdir(parents=True, exist_ok=True)
    for job in jobs:
        log = logs / f"{job}.log"
        start, began = datetime.now(UTC), time.monotonic()
        sys.stdout.write(f"{start:%H:%M} {job}: {shlex.join(JOBS[job])}, output in {log}\n")
        sys.stdout.flush()
        with log.open("w") as output:
            command = subprocess.run(
                JOBS[job], cwd=ROOT, env=build_environment(), stdout=output, stderr=subprocess.STDOUT, check=False
            )
        yield Result(job, start, time.monotonic() - began, log, command.returncode)


def read_commit() -> str:
    """What is tested: once, as the first result that is written changes the tree."""
    describe = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(describe, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def note(result: Result, commit: str, page: Path) -> Result:
    """Writes the result into the page, and to the terminal."""
    page.write_text(fill(page.read_text(), {result.job: result.format_row(commit)}))
    sys.stdout.write(f"      {result.describe()}\n")
    return result


def fill(text: str, rows: dict[str, str]) -> str:
    """The page with these rows in its table, by job. Other jobs keep theirs; one that has none has not run yet."""
    found = _TABLE.search(text)
    assert found, f"{PAGE.name} has lost its table: put back `<!-- table: nightly -->` and `<!-- end -->`"
    former = {row[1]: row[0] for row in _ROW.finditer(found[0])}
    never = {job: f"| `{job}` | `{shlex.join(command)}` | never | | | |" for job, command in JOBS.items()}
    lines = [*_HEAD, *(rows.get(job) or former.get(job) or never[job] for job in JOBS)]
    moved = ["| Only at night | What fails in `make test` for the same fault |", "|---|---|"]
    moved += [f"| `{test}` | `{guard}` |" for test, guard in list_moved()]
    text = _TABLE.sub(lambda table: table[1] + "\n".join(lines) + "\n" + table[2], text)
    return _MOVED.sub(lambda table: table[1] + "\n".join(moved) + "\n" + table[2], text)


@cache
def list_moved() -> Sequence[tuple[str, str]]:
    """The tests that are marked `nightly`, as `file: name`, with the file, or its test, that guards what they guard.

    Where the mark is on cases of a test, `some of` is before its name.
    """
    return tuple(
        (f"{path.relative_to(ROOT)}: {name}", guard)
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        for name, guard in dict.fromkeys(_list_guards(function))
    )


def _list_guards(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """What is marked `nightly`, the whole test or some of its cases, with the argument of the mark."""
    for decorator in function.decorator_list:
        for mark in ast.walk(decorator):
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.nightly":
                whole = mark is decorator
                yield function.name if whole else f"some of {function.name}", ast.literal_eval(mark.args[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
