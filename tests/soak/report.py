"""The result of a soak test: a table to read, and the same as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from tests.soak.recoveries import Figure


@dataclass(frozen=True)
class Written:
    """One workload: how many writes were acknowledged, not answered, lost; the longest time without one, in seconds."""

    acknowledged: int
    unanswered: int
    lost: int
    longest_gap: float


@dataclass(frozen=True)
class Report:
    """`kills` and `recoveries` by kind of failure, `workloads` by name; `recovery_times`: in seconds."""

    seed: int
    minutes: float
    kills: Mapping[str, int]
    recoveries: Mapping[str, Figure]
    workloads: Mapping[str, Written]
    recovery_times: Sequence[float]

    def to_json(self) -> dict[str, Any]:
        """All of it, times rounded to a tenth of a second."""
        rounded: dict[str, Any] = _round(asdict(self))
        return rounded

    def __str__(self) -> str:
        kills = [("failure", "times", "recovered", "p50 s", "max s"), *map(self._describe_kind, self.kills)]
        head = ("workload", "acknowledged", "no answer", "lost", "longest s without")
        writes = [head, *(_describe_workload(name, written) for name, written in self.workloads.items())]
        return "\n".join([*_align(kills), "", *_align(writes), "", self._describe_recovery_times()])

    def _describe_recovery_times(self) -> str:
        if not self.recovery_times:
            return "There was no recovery."
        times = f"{median(self.recovery_times):.0f} s (median), {max(self.recovery_times):.0f} s at most"
        return f"{len(self.recovery_times)} recoveries; everything was back after {times}."

    def _describe_kind(self, name: str) -> tuple[str, ...]:
        figure = self.recoveries.get(name)
        if not figure:
            return (name, str(self.kills[name]), "0", "-", "-")
        return (name, str(self.kills[name]), str(figure.count), f"{figure.p50:.1f}", f"{figure.longest:.1f}")


def _describe_workload(name: str, written: Written) -> tuple[str, ...]:
    counts = (written.acknowledged, written.unanswered, written.lost)
    return (name, *map(str, counts), f"{written.longest_gap:.1f}")


def _align(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *rest in rows:
        cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *cells])


def _round(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _round(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_round(each) for each in value]
    return round(value, 1) if isinstance(value, float) else value
