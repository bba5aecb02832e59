"""Whether this machine can have a testbed; tests that need one are skipped, or fail, where it can't."""

import os

import pytest

from testbed import preflight

# Set to `required` where nested tests must run, as in continuous integration: there, what is missing is a failure.
REQUIRED = "VK8S_NESTED_TESTS"


def require_testbed() -> None:
    """Skips the test where this machine lacks what a testbed needs; fails it where that must not be."""
    obstacles = preflight.find_obstacles()
    if obstacles and os.environ.get(REQUIRED) != "required":
        pytest.skip(f"no testbed on this machine: {'; '.join(obstacles)}")
    assert obstacles == []
