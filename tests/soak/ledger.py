"""What a workload was asked to write, and what it has acknowledged: kept here, where nothing is killed."""

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol


@dataclass(frozen=True)
class Verdict:
    """`lost`: acknowledged, and not there. `strange`: never asked for, or there twice."""

    lost: Sequence[int]
    strange: Sequence[int]


class Record(Protocol):
    """Who wrote what, and when it was acknowledged, as far as it is known by now."""

    name: str

    @property
    def begun(self) -> int:
        """How many writes were tried; of a program elsewhere, how many at most."""

    @property
    def acknowledged(self) -> frozenset[int]:
        """Numbers that must be there."""

    def find_answer(self, since: float) -> float | None:
        """When a write that was begun since then was acknowledged, if one was."""

    def compute_longest_gap(self) -> float:
        """The longest time without an acknowledged write, in seconds."""


class Ledger:
    """Numbered writes, each tried once. Without an answer, one may have been done or not: either is right."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._opened = clock()
        self._begun: list[float] = []
        self._acknowledged: dict[int, float] = {}

    def begin(self) -> int:
        """The number of the next write."""
        with self._lock:
            self._begun.append(self._clock())
            return len(self._begun) - 1

    def acknowledge(self, number: int) -> None:
        """There was an answer: from now on, the number must never be missing."""
        with self._lock:
            self._acknowledged[number] = self._clock()

    @property
    def begun(self) -> int:
        """How many writes were tried."""
        return len(self._begun)

    @property
    def acknowledged(self) -> frozenset[int]:
        """Numbers that must be there."""
        with self._lock:
            return frozenset(self._acknowledged)

    def find_answer(self, since: float) -> float | None:
        """When the first write that was begun since then was acknowledged, if one was."""
        with self._lock:
            later = range(bisect_left(self._begun, since), len(self._begun))
            return next((self._acknowledged[number] for number in later if number in self._acknowledged), None)

    def compute_longest_gap(self) -> float:
        """The longest time without an acknowledged write, in seconds."""
        with self._lock:
            return compute_longest_gap([self._opened, *self._acknowledged.values(), self._clock()])


def compute_longest_gap(times: Iterable[float]) -> float:
    """The longest time between two that follow each other."""
    return max(later - earlier for earlier, later in pairwise(sorted(times)))


def judge(required: frozenset[int], present: Sequence[int], begun: int) -> Verdict:
    """Compares what is there with what was acknowledged before one looked, and with how many were begun after."""
    counts = Counter(present)
    strange = (number for number, count in counts.items() if count > 1 or not 0 <= number < begun)
    return Verdict(sorted(required - counts.keys()), sorted(strange))
