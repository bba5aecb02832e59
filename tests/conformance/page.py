"""The tables of docs/conformance.md, from the file of results. What is said around them is written by hand."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from testbed.layout import ROOT
from tests.conformance.results import NOT_RUN, Failure, Ran, Run
from tests.conformance.specs import CONFORMANCE

FILE: Final = ROOT / "docs" / "conformance.md"
_BLOCK: Final = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
NO_RUN: Final = "No run is recorded."
_PARTS: Final = {"parallel": "side by side", "serial": "one after the other (`[Serial]`)"}


def write(runs: Mapping[str, Run]) -> None:
    """Writes the tables into the page."""
    FILE.write_text(fill(FILE.read_text(), runs))


def fill(text: str, runs: Mapping[str, Run]) -> str:
    """The page with the tables of these runs."""
    every = list(runs.values())
    tables = {name: "\n".join(build(every)) if every else NO_RUN for name, build in _TABLES.items()}
    return _BLOCK.sub(lambda block: f"{block[1]}{tables[block[2]]}\n{block[3]}", text)


def describe(run: Run) -> str:
    """What a terminal shows of a run."""
    failures = [
        line for each in run.failures for line in (f"failed: {each.spec}", *(f"  {said}" for said in each.lines))
    ]
    parts = [f"{part.name}: {part.passed} passed, {part.failed} failed, {_format(part)}" for part in run.parts]
    return "\n".join([*failures, *parts])


def _build_runs(runs: Iterable[Run]) -> list[str]:
    shown = list(runs)
    others = dict.fromkeys(name for run in shown for name in run.versions if name != "Kubernetes")
    versions = [f"| {_name(run)} | {' | '.join(run.versions.get(name, '') for name in others)} |" for run in shown]
    head = ["| run | date | commit | specs | passed | failed |", "|---|---|---|--:|--:|--:|"]
    rows = [
        f"| {_name(run)} | {run.date} | `{run.commit}` | {run.specs} | {run.passed} | {run.failed} |" for run in shown
    ]
    return [*head, *rows, "", f"| run | {' | '.join(others)} |", "|---" * (len(others) + 1) + "|", *versions]


def _build_parts(runs: Iterable[Run]) -> list[str]:
    head = ["| run | specs | processes | passed | failed | time |", "|---|---|--:|--:|--:|--:|"]
    return head + [
        f"| {_name(run)} | {_PARTS[part.name]} | {part.processes} | {part.passed} | {part.failed} | {_format(part)} |"
        for run in runs
        for part in run.parts
    ]


def _format(part: Ran) -> str:
    minutes, seconds = divmod(part.seconds, 60)
    return f"{minutes} min {seconds} s"


def _name(run: Run) -> str:
    nodes = "node" if run.control_plane_nodes == 1 else "nodes"
    what = "" if run.choice == CONFORMANCE else f", {run.choice}"
    return f"{run.versions['Kubernetes']}, {run.control_plane_nodes} control-plane {nodes}{what}"


def _build_failures(runs: Iterable[Run]) -> list[str]:
    lines = [line for run in runs for each in run.failures for line in _describe_failure(run, each)]
    return lines or ["No spec failed."]


def _describe_failure(run: Run, failure: Failure) -> list[str]:
    """A list item: what failed, then what it said, and whether it is the load that makes the difference."""
    said = [f"  {line}" for line in failure.lines]
    what = f"- {_name(run)}, {failure.part}: `{failure.spec}`. Run alone: {failure.again}."
    return [what, "", "  ```", *said, "  ```", ""]


def _build_left_out(runs: Iterable[Run]) -> list[str]:
    rows = [row for run in runs for row in _list_left_out(run)]
    return ["| run | spec | why |", "|---|---|---|", *rows] if rows else ["None: every spec has run."]


def _list_left_out(run: Run) -> list[str]:
    """Each with its reason; those of a part that did not run only as a number."""
    counts = Counter(run.left_out.values())
    rows = [f"| {_name(run)} | `{name}` | {why} |" for name, why in run.left_out.items() if why != NOT_RUN]
    return [*rows, *([f"| {_name(run)} | {counts[NOT_RUN]} of them | {NOT_RUN} |"] if counts[NOT_RUN] else [])]


_TABLES: Final[Mapping[str, Callable[[Iterable[Run]], list[str]]]] = {
    "runs": _build_runs,
    "parts": _build_parts,
    "failures": _build_failures,
    "left_out": _build_left_out,
}
