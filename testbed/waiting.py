"""Waiting for a condition, never for a time."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")
POLL_SECONDS = 0.1
# By how much this machine is slower than those for which limits are written: an emulated one is, by an order.
PATIENCE = float(os.environ.get("VK8S_PATIENCE", "1"))


def patient(seconds: float) -> int:
    """The limit that is meant by so many seconds, on this machine."""
    return round(seconds * PATIENCE)


def wait_for(what: str, find: Callable[[], Answer | None], seconds: float, explain: Callable[[], str] = str) -> Answer:
    """The first answer of `find` that is true; after `seconds` a TimeoutError that says what was waited for."""
    limit = seconds * PATIENCE
    end = time.monotonic() + limit
    while True:
        answer = find()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"waited {limit:g} s for {what}. {explain()}")
        time.sleep(POLL_SECONDS)
