"""Waiting for a condition, never for a time."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")
# Most questions are a process of their own, and several waits go on side by side: asking ten times a second for half a
# minute would take half a processor from what is waited for. A time that is measured so is off by a fortieth at most.
SHORTEST_PAUSE, LONGEST_PAUSE, SHARE = 0.1, 0.5, 1 / 40
# By how much this machine is slower than those for which limits are written: an emulated one is, by an order.
PATIENCE = float(os.environ.get("VK8S_PATIENCE", "1"))


def patient(seconds: float) -> int:
    """The limit that is meant by so many seconds, on this machine."""
    return round(seconds * PATIENCE)


def wait_for(what: str, find: Callable[[], Answer | None], seconds: float, explain: Callable[[], str] = str) -> Answer:
    """The first answer of `find` that is true; after `seconds` a TimeoutError that says what was waited for."""
    limit, start = seconds * PATIENCE, time.monotonic()
    while True:
        answer = find()
        if answer:
            return answer
        elapsed = time.monotonic() - start
        if elapsed > limit:
            raise TimeoutError(f"waited {limit:g} s for {what}. {explain()}")
        time.sleep(compute_pause(elapsed))


def compute_pause(elapsed: float) -> float:
    """How long to pause before the next question, in seconds, after having waited for so long."""
    return min(LONGEST_PAUSE, max(SHORTEST_PAUSE, elapsed * SHARE))
