"""Waiting for what threads do."""

import time
from collections.abc import Callable

_SECONDS = 5.0


def eventually(is_so: Callable[[], bool]) -> None:
    """Return as soon as it is so; fail after five seconds."""
    deadline = time.monotonic() + _SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.005)
