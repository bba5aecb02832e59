"""The hooks over HTTP, in this process."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from hooks.server.main import create_app
from hooks.settings import Settings
from tests.world import CONTEXT


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), CONTEXT.scripts)) as client:
        yield client
