"""What a call gets that is not answered: fixed sentences, and 500 with no content of an exception."""

import asyncio
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from hooks.server.main import create_app
from hooks.server.refusals import (
    INTERNAL_ERROR,
    CatchAll,
)
from hooks.settings import Settings
from hooks.vk8s.scripts import Scripts
from tests.unit.server.test_main import body
from tests.unit.server.test_reading import MARKER
from tests.world import World


def test_exception_gets_500_and_only_its_place_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    broken = create_app(Settings(), Scripts(None, "digest"))  # type: ignore[arg-type]
    with TestClient(broken) as client:
        response = client.post("/vk8s/sync", json=body(replace(World(), labels={"marker": MARKER})))
    assert (response.status_code, response.json()) == (500, {"error": INTERNAL_ERROR})
    assert "scripts.py" in caplog.text
    assert MARKER not in caplog.text


def test_exception_in_the_middle_of_an_answer_adds_nothing() -> None:
    sent: list[Message] = []

    async def break_off(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(CatchAll(break_off)({"type": "http", "path": "/vk8s/sync"}, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start"]
