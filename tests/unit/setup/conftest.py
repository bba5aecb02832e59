"""An API server in this process, and calls of it."""

from collections.abc import Iterator

import pytest

from hooks.setup.api import Access, Api
from tests.unit.setup.fake_api import TOKEN, FakeApi, serve_api


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with serve_api() as server:
        yield server


@pytest.fixture
def api(server: FakeApi) -> Api:
    return Api(Access(server.url, TOKEN))
