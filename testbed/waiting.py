"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")
POLL_SECONDS = 0.1


def wait_for(what: str, find: Callable[[], Answer | None], seconds: float, explain: Callable[[], str] = str) -> Answer:
    """The first answer of `find` that is true; after `seconds` a TimeoutError that says what was waited for."""
    end = time.monotonic() + seconds
    while True:
        answer = find()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s for {what}. {explain()}")
        time.sleep(POLL_SECONDS)
