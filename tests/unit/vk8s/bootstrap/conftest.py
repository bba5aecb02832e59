"""A node for the bootstrap files."""

from pathlib import Path

import pytest

from tests.unit.vk8s.bootstrap.bench import Node, build_node


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """A node whose pod has just started."""
    return build_node(tmp_path)
