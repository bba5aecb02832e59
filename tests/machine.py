"""What this machine can do for tests: whether it can have a testbed, and has nothing else to do."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from testbed import preflight
from tests.figures import FILE

# Set to `required` where nested tests must run, as in continuous integration: there, what is missing is a failure.
REQUIRED = "VK8S_NESTED_TESTS"
# In which `make` passes its own state on to what it starts.
_OF_MAKE = frozenset({"ARGS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"})
_LOCK = FILE.with_name("machine.lock")


def build_environment() -> dict[str, str]:
    """What a shell of a user has: nothing of the `make` that may have started the tests."""
    return {name: value for name, value in os.environ.items() if name not in _OF_MAKE}


def require_testbed() -> None:
    """Skips the test on a machine that can't have a testbed; fails it where tests are required."""
    problems = preflight.list_problems()
    if problems and os.environ.get(REQUIRED) != "required":
        pytest.skip(f"no testbed on this machine: {'; '.join(problems)}")
    assert problems == []


@contextmanager
def at_work() -> Iterator[None]:
    """Meanwhile, no other run of tests has the machine for itself."""
    with _lock(fcntl.LOCK_SH):
        yield


@contextmanager
def alone() -> Iterator[None]:
    """Waits until no other run of tests is at work, and keeps others waiting."""
    with _lock(fcntl.LOCK_EX):
        yield


@contextmanager
def _lock(kind: int) -> Iterator[None]:
    _LOCK.parent.mkdir(exist_ok=True)
    with _LOCK.open("w") as file:
        fcntl.flock(file, kind)
        yield
