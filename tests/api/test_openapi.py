"""The hooks against bodies that are made from their own OpenAPI document: such that fit it, and such that do not."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from hooks.kubernetes.manifest import Manifest
from hooks.server.main import create_app
from hooks.settings import Settings
from hooks.vk8s.observed.children import NETWORK_POLICY
from hooks.vk8s.observed.kinds import CHILD_KINDS, REQUIRED_KINDS
from tests.pool_world import PoolWorld
from tests.world import CONTEXT, running_world

APP = create_app(Settings(ip_manager=True), CONTEXT.scripts)
HOOKS = [f"/{parent}/{hook}" for parent in ("vk8s", "ippool") for hook in ("sync", "finalize", "customize")]
# Few of each, as there are many kinds of them; a longer search is a matter of this number.
EXAMPLES = 12


def demand_kinds(document: Manifest) -> Manifest:
    """The document with the kinds of children in each body without which a call is refused before it is looked at."""
    paths = document["paths"]
    demanding = {path: {"post": _demand_kinds(paths[path]["post"])} for path in ("/vk8s/sync", "/vk8s/finalize")}
    return {**document, "paths": {**paths, **demanding}}


def _demand_kinds(route: Manifest) -> Manifest:
    body = route["requestBody"]["content"]["application/json"]["schema"]
    children = {**body["properties"]["children"], "required": list(REQUIRED_KINDS)}
    children["properties"] = dict.fromkeys(CHILD_KINDS, children["additionalProperties"])
    changed = {**body, "properties": {**body["properties"], "children": children}}
    return {**route, "requestBody": {"required": True, "content": {"application/json": {"schema": changed}}}}


DOCUMENT = demand_kinds(APP.openapi())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    # Exceptions are answered by the hooks themselves; what is raised here would be one that they missed.
    with TestClient(APP) as client:
        yield client


def is_hook_request(path: str, body: object) -> bool:
    """Whether the body fits what the document says of the route."""
    schema = DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    whole = {**schema, "components": DOCUMENT["components"]}
    return jsonschema.Draft202012Validator(whole).is_valid(body)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fits", "does not fit"])
@pytest.mark.parametrize("path", HOOKS)
def test_every_body_is_answered_or_refused(client: TestClient, path: str, mode: GenerationMode) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def search(data: st.DataObject) -> None:
        body = data.draw(SCHEMA[path]["POST"].as_strategy(generation_mode=mode)).body
        check(client, path, body)

    search()


def check(client: TestClient, path: str, body: Any) -> int:
    """The status code; no body makes the hooks fail, and none that is no hook request is answered."""
    try:
        content = json.dumps(body)
    except TypeError:
        # A body that is no JSON: bytes, or none at all.
        content, body = body if isinstance(body, bytes) else b"", None  # type: ignore[assignment]
    response = client.post(path, content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in (200, 400), response.text
    assert response.status_code == 400 or is_hook_request(path, body)
    return response.status_code


def test_the_document_describes_what_metacontroller_sends(client: TestClient) -> None:
    vk8s = running_world().request().model_dump(by_alias=True, mode="json")
    for path in HOOKS:
        body = vk8s if path.startswith("/vk8s") else PoolWorld().step().body()
        assert is_hook_request(path, body)
        assert check(client, path, body) == 200


@pytest.mark.parametrize("path", HOOKS)
def test_the_document_lists_the_answers_that_there_are(path: str) -> None:
    answers = APP.openapi()["paths"][path]["post"]["responses"]
    assert set(answers) == {"200", "400", "401", "408", "413", "500", "503"}
    assert all("error" in str(answers[code]["content"]) for code in answers if code != "200")


def test_the_kind_that_an_older_composite_controller_does_not_have_may_be_missing(client: TestClient) -> None:
    body = running_world().request().model_dump(by_alias=True, mode="json")
    children = {kind: group for kind, group in body["children"].items() if kind != NETWORK_POLICY}
    assert check(client, "/vk8s/sync", {**body, "children": children}) == 200


def spoil() -> Iterator[tuple[str, Any]]:
    """What stands where an observed object should, each with one thing wrong."""
    metadata = {"name": "x", "namespace": "team-a", "uid": "u"}
    good = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}
    yield "no object", None
    for key in good:
        yield f"no {key}", {name: value for name, value in good.items() if name != key}
        yield f"{key} is a number", {**good, key: 1}
    for key in metadata:
        yield f"no {key}", {**good, "metadata": {name: value for name, value in metadata.items() if name != key}}
        yield f"{key} is empty", {**good, "metadata": {**metadata, key: ""}}
    for key in ("labels", "annotations"):
        yield f"{key} are null", {**good, "metadata": {**metadata, key: None}}
        yield f"{key} are a list", {**good, "metadata": {**metadata, key: []}}
        yield f"{key} are a text", {**good, "metadata": {**metadata, key: "x"}}
        yield f"{key} with a number", {**good, "metadata": {**metadata, key: {"a": 1}}}


@pytest.mark.parametrize("part", ["children", "related"])
@pytest.mark.parametrize("hook", ["sync", "finalize"])
@pytest.mark.parametrize(("case", "wrong"), list(spoil()), ids=lambda value: value if isinstance(value, str) else "")
def test_an_object_that_does_not_say_what_it_is_refuses_the_call(
    client: TestClient, case: str, wrong: Any, hook: str, part: str
) -> None:
    body = running_world().request().model_dump(by_alias=True, mode="json")
    code = check(client, f"/vk8s/{hook}", {**body, part: {**body[part], "Pod.v1": {"team-a/x": wrong}}})
    # Related objects need no namespace.
    assert code == (200 if (part, case) in {("related", "no namespace"), ("related", "namespace is empty")} else 400)
