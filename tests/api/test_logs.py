"""What the log of a process holds of a call, and what it never does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.server import Server, serve
from tests.pool_world import PoolWorld
from tests.world import running_world

CANARY = "Y2FuYXJ5IG9mIHRoZSBsb2dz"
HEADERS = {"Content-Type": "application/json", "User-Agent": CANARY, "X-Canary": CANARY, "Authorization": CANARY}
NOT_TOLD = {"finalizing", "apiVersion", "kind", "name", "namespace", "uid", "generation", "deletionTimestamp"}


@pytest.fixture(scope="module", params=["text", "json"])
def server(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("hooks") / "log", {"log_format": request.param}) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers=HEADERS) as client:
        yield client


def vk8s_body() -> dict[str, Any]:
    world = running_world()
    secret = {name: {**child, "data": {CANARY: CANARY}} for name, child in world.children["Secret.v1"].items()}
    marked = running_world(labels={"l": CANARY}, annotations={"a": CANARY}, finalizers=(CANARY,))
    body: dict[str, Any] = marked.request().model_dump(by_alias=True, mode="json")
    children = {**body["children"], "Secret.v1": {f"team-a/{name}": child for name, child in secret.items()}}
    extra = {"controller": {CANARY: CANARY}, CANARY: CANARY, "related": {CANARY: {}}}
    return {**body, "children": {**children, f"{CANARY}.v1": {}}, **extra}


def spoil(value: Any) -> Iterator[Any]:
    """The value with a canary in place of each part of it, one after the other."""
    if isinstance(value, dict):
        for key in value:
            if key not in NOT_TOLD:
                yield {**value, key: CANARY}
                yield from ({**value, key: inner} for inner in spoil(value[key]))


def call(client: httpx.Client, path: str, body: Any) -> int:
    response = client.post(f"/{path}?{CANARY}={CANARY}", content=json.dumps(body))
    if response.status_code != httpx.codes.OK:
        assert CANARY not in response.text
    return response.status_code


def test_no_part_of_a_request_is_ever_logged(server: Server, client: httpx.Client) -> None:
    body = vk8s_body()
    pod = body["children"]["Pod.v1"]["team-a/m"]
    failing = {**body, "children": {**body["children"], "Pod.v1": {"team-a/m": {**pod, "status": CANARY}}}}
    shallow = {**body, "children": {kind: {} for kind in body["children"]}}
    secrets: list[Any] = [CANARY, {}]
    wrong = [
        *spoil(shallow),
        *({**body, "children": {**body["children"], "Secret.v1": {"x": v}}} for v in secrets),
    ]
    codes = {call(client, "vk8s/sync", each) for each in [body, failing, *wrong]}
    codes |= {
        call(client, f"ippool/{hook}", each) for hook in ("sync", "finalize") for each in spoil(PoolWorld().body())
    }
    codes |= {call(client, CANARY, body), call(client, f"vk8s/sync/{CANARY}", body)}
    assert codes == {200, 400, 404, 500}
    assert CANARY not in server.log.read_text()


def test_call_is_a_line_with_who_and_what_and_how_long(server: Server, client: httpx.Client) -> None:
    seen = len(server.log.read_text().splitlines())
    call(client, "vk8s/sync", vk8s_body())
    call(client, "vk8s/customize", {})
    call(client, "ippool/sync", PoolWorld().body())
    told = [tell(line) for line in server.log.read_text().splitlines()[seen:]]
    assert told == [
        "vk8s/sync team-a/demo generation=3 phase=Degraded status=200",
        "vk8s/customize - generation=- phase=- status=400",
        "ippool/sync default generation=2 phase=- status=200",
    ]


def tell(line: str) -> str:
    """What the line says, without times; of an object, its fields say the same."""
    if not line.startswith("{"):
        return line.partition(" INFO ")[2].partition(" milliseconds=")[0]
    fields = json.loads(line)
    assert 0 < fields["milliseconds"] < 60_000
    path = "/".join(part for part in (fields["namespace"], fields["name"]) if part) or "-"
    return (
        f"{fields['hook']} {path} generation={fields['generation']} phase={fields['phase']} status={fields['status']}"
    )


def test_every_line_of_a_process_has_the_same_form(tmp_path: Path) -> None:
    with serve(tmp_path / "log", {"log_format": "json"}) as server:
        assert httpx.post(f"{server.url}/vk8s/sync", json={}).status_code == 400
        server.process.terminate()
        assert server.process.wait(timeout=15) == 0
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert {"uvicorn.error", "vk8s.hooks"} <= {line["logger"] for line in lines}
    assert all({"time", "level", "message"} <= line.keys() for line in lines)
