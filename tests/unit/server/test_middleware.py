"""The middleware of the hooks: who is let in, with how large a body, and how fast."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from hooks.server.main import create_app
from hooks.server.middleware import AuthMiddleware, Limits, Requirements
from hooks.server.refusals import NO_ROOM, NO_TOKEN, TOO_LARGE, TOO_SLOW
from hooks.settings import Settings
from tests.api.material import OTHER_TOKEN, TOKEN
from tests.unit.server.asgi import GONE, Client, part
from tests.world import CONTEXT, World

MIB = 1024 * 1024
HOOKS = [f"/{parent}/{hook}" for parent in ("vk8s", "ippool") for hook in ("sync", "finalize", "customize")]
BODY = World().request().model_dump(by_alias=True, mode="json")


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    path = tmp_path / "tokens"
    path.write_text(f"{TOKEN}\n")
    return path


@pytest.fixture
def client(tokens: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(token_file=tokens, max_body_mib=1), CONTEXT.scripts)) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_caller_with_the_token_is_answered(client: TestClient) -> None:
    assert client.post("/vk8s/sync", json=BODY, headers=bearer(TOKEN)).status_code == 200


@pytest.mark.parametrize("headers", [{}, bearer(OTHER_TOKEN), {"Authorization": f"Basic {TOKEN}"}], ids=str)
@pytest.mark.parametrize("path", [*HOOKS, "/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect", "/nowhere"])
def test_caller_without_token_gets_401_and_a_way_to_get_one(
    client: TestClient, path: str, headers: dict[str, str]
) -> None:
    response = client.request("POST" if path in HOOKS else "GET", path, headers=headers)
    assert (response.status_code, response.json()) == (401, {"error": NO_TOKEN})
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Connection"] == "close"


def test_two_tokens_in_one_call_are_rejected(client: TestClient) -> None:
    headers = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {OTHER_TOKEN}")]
    assert client.post("/vk8s/sync", json=BODY, headers=headers).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_kubelet_and_prometheus_need_no_token(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.get(f"{path}/").status_code == 401


def test_token_is_renewed_in_three_steps_without_a_restart(client: TestClient, tokens: Path) -> None:
    seen = []
    for content in (TOKEN, f"{TOKEN}\n{OTHER_TOKEN}", OTHER_TOKEN):
        tokens.write_text(content)
        codes = [
            client.post("/vk8s/sync", json=BODY, headers=bearer(token)).status_code for token in (TOKEN, OTHER_TOKEN)
        ]
        seen.append(codes)
    assert seen == [[200, 401], [200, 200], [401, 200]]


def test_unusable_tokens_leave_the_previous_ones_in_use(
    client: TestClient, tokens: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for content in ("", f"{OTHER_TOKEN}\nshort"):
        tokens.write_text(content)
        assert client.post("/vk8s/sync", json=BODY, headers=bearer(TOKEN)).status_code == 200
        assert client.post("/vk8s/sync", json=BODY, headers=bearer(OTHER_TOKEN)).status_code == 401
    assert caplog.text.count("What was read before stays in use.") == 2
    assert TOKEN not in caplog.text
    assert OTHER_TOKEN not in caplog.text


def test_body_that_is_too_large_is_rejected(client: TestClient) -> None:
    response = client.post("/vk8s/sync", content=b"x" * (MIB + 1), headers=bearer(TOKEN))
    assert (response.status_code, response.json()) == (413, {"error": TOO_LARGE})


def test_body_of_the_largest_size_is_read(client: TestClient) -> None:
    assert client.post("/vk8s/sync", content=b"x" * MIB, headers=bearer(TOKEN)).status_code == 400


RULES = Requirements(tokens=None, limits=Limits(body=10, pool_body=20, bodies=25), seconds=60)


def test_body_in_parts_is_passed_on_as_a_whole() -> None:
    assert Client(part(b"12345"), part(b"67890", more=False), GONE).call(RULES) == [
        part(b"1234567890", more=False),
        GONE,
    ]


def test_body_that_grows_too_large_is_read_no_further() -> None:
    client = Client(part(b"12345"), part(b"67890"), part(b"1"), part(b"never"))
    assert client.call(RULES) == []
    assert client.sent[0]["status"] == 413
    assert len(client.parts) == 1


def test_content_length_that_is_too_large_is_rejected_unread() -> None:
    client = Client(part(b"never"), headers={"content-length": "11"})
    assert client.call(RULES) == []
    assert (client.sent[0]["status"], len(client.parts)) == (413, 1)


def test_body_about_a_pool_may_be_larger() -> None:
    whole = part(b"x" * 20, more=False)
    assert Client(whole, GONE).call(RULES, "/ippool/sync") == [whole, GONE]
    client = Client(part(b"x" * 21, more=False))
    assert client.call(RULES, "/ippool/sync") == []
    assert client.sent[0]["status"] == 413


class Crowd:
    """Calls that come in at the same time; none that is passed on ends before the test says so."""

    def __init__(self) -> None:
        self.door = AuthMiddleware(self.wait, RULES)
        self.end = asyncio.Event()

    async def wait(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """The application."""
        await receive()
        await self.end.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def call(self, *parts: Message, length: str = "0") -> int:
        """The status of the answer."""
        client = Client(*parts, headers={"content-length": length})
        await self.door({"type": "http", "path": "/vk8s/sync", "headers": client.headers}, client.receive, client.send)
        assert client.sent[0]["status"] == 200 or NO_ROOM.encode() in client.sent[1]["body"]
        status: int = client.sent[0]["status"]
        return status


def test_body_without_room_gets_503() -> None:
    async def run() -> list[int]:
        crowd = Crowd()
        running = [asyncio.create_task(crowd.call(part(b"x" * 10, more=False))) for _ in range(2)]
        await asyncio.sleep(0)
        # By its length before it is read; or as it grows. Smaller ones still fit.
        refused = [await crowd.call(length="6"), await crowd.call(part(b"x" * 4), part(b"xx"))]
        running.append(asyncio.create_task(crowd.call(part(b"x" * 5, more=False))))
        await asyncio.sleep(0)
        crowd.end.set()
        answered = [await call for call in running]
        return [*refused, *answered, await crowd.call(part(b"x" * 10, more=False)), crowd.door.room.taken]

    assert asyncio.run(run()) == [503, 503, 200, 200, 200, 200, 0]


def test_body_is_not_read_without_a_token(tokens: Path) -> None:
    app = create_app(Settings(token_file=tokens), CONTEXT.scripts)
    client = Client(part(b"never"))
    scope = {"type": "http", "path": "/vk8s/sync", "headers": [], "method": "POST"}
    asyncio.run(app(scope, client.receive, client.send))
    assert (client.sent[0]["status"], len(client.parts)) == (401, 1)


def test_body_that_does_not_end_gets_408() -> None:
    client = Client(part(b"12345"), None)
    assert client.call(replace(RULES, seconds=0.01)) == []
    assert client.sent[0]["status"] == 408
    assert TOO_SLOW.encode() in client.sent[1]["body"]


def test_client_that_has_gone_is_not_answered() -> None:
    client = Client(part(b"12345"), GONE)
    assert client.call(RULES) == []
    assert client.sent == []
