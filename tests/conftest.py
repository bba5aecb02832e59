"""The order of the tests: cheap ones first, and never two testbeds at work in one run."""

import os
import sys
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


def pytest_runtest_setup() -> None:
    """Clears the caches of the hooks under mutmut: a test that only hits one would be taken for one that tests nothing.

    mutmut learns in one session which tests call a function, and forks the sessions of mutants from it.
    """
    if "MUTANT_UNDER_TEST" not in os.environ:
        return
    modules = [module for name, module in sys.modules.items() if name.startswith("hooks.")]
    for cached in (value for module in modules for value in vars(module).values() if hasattr(value, "cache_clear")):
        cached.cache_clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts by stage, tests without a node first, exclusive tests last; else the random order stays."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> tuple[int, bool, bool]:
    stage = STAGES.index(item.path.relative_to(Path(__file__).parent).parts[0])
    # Where there is no node yet, what a test installs starts no pods.
    needs_node = "host_with_node" in getattr(item, "fixturenames", ())
    return stage, needs_node, "exclusive" in item.keywords
