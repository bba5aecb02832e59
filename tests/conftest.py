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
    "gitops",
    "soak",
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
    """Sorts by stage, exclusive tests last; else the random order stays."""
    root = Path(__file__).parent
    items.sort(key=lambda item: (STAGES.index(item.path.relative_to(root).parts[0]), "exclusive" in item.keywords))
