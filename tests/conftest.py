"""The order of the folders: cheap tests first, and never two testbeds at work at the same time."""

from pathlib import Path

import pytest

STAGES = ("unit", "scenarios", "contract", "properties", "api", "testbed", "speed", "cluster", "nested")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts by stage; within one, the random order stays."""
    root = Path(__file__).parent
    items.sort(key=lambda item: STAGES.index(item.path.relative_to(root).parts[0]))
