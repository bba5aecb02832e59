"""The hooks over HTTP, as Metacontroller and curl see them."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S
from hooks.server.main import load_scripts
from hooks.server.refusals import (
    NOT_FOUND,
    WRONG_METHOD,
    WRONG_PARENT,
)
from hooks.vk8s.observed.kinds import CHILD_KINDS
from tests.pool_world import PoolWorld, allocation_manifest, pool_manifest
from tests.world import World, running_world

PATHS = [f"/{parent}/{hook}" for parent in ("vk8s", "ippool") for hook in ("sync", "finalize", "customize")]


def body(world: World, **metadata: str) -> dict[str, Any]:
    return world.request(**metadata).model_dump(by_alias=True, mode="json")


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
    bodies = [body(world, deletionTimestamp="2026-01-02T03:04:05Z") for world in (World(), running_world())]
    answers = [client.post("/vk8s/finalize", json=each).json()["finalized"] for each in bodies]
    assert answers == [True, False]


def test_customize_answers_no_rules(client: TestClient) -> None:
    response = client.post("/vk8s/customize", json={"parent": body(World())["parent"], "controller": {}})
    assert response.json() == {"relatedResources": []}


def test_pool_is_answered_its_allocations_and_a_status(client: TestClient) -> None:
    response = client.post("/ippool/sync", json=PoolWorld().body())
    assert response.status_code == 200
    assert sorted(response.json()) == ["children", "resyncAfterSeconds", "status"]
    assert [child["kind"] for child in response.json()["children"]] == ["IPAllocation"] * 2


def test_pool_that_nobody_uses_may_go(client: TestClient) -> None:
    going = PoolWorld(pool=pool_manifest(deletionTimestamp="2026-01-02T03:04:05Z"))
    used = going.with_own(allocation_manifest("10.0.0.1", "m"))
    answers = [client.post("/ippool/finalize", json=world.body()).json()["finalized"] for world in (used, going)]
    assert answers == [False, True]


def test_pool_asks_for_all_vk8s_all_pools_and_the_allocations_of_others(client: TestClient) -> None:
    response = client.post("/ippool/customize", json={"parent": PoolWorld().pool, "controller": {}})
    assert [rule["resource"] for rule in response.json()["relatedResources"]] == ["vk8s", "ippools", "ipallocations"]


@pytest.mark.parametrize(
    ("group", "name"),
    [("children", ALLOCATION), ("related", VK8S), ("related", POOL), ("related", ALLOCATION), ("related", None)],
)
@pytest.mark.parametrize("path", ["/ippool/sync", "/ippool/finalize"])
def test_call_in_which_something_is_missing_takes_nothing_away(
    client: TestClient, path: str, group: str, name: str | None
) -> None:
    body = PoolWorld().step().body()
    rest = {key: value for key, value in body[group].items() if name not in (None, key)}
    response = client.post(path, json={**body, group: rest} if name else {"parent": body["parent"]})
    where = f'{group}["{name}"]' if name else "children"
    assert (response.status_code, response.json()) == (400, {"error": wrong_field(where)})


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.json"])
def test_other_pages_answer(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200
    assert client.head(path).text == ""


@pytest.mark.parametrize(
    ("method", "path", "code", "sentence"),
    [
        ("GET", "/vk8s/sync", 405, WRONG_METHOD),
        ("POST", "/healthz", 405, WRONG_METHOD),
        ("POST", "/vk8s/sync/", 404, NOT_FOUND),
        ("GET", "/healthz/", 404, NOT_FOUND),
        ("GET", "/", 404, NOT_FOUND),
        # They load scripts from other sites.
        ("GET", "/docs", 404, NOT_FOUND),
        ("GET", "/redoc", 404, NOT_FOUND),
    ],
)
def test_unknown_path_and_wrong_method_are_rejected(
    client: TestClient, method: str, path: str, code: int, sentence: str
) -> None:
    response = client.request(method, path, follow_redirects=False)
    assert (response.status_code, response.json()) == (code, {"error": sentence})
    assert ("allow" in response.headers) == (code == 405)


def wrong_field(path: str) -> str:
    """The sentence for a field that is not as it should be."""
    return f"The body is not a hook request (Metacontroller, hooks v2): {path} is missing or of a wrong type."


def _groups() -> dict[str, dict[str, object]]:
    return {kind: {} for kind in CHILD_KINDS}


@pytest.mark.parametrize(
    "identity",
    [
        {"apiVersion": "apps/v1", "kind": "Deployment"},
        {"apiVersion": "v1", "kind": "Vk8s"},
        {"apiVersion": "vk8s.sktelecom.com.example.org/v1", "kind": "Vk8s"},
        {"apiVersion": "vk8s.sktelecom.com/v1alpha1", "kind": "IPAllocation"},
        {"apiVersion": "vk8s.sktelecom.com/v1alpha1"},
        {"kind": "Vk8s"},
        {"apiVersion": None, "kind": []},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", PATHS)
def test_call_about_another_object_is_rejected(client: TestClient, path: str, identity: dict[str, object]) -> None:
    whole = body(running_world()) if path.startswith("/vk8s") else PoolWorld().step().body()
    rest = {key: value for key, value in whole["parent"].items() if key not in ("apiVersion", "kind")}
    response = client.post(path, json={**whole, "parent": {**rest, **identity}})
    assert (response.status_code, response.json()) == (400, {"error": WRONG_PARENT})


def test_vk8s_and_pools_have_hooks_of_their_own(client: TestClient) -> None:
    assert client.post("/vk8s/customize", json={"parent": PoolWorld().pool}).json() == {"error": WRONG_PARENT}
    assert client.post("/ippool/customize", json={"parent": body(World())["parent"]}).json() == {"error": WRONG_PARENT}


def test_newer_version_of_our_group_is_understood(client: TestClient) -> None:
    whole = body(World())
    parent = {**whole["parent"], "apiVersion": "vk8s.sktelecom.com/v1"}
    assert client.post("/vk8s/sync", json={**whole, "parent": parent}).status_code == 200


def test_bootstrap_files_of_this_version_are_loaded() -> None:
    assert "entrypoint.sh" in load_scripts().files


def test_missing_kind_of_children_is_named_in_the_refusal(client: TestClient) -> None:
    whole = body(running_world())
    children = {kind: group for kind, group in _groups().items() if kind != "Pod.v1"}
    response = client.post("/vk8s/sync", json={**whole, "children": children})
    assert response.status_code == 400
    assert response.json()["error"].startswith("The request has no children of kind Pod.v1.")
