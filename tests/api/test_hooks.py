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
from hooks.calls import Recorder
from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S
from hooks.main import create_app, load_scripts
from hooks.metrics import Metrics
from hooks.refusals import INTERNAL_ERROR, NOT_A_HOOK_CALL, LastResort
from hooks.settings import Settings
from hooks.vk8s.observed import CHILD_KINDS
from hooks.vk8s.scripts import Scripts
from tests.pool_world import PoolWorld, allocation_manifest, pool_manifest
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


def test_a_pool_is_answered_its_allocations_and_a_status(client: TestClient) -> None:
    response = client.post("/ippool/sync", json=PoolWorld().body())
    assert response.status_code == 200
    assert sorted(response.json()) == ["children", "resyncAfterSeconds", "status"]
    assert [child["kind"] for child in response.json()["children"]] == ["IPAllocation"] * 2


def test_a_pool_that_nobody_uses_may_go(client: TestClient) -> None:
    going = PoolWorld(pool=pool_manifest(deletionTimestamp="2026-01-02T03:04:05Z"))
    used = going.with_own(allocation_manifest("10.0.0.1", "m"))
    answers = [client.post("/ippool/finalize", json=world.body()).json()["finalized"] for world in (used, going)]
    assert answers == [False, True]


def test_a_pool_asks_for_all_vk8s_all_pools_and_the_allocations_of_others(client: TestClient) -> None:
    response = client.post("/ippool/customize", json={"parent": PoolWorld().pool, "controller": {}})
    assert [rule["resource"] for rule in response.json()["relatedResources"]] == ["vk8s", "ippools", "ipallocations"]


@pytest.mark.parametrize(
    ("group", "name"),
    [("children", ALLOCATION), ("related", VK8S), ("related", POOL), ("related", ALLOCATION), ("related", None)],
)
@pytest.mark.parametrize("path", ["/ippool/sync", "/ippool/finalize"])
def test_a_call_in_which_something_is_missing_takes_nothing_away(
    client: TestClient, path: str, group: str, name: str | None
) -> None:
    body = PoolWorld().step().body()
    rest = {key: value for key, value in body[group].items() if name not in (None, key)}
    response = client.post(path, json={**body, group: rest} if name else {"parent": body["parent"]})
    assert (response.status_code, response.json()) == (400, {"error": NOT_A_HOOK_CALL})


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
@pytest.mark.parametrize(
    "path", [f"/{parent}/{hook}" for parent in ("vk8s", "ippool") for hook in ("sync", "finalize", "customize")]
)
def test_a_malformed_request_is_refused_and_repeated_nowhere(
    client: TestClient, caplog: pytest.LogCaptureFixture, path: str, case: str, content: bytes
) -> None:
    caplog.set_level(logging.DEBUG)
    response = client.post(path, content=content, headers={"Content-Type": "application/json"})
    if path.endswith("/customize") and b'"parent"' in content:
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
    client.post("/ippool/sync", json=PoolWorld().body())
    lines = [record.getMessage() for record in caplog.records if record.name == "vk8s.hooks"]
    assert lines[0].startswith("vk8s/sync team-a/demo generation=3 phase=Waiting status=200 milliseconds=")
    assert lines[1].startswith("ippool/sync default generation=2 phase=- status=200 milliseconds=")


def test_the_boot_files_of_this_version_are_loaded() -> None:
    assert "entrypoint.sh" in load_scripts().files


def test_a_wrong_setting_ends_the_process_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VK8S_SETTING_KUBECONFIG_DAYS", "many")
    assert command.main(["serve"]) == 2
    assert capsys.readouterr().err.startswith("The environment variable VK8S_SETTING_KUBECONFIG_DAYS can't be used: ")


def test_an_answer_in_parts_is_told_of_once_and_whole(caplog: pytest.LogCaptureFixture) -> None:
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

    asyncio.run(Recorder(answer_in_parts, Metrics())({"type": "http", "path": "/vk8s/sync"}, receive, send))
    assert caplog.text.count("status=200") == 1


def test_a_call_without_a_kind_of_children_is_refused_in_a_sentence_that_names_it(client: TestClient) -> None:
    whole = body(running_world())
    children = {kind: group for kind, group in _groups().items() if kind != "Pod.v1"}
    response = client.post("/vk8s/sync", json={**whole, "children": children})
    assert response.status_code == 400
    assert response.json()["error"].startswith("The request has no children of kind Pod.v1.")
