"""What came of the specs of one part, as ginkgo's report in JSON has it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.conformance.specs import CONFORMANCE

_NANOSECONDS: Final = 1e9
# A spec in the language of ginkgo; what else a report has are preparations of the whole suite.
_SPEC: Final = "It"
# How much of a failure a page shows.
_LINES, _COLUMNS = 6, 300
_FAILED: Final = frozenset({"failed", "panicked", "timedout", "interrupted", "aborted"})


@dataclass(frozen=True)
class Spec:
    """One spec. `state` is ginkgo's; `lines` are the first of what it said when it failed, or skipped itself."""

    name: str
    state: str
    seconds: float
    lines: Sequence[str]
    is_conformance: bool

    @property
    def has_passed(self) -> bool:
        """Whether it ran, and all was well."""
        return self.state == "passed"

    @property
    def has_failed(self) -> bool:
        """Whether it ran, or had to run, and something was not well."""
        return self.state in _FAILED

    @property
    def was_asked(self) -> bool:
        """Whether it was chosen: it ran, or looked at the cluster and skipped itself with a reason."""
        return self.has_passed or self.has_failed or bool(self.lines)


@dataclass(frozen=True)
class Outcome:
    """Of one part: all specs that there are, and what failed before or after them. `start`: in UTC."""

    start: str
    seconds: float
    specs: Sequence[Spec]
    problems: Sequence[Spec]

    @property
    def asked(self) -> list[Spec]:
        """The specs that were chosen."""
        return [spec for spec in self.specs if spec.was_asked]

    @property
    def passed(self) -> list[Spec]:
        """Those of them that passed."""
        return [spec for spec in self.specs if spec.has_passed]

    @property
    def failed(self) -> list[Spec]:
        """Those that failed, and what failed around them."""
        return [*(spec for spec in self.specs if spec.has_failed), *self.problems]


def read_outcome(report: Path) -> Outcome:
    """What a report says; of a suite that failed although no spec did, that is a problem, too."""
    (suite,) = json.loads(report.read_text())
    entries = [(entry["LeafNodeType"], _parse_spec(entry)) for entry in suite["SpecReports"] or ()]
    specs = [spec for kind, spec in entries if kind == _SPEC]
    problems = [spec for kind, spec in entries if kind != _SPEC and spec.has_failed]
    reasons = suite.get("SpecialSuiteFailureReasons") or ()
    known = {spec.state for spec in (*specs, *problems)} & _FAILED
    if not suite["SuiteSucceeded"] and not known:
        problems = [Spec("the whole suite", "failed", 0, _cut("\n".join(reasons)), is_conformance=False)]
    return Outcome(suite["StartTime"], suite["RunTime"] / _NANOSECONDS, specs, problems)


def _parse_spec(entry: Mapping[str, Any]) -> Spec:
    texts = [*(entry["ContainerHierarchyTexts"] or ()), entry["LeafNodeText"]]
    labels = {label for labels in entry["ContainerHierarchyLabels"] or () for label in labels or ()}
    message = (entry.get("Failure") or {}).get("Message", "")
    return Spec(
        name=" ".join(text for text in texts if text) or entry["LeafNodeType"],
        state=entry["State"],
        seconds=entry["RunTime"] / _NANOSECONDS,
        lines=_cut(message),
        is_conformance=CONFORMANCE in labels | set(entry["LeafNodeLabels"] or ()),
    )


def _cut(message: str) -> Sequence[str]:
    """The first lines of a message that say something, each as long as a page can show it."""
    lines = [line.rstrip()[:_COLUMNS] for line in message.splitlines() if line.strip()]
    return lines[:_LINES]


def list_conformance(outcomes: Iterable[Outcome]) -> list[str]:
    """The names of all specs of Conformance that there are, whether they ran or not."""
    return sorted({spec.name for outcome in outcomes for spec in outcome.specs if spec.is_conformance})


def list_asked(outcomes: Iterable[Outcome]) -> list[str]:
    """The names of all specs that were chosen in any of them."""
    return sorted({spec.name for outcome in outcomes for spec in outcome.asked})
