"""The client of the API server: what it sends, and what it makes of errors."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.metacontroller.api_server import ApiServer
from testbed.metacontroller.errors import NOT_FOUND, SyncError
from testbed.metacontroller.objects import Manifest
from testbed.metacontroller.rate_limits import TokenBucket
from tests.testbed.bench import named, owned
from tests.testbed.hook_server import HookServer, Reply, hook_server
from tests.testbed.memory_server import SECRETS

SECRET: Manifest = {**owned(named("Secret", "pki")), "data": {"a": 1.0}}


@pytest.fixture
def api() -> Iterator[HookServer]:
    with hook_server() as server:
        yield server


@pytest.fixture
def client(api: HookServer, tmp_path: Path) -> ApiServer:
    cluster = {"name": "c", "cluster": {"server": api.url}}
    context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
    user = {"name": "u", "user": {"token": "t"}}
    config = {"clusters": [cluster], "contexts": [context], "users": [user], "current-context": "x"}
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps(config))
    return ApiServer(file, TokenBucket(rate=1000, burst=1000))


def status(code: int, reason: str, message: str) -> Reply:
    return Reply(code, json.dumps({"kind": "Status", "reason": reason, "message": message}).encode())


def test_objects_are_sent_and_come_back_as_they_are(api: HookServer, client: ApiServer) -> None:
    api.replies.append(Reply(201, b'{"unknown":{"field":1}}'))
    assert client.create(SECRETS, SECRET) == {"unknown": {"field": 1}}
    ((method, path, headers, body),) = api.calls
    assert (method, path) == ("POST", "/api/v1/namespaces/default/secrets")
    assert headers["authorization"] == "Bearer t"
    # The field manager in managedFields is named after what precedes the slash.
    assert headers["user-agent"].startswith("metacontroller/")
    assert b'"data":{"a":1}' in body


def test_patch_has_what_changes(api: HookServer, client: ApiServer) -> None:
    api.replies.append(Reply(200))
    client.patch(SECRETS, SECRET, {"count": 2})
    ((method, path, headers, body),) = api.calls
    assert (method, path, body) == ("PATCH", "/api/v1/namespaces/default/secrets/pki", b'{"count":2}')
    assert headers["content-type"] == "application/strategic-merge-patch+json"


def test_delete_is_of_this_very_object_and_in_the_background(api: HookServer, client: ApiServer) -> None:
    api.replies.append(Reply(200))
    client.delete(SECRETS, {**SECRET, "metadata": {**SECRET["metadata"], "uid": "u"}})
    ((method, path, _, body),) = api.calls
    assert (method, path) == ("DELETE", "/api/v1/namespaces/default/secrets/pki")
    options = json.loads(body)
    assert (options["preconditions"], options["propagationPolicy"]) == ({"uid": "u"}, "Background")


@pytest.mark.parametrize(
    ("reply", "reason", "message"),
    [
        (status(409, "AlreadyExists", "it exists"), "AlreadyExists", "it exists"),
        (status(409, "Conflict", "it changed"), "Conflict", "it changed"),
        (Reply(404, b"404 page not found"), NOT_FOUND, "the server answered 404"),
        (Reply(503, b""), "", "the server answered 503"),
    ],
    ids=["a name that is taken", "a conflict", "no such path", "no Status at all"],
)
def test_errors_have_the_reason_of_the_api_server(
    api: HookServer, client: ApiServer, reply: Reply, reason: str, message: str
) -> None:
    api.replies.append(reply)
    with pytest.raises(SyncError) as caught:
        client.replace(SECRETS, SECRET)
    assert (caught.value.reason, str(caught.value)) == (reason, message)


def test_words_of_the_api_server_are_not_logged(api: HookServer, client: ApiServer) -> None:
    api.replies.append(status(422, "Invalid", 'Invalid value: "hunter2"'))
    with pytest.raises(SyncError) as caught:
        client.create(SECRETS, SECRET)
    assert caught.value.logged == "POST /api/v1/namespaces/default/secrets: 422 Invalid"


def test_listed_objects_get_the_kind_that_lists_leave_out(api: HookServer, client: ApiServer) -> None:
    api.replies.append(Reply(200, b'{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}}]}'))
    assert client.list_all(SECRETS) == ([named("Secret", "a")], "7")


def test_version_that_is_not_served_has_no_kinds(api: HookServer, client: ApiServer) -> None:
    api.replies.append(Reply(404))
    assert client.served("example.com/v1") == []


@pytest.mark.parametrize(
    ("version", "path"),
    [("", "/api/"), ("apps/v1/deployments", "/apis/apps/v1/deployments"), ("v1?x=y", "/api/v1%3Fx%3Dy")],
    ids=["nothing", "a path of objects", "a query"],
)
def test_unknown_version_has_no_kinds(api: HookServer, client: ApiServer, version: str, path: str) -> None:
    api.replies.append(Reply(200, b'{"kind":"Other"}'))
    assert client.served(version) == []
    assert api.calls[0][1] == path


def test_watch_that_is_cut_off_is_an_error_after_what_it_said(api: HookServer, client: ApiServer) -> None:
    api.replies.append(Reply(200, b'{"type":"ADDED","object":{"kind":"Secret"}}\n{"type":"MODI'))
    watch = client.watch(SECRETS, "7")
    assert next(watch) == ("ADDED", {"kind": "Secret"})
    with pytest.raises(SyncError, match="watch /api/v1/secrets"):
        next(watch)


def test_watch_that_is_rejected_has_its_reason(api: HookServer, client: ApiServer) -> None:
    api.replies.append(status(410, "Expired", "too old resource version"))
    with pytest.raises(SyncError) as caught:
        next(client.watch(SECRETS, "7"))
    assert caught.value.reason == "Expired"
