"""The order of the tests: cheap ones first, and never two testbeds at work in one run."""

import os
from pathlib import Path

import pytest

STAGES = (
    "unit",
    "scenarios",
    "contract",
    "docs",
    "properties",
    "api",
    "cli",
    "testbed",
    "images",
    "backup",
    "release",
    "gitops",
    "soak",
    "conformance",
    "charts",
    "chaos",
    "bench",
    "speed",
    "cluster",
    "install",
    "walkthrough",
    "nested",
    "kind",
    "vm",
)

# What a test calls runs as in a user's shell, although `make test` called pytest.
for variable in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
    os.environ.pop(variable, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts by stage, tests without a node first, exclusive tests last; else the random order stays."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> tuple[int, bool, bool]:
    stage = STAGES.index(item.path.relative_to(Path(__file__).parent).parts[0])
    # Where there is no node yet, what a test installs starts no pods.
    needs_node = "host_with_node" in getattr(item, "fixturenames", ())
    return stage, needs_node, "exclusive" in item.keywords
