"""Waiting for what threads do."""

import time
from collections.abc import Callable

# Threads of a busy machine are late. Only a test that fails waits for all of it.
PATIENCE = 60.0


def eventually(is_so: Callable[[], bool]) -> None:
    """Return as soon as it is so; fail after a minute."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.005)
