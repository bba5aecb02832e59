"""The hooks over HTTP, as Metacontroller and curl see them."""

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from hooks import __main__ as command
from hooks.main import INTERNAL_ERROR, NOT_A_HOOK_CALL, LastResort, create_app, load_scripts
from hooks.settings import Settings
from hooks.vk8s.observed import CHILD_KINDS
from hooks.vk8s.scripts import Scripts
from tests.world import CONTEXT, World, running_world

MARKER = "c2VjcmV0LW1hcmtlcg=="


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), CONTEXT.scripts)) as client:
        yield client


def body(world: World) -> dict[str, object]:
    return world.request().model_dump(by_alias=True, mode="json")


def test_sync_answers_children_and_status(client: TestClient) -> None:
    response = client.post("/vk8s/sync", json=body(World()))
    assert response.status_code == 200
    assert sorted(response.json()) == ["children", "resyncAfterSeconds", "status"]
    assert response.json()["status"]["phase"] == "Waiting"


def test_keys_of_two_new_clusters_differ(client: TestClient) -> None:
    answers = [client.post("/vk8s/sync", json=body(World())).json()["children"] for _ in range(2)]
    pki = [next(child["data"] for child in children if child["kind"] == "Secret") for children in answers]
    assert pki[0]["ca.key"] != pki[1]["ca.key"]


def test_finalize_answers_whether_the_parent_may_go(client: TestClient) -> None:
    assert client.post("/vk8s/finalize", json=body(World())).json()["finalized"] is True
    assert client.post("/vk8s/finalize", json=body(running_world())).json()["finalized"] is False


def test_customize_answers_no_rules(client: TestClient) -> None:
    response = client.post("/vk8s/customize", json={"parent": body(World())["parent"], "controller": {}})
    assert response.json() == {"relatedResources": []}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/openapi.json"])
def test_the_other_pages_answer(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def malformed() -> Iterator[tuple[str, bytes]]:
    good = body(running_world())
    secret = {"apiVersion": "v1", "kind": "Secret", "data": {"ca.key": MARKER}}
    yield "not JSON", f'{{"children": "{MARKER}'.encode()
    yield "not UTF-8", b'{"\xff": "' + MARKER.encode() + b'"}'
    yield "deeply nested", b'{"a":' * 100_000 + MARKER.encode()
    yield "children of the wrong type", json.dumps({**good, "children": MARKER}).encode()
    yield "no parent", json.dumps({"children": {"Secret.v1": {"a": secret}}}).encode()
    yield (
        "a child without metadata",
        json.dumps({**good, "children": {**_groups(), "Secret.v1": {"a": secret}}}).encode(),
    )
    yield "a kind is missing", json.dumps({**good, "children": {"Secret.v1": {"a": secret}}}).encode()
    yield "empty", b""


def _groups() -> dict[str, dict[str, object]]:
    return {kind: {} for kind in CHILD_KINDS}


@pytest.mark.parametrize(
    ("case", "content"), list(malformed()), ids=lambda value: value if isinstance(value, str) else ""
)
@pytest.mark.parametrize("path", ["/vk8s/sync", "/vk8s/finalize", "/vk8s/customize"])
def test_a_malformed_request_is_refused_and_repeated_nowhere(
    client: TestClient, caplog: pytest.LogCaptureFixture, path: str, case: str, content: bytes
) -> None:
    caplog.set_level(logging.DEBUG)
    response = client.post(path, content=content, headers={"Content-Type": "application/json"})
    if path == "/vk8s/customize" and b'"parent"' in content:
        assert response.status_code == 200, case
    else:
        assert response.status_code in (400, 500), case
    assert MARKER not in response.text
    assert MARKER not in caplog.text


def test_the_refusal_is_one_fixed_sentence(client: TestClient) -> None:
    assert client.post("/vk8s/sync", json={}).json() == {"error": NOT_A_HOOK_CALL}


def test_an_exception_answers_500_and_logs_its_place_only(caplog: pytest.LogCaptureFixture) -> None:
    broken = create_app(Settings(), Scripts(None, "digest"))  # type: ignore[arg-type]
    with TestClient(broken) as client:
        response = client.post("/vk8s/sync", json=body(replace(World(), labels={"marker": MARKER})))
    assert (response.status_code, response.json()) == (500, {"error": INTERNAL_ERROR})
    assert "bootstrap_config_map.py" in caplog.text
    assert MARKER not in caplog.text


def test_an_exception_in_the_middle_of_an_answer_adds_nothing_to_it() -> None:
    sent: list[Message] = []

    async def break_off(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(LastResort(break_off)({"type": "http", "path": "/vk8s/sync"}, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start"]


def test_each_call_is_one_line_of_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="vk8s.hooks")
    client.post("/vk8s/sync", json=body(World()))
    line = next(record.getMessage() for record in caplog.records if record.name == "vk8s.hooks")
    assert line.startswith("sync team-a/demo generation=3 phase=Waiting ms=")


def test_the_boot_files_of_this_version_are_loaded() -> None:
    assert "entrypoint.sh" in load_scripts().files


def test_a_wrong_setting_ends_the_process_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VK8S_SETTING_KUBECONFIG_DAYS", "many")
    assert command.main(["serve"]) == 2
    assert capsys.readouterr().err.startswith("The environment variable VK8S_SETTING_KUBECONFIG_DAYS can't be used: ")
