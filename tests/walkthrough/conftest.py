"""A newcomer with a clone of the project, whose `make up` and all that follows is a testbed of these tests."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.layout import PAGE_TESTS, ROOT, VARIABLE
from tests.machine import at_work, build_environment, require_testbed
from tests.walkthrough.terminal import Terminal, open_terminal

ENVIRONMENT = {**build_environment(), VARIABLE: PAGE_TESTS.name}


@pytest.fixture(scope="package")
def testbed() -> Iterator[None]:
    """No testbed at first, and none is left."""
    require_testbed()
    with at_work():
        make("down")
        try:
            yield
        finally:
            make("down")


@pytest.fixture
def terminal(testbed: None, tmp_path: Path) -> Iterator[Terminal]:  # noqa: ARG001 the shell is nothing without it
    """A shell in the clone; whatever another page has left."""
    with open_terminal(ROOT, ENVIRONMENT, tmp_path) as terminal:
        yield terminal


@pytest.fixture
def up(terminal: Terminal) -> Terminal:
    """The same after `make up`, led to the host cluster: where the tutorial's first section ends."""
    terminal.type('make up\neval "$(make -s env)"')
    return terminal


def make(target: str) -> None:
    subprocess.run(["make", target], cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True)
