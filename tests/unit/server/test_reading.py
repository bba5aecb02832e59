"""How bodies of calls are read: in little memory, and with which errors."""

import json
import logging
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hooks.ippool.pools import POOL
from hooks.kubernetes.manifest import Manifest
from hooks.server.reading import read_whole
from hooks.server.refusals import (
    NOT_JSON,
    WRONG_CONTENT_TYPE,
)
from hooks.wire import HookRequest
from tests.unit.server.test_main import PATHS, _groups, body, wrong_field
from tests.world import IDENTITY, UID, World, running_world

KEYS = 2000


def build_config_map(name: str) -> Manifest:
    """What anybody who may write ConfigMaps can have sent along with each call for a Vk8s of the namespace."""
    keys = [f"k{number}" for number in range(KEYS)]
    fields: Manifest = {"f:data": {".": {}, **{f"f:{key}": {} for key in keys}}}
    metadata = {
        "name": name,
        "namespace": "team-a",
        "uid": name,
        "labels": {"controller-uid": UID},
        "managedFields": [{"manager": "kubectl", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields}],
    }
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict.fromkeys(keys, "")}


def test_body_takes_at_most_four_times_its_size_in_memory() -> None:
    whole = World().request().model_dump(by_alias=True, mode="json")
    config_maps = {f"team-a/{name}": build_config_map(name) for name in map(str, range(20))}
    body = json.dumps({**whole, "children": {**whole["children"], "ConfigMap.v1": config_maps}}).encode()
    tracemalloc.start()
    read_whole(HookRequest, body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(body)


def test_managed_fields_are_left_out_and_nothing_else() -> None:
    found = {"name": "x", "namespace": "team-a", "uid": "u", "resourceVersion": "7"}
    data = {"metadata": "a text", "managedFields": "another"}
    child = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": found, "data": data}
    sent = {**child, "metadata": {**found, "managedFields": [{"manager": "kubectl"}]}}
    whole = {**body(World()), "children": {**_groups(), "ConfigMap.v1": {"team-a/x": sent}}}
    assert read_whole(HookRequest, json.dumps(whole).encode()).children["ConfigMap.v1"] == {"team-a/x": child}


MARKER = "c2VjcmV0LW1hcmtlcg=="


JSON = {"Content-Type": "application/json"}


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


@pytest.mark.parametrize(
    ("case", "content"), list(malformed()), ids=lambda value: value if isinstance(value, str) else ""
)
@pytest.mark.parametrize("path", PATHS)
def test_malformed_request_is_rejected_and_repeated_nowhere(
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


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'"\xff"',
        b"[" * 100_000,
        b'{"parent":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"parent":' + b"9" * 10_000 + b"}",
        b"\xef\xbb\xbf{}",
    ],
    ids=["empty", "broken", "not UTF-8", "deep", "deep and whole", "endless number", "byte order mark"],
)
@pytest.mark.parametrize("path", PATHS)
def test_body_that_is_not_json_is_rejected(client: TestClient, path: str, content: bytes) -> None:
    response = client.post(path, content=content, headers={"Content-Type": "application/json; charset=utf-8"})
    assert (response.status_code, response.json()) == (400, {"error": NOT_JSON})


def test_numbers_that_json_does_not_have_are_rejected(client: TestClient) -> None:
    answers = [client.post(path, content=b'{"parent": NaN}', headers=JSON) for path in PATHS]
    assert [answer.status_code for answer in answers] == [400] * len(PATHS)
    assert answers[0].json() == {"error": NOT_JSON}


@pytest.mark.parametrize("header", [{}, {"Content-Type": "text/plain"}, {"Content-Type": ""}], ids=str)
@pytest.mark.parametrize("path", PATHS)
def test_another_content_type_is_rejected(client: TestClient, path: str, header: dict[str, str]) -> None:
    response = client.post(path, content=json.dumps(body(World())), headers=header)
    assert (response.status_code, response.json()) == (400, {"error": WRONG_CONTENT_TYPE})


@pytest.mark.parametrize(
    ("part", "content", "path"),
    [
        ("parent", None, "parent"),
        ("parent", {"spec": 1}, "parent.metadata"),
        ("parent", {"metadata": {"name": "demo", "namespace": "a"}}, "parent.metadata.uid"),
        ("parent", {"metadata": {"name": "d", "namespace": "a", "uid": "u", "labels": {MARKER: 1}}},
         "parent.metadata.labels[*]"),
        ("children", [], "children"),
        ("children", {MARKER: 1}, "children[*]"),
        ("children", {"Pod.v1": {MARKER: MARKER}}, 'children["Pod.v1"][*]'),
        ("children", {"Pod.v1": {MARKER: {}}}, 'children["Pod.v1"][*].metadata'),
        ("children", {"Pod.v1": {MARKER: {"metadata": {"name": "x"}}}}, 'children["Pod.v1"][*].metadata.namespace'),
        ("related", {"Pod.v1": {MARKER: {"metadata": {"name": "x", "uid": "u", "finalizers": [MARKER, 1]}}}},
         'related["Pod.v1"][*].metadata.finalizers[*]'),
        ("related", {POOL: {MARKER: {"metadata": {"name": "x", "uid": "u"}}}}, f'related["{POOL}"][*].apiVersion'),
        ("finalizing", MARKER, "finalizing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_field_that_is_wrong_is_named_by_names_of_ours(client: TestClient, part: str, content: Any, path: str) -> None:
    whole = body(World())
    wrong = {**IDENTITY, **content} if part == "parent" and content else content
    response = client.post("/vk8s/sync", json={**whole, part: wrong})
    assert (response.status_code, response.json()) == (400, {"error": wrong_field(path)})


def test_body_that_is_no_object_has_no_field_to_name(client: TestClient) -> None:
    for path in PATHS:
        assert client.post(path, json=[]).json() == {"error": wrong_field("its content")}
