"""How long it takes until everything that a fault hit is back, and the whole workload goes on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.soak.faults import Fault, Victims
from tests.soak.ledger import Record


@dataclass(frozen=True)
class Figure:
    """Of one kind of failure, in seconds; `count` is how many were recovered from."""

    count: int
    p50: float
    longest: float


@dataclass
class _Hit:
    fault: Fault
    victims: Victims
    at: float
    back_at: float | None = None
    well_at: float | None = None


class Recoveries:
    """Faults that hit something. The time of one includes that of later ones before its recovery."""

    def __init__(self, ledgers: Sequence[Record]) -> None:
        self._ledgers = ledgers
        self._hits: list[_Hit] = []

    def note(self, fault: Fault, victims: Victims, at: float) -> None:
        """The fault has hit these victims: processes, mostly."""
        self._hits.append(_Hit(fault, victims, at))

    def look(self, find: Callable[[Fault], Victims], now: float) -> None:
        """Notes which victims have successors by now, and after which of these every workload has answered."""
        # A copy, as faults are recorded meanwhile.
        for hit in list(self._hits):
            if hit.back_at is None:
                found = find(hit.fault)
                hit.back_at = now if found and not found & hit.victims else None
            if hit.back_at is not None and hit.well_at is None:
                hit.well_at = _find_last_answer(self._ledgers, hit.back_at)

    def count(self) -> dict[str, int]:
        """How many have hit, by kind."""
        names = [hit.fault.kind.name for hit in self._hits]
        return {name: names.count(name) for name in dict.fromkeys(names)}

    def summarise(self) -> dict[str, Figure]:
        """From the fault until everything worked again, by kind."""
        times: dict[str, list[float]] = {}
        for hit in self._hits:
            if hit.well_at is not None:
                times.setdefault(hit.fault.kind.name, []).append(hit.well_at - hit.at)
        return {name: Figure(len(each), median(each), max(each)) for name, each in times.items()}


def _find_last_answer(ledgers: Iterable[Record], since: float) -> float | None:
    answers = [ledger.find_answer(since) for ledger in ledgers]
    known = [answer for answer in answers if answer is not None]
    return max(known) if len(known) == len(answers) else None
