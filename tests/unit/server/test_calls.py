"""The log line and the numbers of each call."""

import asyncio
import logging

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from hooks.server.calls import CallRecorder
from hooks.server.main import create_app
from hooks.server.metrics import Metrics
from hooks.settings import Settings
from tests.pool_world import PoolWorld
from tests.unit.server.asgi import GONE, Client
from tests.unit.server.test_main import body
from tests.world import CONTEXT, World


def test_client_that_has_gone_is_logged_as_499(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    app = create_app(Settings(), CONTEXT.scripts)
    client = Client(GONE)
    scope = {"type": "http", "path": "/vk8s/sync", "headers": [], "method": "POST"}
    asyncio.run(app(scope, client.receive, client.send))
    assert "vk8s/sync - generation=- phase=- status=499" in caplog.text


def test_each_call_is_one_line_of_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="vk8s.hooks")
    client.post("/vk8s/sync", json=body(World()))
    client.post("/ippool/sync", json=PoolWorld().body())
    lines = [record.getMessage() for record in caplog.records if record.name == "vk8s.hooks"]
    assert lines[0].startswith("vk8s/sync team-a/demo generation=3 phase=Waiting status=200 milliseconds=")
    assert lines[1].startswith("ippool/sync default generation=2 phase=- status=200 milliseconds=")


def test_answer_in_parts_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="vk8s.hooks")

    async def answer_in_parts(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        assert caplog.text == ""
        await send({"type": "http.response.body", "body": b"}"})

    async def receive() -> Message:
        raise AssertionError

    async def send(_message: Message) -> None:
        pass

    asyncio.run(CallRecorder(answer_in_parts, Metrics())({"type": "http", "path": "/vk8s/sync"}, receive, send))
    assert caplog.text.count("status=200") == 1
