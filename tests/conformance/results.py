"""The last whole run of each configuration, in a file that docs/conformance.md is written from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from testbed.layout import ROOT
from tests.conformance.outcome import Outcome, Spec, list_asked, list_conformance
from tests.conformance.specs import CONFORMANCE

FILE: Final = ROOT / "tests" / "conformance" / "results.json"
NOT_RUN: Final = "its part did not run"
_DATE: Final = len("2026-11-30")


@dataclass(frozen=True)
class Failure:
    """A spec that failed, with the first lines of what it said. `again`: what came of it when it ran alone."""

    spec: str
    part: str
    lines: Sequence[str]
    again: str


@dataclass(frozen=True)
class Ran:
    """One part: how many specs ran, and how long it took."""

    name: str
    processes: int
    passed: int
    failed: int
    seconds: int


@dataclass(frozen=True)
class Run:
    """One run.

    `specs`: how many there are in Conformance, or in another `choice`; `left_out`: those that did not run, with the
    reason.
    """

    date: str
    commit: str
    control_plane_nodes: int
    versions: Mapping[str, str]
    specs: int
    parts: Sequence[Ran]
    failures: Sequence[Failure]
    left_out: Mapping[str, str]
    choice: str = CONFORMANCE

    @property
    def key(self) -> str:
        """Identifies what ran where."""
        configuration = f"{self.versions['Kubernetes']}, {self.control_plane_nodes}"
        return configuration if self.choice == CONFORMANCE else f"{configuration}, {self.choice}"

    @property
    def passed(self) -> int:
        """Specs that passed, in all parts."""
        return sum(part.passed for part in self.parts)

    @property
    def failed(self) -> int:
        """Specs that failed, in all parts."""
        return sum(part.failed for part in self.parts)


@dataclass(frozen=True)
class Circumstances:
    """Of a run, what no report says."""

    commit: str
    control_plane_nodes: int
    versions: Mapping[str, str]
    # By part.
    processes: Mapping[str, int]
    choice: str = CONFORMANCE


def summarise(circumstances: Circumstances, outcomes: Mapping[str, Outcome], again: Outcome | None) -> Run:
    """A run of these parts, by name; `again` is what came of the specs that had failed, run alone."""
    parts = [
        Ran(name, circumstances.processes[name], len(each.passed), len(each.failed), round(each.seconds))
        for name, each in outcomes.items()
    ]
    states = {spec.name: spec for spec in again.asked} if again else {}
    failures = [
        Failure(spec.name, name, list(spec.lines), _describe_again(states.get(spec.name)))
        for name, each in outcomes.items()
        for spec in each.failed
    ]
    every = outcomes.values()
    names = list_conformance(every) if circumstances.choice == CONFORMANCE else list_asked(every)
    return Run(
        date=min(each.start for each in outcomes.values())[:_DATE],
        commit=circumstances.commit,
        control_plane_nodes=circumstances.control_plane_nodes,
        versions=dict(circumstances.versions),
        specs=len(names),
        parts=parts,
        failures=failures,
        left_out=_explain_left_out(names, outcomes),
        choice=circumstances.choice,
    )


def _describe_again(spec: Spec | None) -> str:
    if spec is None:
        return "not run"
    return "passes" if spec.has_passed else "fails"


def _explain_left_out(names: Sequence[str], outcomes: Mapping[str, Outcome]) -> dict[str, str]:
    """Those of these specs that did not run, with what they said when they skipped themselves."""
    asked = {spec.name: spec for each in outcomes.values() for spec in each.asked}
    return {
        name: " ".join(asked[name].lines) if name in asked else NOT_RUN
        for name in names
        if name not in asked or not (asked[name].has_passed or asked[name].has_failed)
    }


def read(file: Path = FILE) -> dict[str, Run]:
    """The last run of each configuration."""
    runs = json.loads(file.read_text()) if file.exists() else {}
    return {key: _parse_run(run) for key, run in runs.items()}


def record(run: Run, file: Path = FILE) -> None:
    """Stores a run; one of the same configuration is replaced."""
    runs = {**read(file), run.key: run}
    written = {key: asdict(each) for key, each in sorted(runs.items())}
    file.write_text(json.dumps(written, indent=2) + "\n")


def _parse_run(stored: Mapping[str, Any]) -> Run:
    parts = [Ran(**part) for part in stored["parts"]]
    failures = [Failure(**failure) for failure in stored["failures"]]
    return Run(**{**stored, "parts": parts, "failures": failures})
