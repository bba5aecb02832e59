"""The hooks against bodies from their own OpenAPI document: some that match it, and some that do not."""

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


def require_kinds(document: Manifest) -> Manifest:
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


DOCUMENT = require_kinds(APP.openapi())
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
def test_every_body_is_answered_or_rejected(client: TestClient, path: str, mode: GenerationMode) -> None:
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


def test_document_describes_what_metacontroller_sends(client: TestClient) -> None:
    vk8s = running_world().request().model_dump(by_alias=True, mode="json")
    for path in HOOKS:
        body = vk8s if path.startswith("/vk8s") else PoolWorld().step().body()
        assert is_hook_request(path, body)
        assert check(client, path, body) == 200


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_framework_serves_no_page_of_its_own(client: TestClient, path: str) -> None:
    """They would load scripts from elsewhere."""
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", HOOKS)
def test_document_lists_every_status_code(path: str) -> None:
    answers = APP.openapi()["paths"][path]["post"]["responses"]
    assert set(answers) == {"200", "400", "401", "408", "413", "500", "503"}
    assert all("error" in str(answers[code]["content"]) for code in answers if code != "200")


def test_kind_of_a_newer_composite_controller_may_be_missing(client: TestClient) -> None:
    body = running_world().request().model_dump(by_alias=True, mode="json")
    children = {kind: group for kind, group in body["children"].items() if kind != NETWORK_POLICY}
    assert check(client, "/vk8s/sync", {**body, "children": children}) == 200
