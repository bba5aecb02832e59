"""Controllers that are stopped at the end of a test."""

import logging
from collections.abc import Iterator

import pytest

from testbed.metacontroller.controller import Pace
from testbed.metacontroller.controllers import Composite
from testbed.metacontroller.webhook import Hooks
from tests.testbed.bench import build_demo_composite
from tests.testbed.running import ANSWER, Build, Running


@pytest.fixture
def build(caplog: pytest.LogCaptureFixture) -> Iterator[Build]:
    caplog.set_level(logging.INFO)
    built: list[Running] = []

    def build_one(
        hooks: Hooks = lambda *_: ANSWER, composite: Composite | None = None, pace: Pace | None = None
    ) -> Running:
        built.append(Running(hooks, composite or build_demo_composite(), pace or Pace()))
        return built[-1]

    yield build_one
    for one in built:
        one.controller.stop()
        one.informers.stop()


@pytest.fixture
def start(build: Build) -> Build:
    def start_one(*arguments: object) -> Running:
        running = build(*arguments)
        running.controller.start()
        return running

    return start_one
