"""Calls of hooks: what is sent, which answers count, and how long 429 makes wait."""

import gzip
from datetime import UTC, datetime

import pytest

from testbed.metacontroller.composite import CompositeSpec, Hook
from testbed.metacontroller.detour import Address
from testbed.metacontroller.door import Door
from testbed.metacontroller.errors import SyncError, TooManyRequestsError
from testbed.metacontroller.objects import Manifest
from testbed.metacontroller.webhook import Webhook, connect_hooks, retry_after_seconds
from tests.testbed.hook_server import HookServer, Reply, hook_server

NOW = datetime(2026, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)


def build_hook(server: HookServer, path: str = "/sync", timeout: str = "5s") -> Hook:
    return Hook.model_validate({"version": "v2", "webhook": {"url": server.url + path, "timeout": timeout}})


def build_spec(hooks: Manifest) -> CompositeSpec:
    parent = {"apiVersion": "example.com/v1", "resource": "things"}
    return CompositeSpec.model_validate({"parentResource": parent, "hooks": hooks, "generateSelector": True})


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("+7", 7),
        ("-7", -7),
        ("", 0),
        ("1.5", 0),
        ("soon", 0),
        ("1_0", 0),
        ("Thu, 01 Jan 2026 12:00:03 GMT", 3),
        ("Thu, 01 Jan 2026 11:59:00 GMT", -60),
    ],
    ids=[
        "seconds",
        "a plus is no harm",
        "negative seconds are at once",
        "nothing is at once",
        "a fraction is at once",
        "a word is at once",
        "Python's underscores are no number",
        "a date, rounded up",
        "a date that is past is at once",
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(header: str, seconds: int) -> None:
    assert retry_after_seconds(header, NOW) == seconds


def test_request_is_what_go_sends() -> None:
    with hook_server(Reply(200, b'{"children":[]}')) as server:
        body = Webhook(build_hook(server), Door(), {}).call({"b": "<&>", "a": 1.0})
        ((method, path, headers, sent),) = server.calls
    assert body == b'{"children":[]}'
    assert (method, path, sent) == ("POST", "/sync", b'{"a":1,"b":"\\u003c\\u0026\\u003e"}')
    assert {name: value for name, value in headers.items() if name not in {"host", "connection"}} == {
        "content-type": "application/json",
        "user-agent": "Go-http-client/1.1",
        "accept-encoding": "gzip",
        "content-length": str(len(sent)),
    }


def test_compressed_answer_is_read() -> None:
    with hook_server(Reply(200, gzip.compress(b"{}"), (("Content-Encoding", "gzip"),))) as server:
        assert Webhook(build_hook(server), Door(), {}).call({}) == b"{}"


@pytest.mark.parametrize("status", [201, 202, 299, 400, 404, 412, 500, 503])
def test_status_other_than_200_has_its_body_in_the_event_alone(status: int) -> None:
    reply = Reply(status, b"the hook is ill", (("Retry-After", "5"),))
    with hook_server(reply) as server, pytest.raises(SyncError) as caught:
        Webhook(build_hook(server), Door(), {}).call({})
    assert str(caught.value) == f"unsupported status code: {status} body: the hook is ill"
    assert caught.value.logged == f"unsupported status code: {status}"


@pytest.mark.parametrize(("headers", "seconds"), [((("Retry-After", "3"),), 3), ((), 0)], ids=["said", "unsaid"])
def test_429_is_no_error_but_a_wait(headers: tuple[tuple[str, str], ...], seconds: int) -> None:
    with hook_server(Reply(429, b"", headers)) as server, pytest.raises(TooManyRequestsError) as caught:
        Webhook(build_hook(server), Door(), {}).call({})
    assert caught.value.after_seconds == seconds


@pytest.mark.parametrize(
    ("status", "method"), [(307, "POST"), (308, "POST"), (301, "GET"), (302, "GET"), (303, "GET")], ids=str
)
def test_redirects_keep_the_post_or_lose_it(status: int, method: str) -> None:
    with hook_server(Reply(status, b"", (("Location", "/there"),)), Reply(200)) as server:
        Webhook(build_hook(server), Door(), {}).call({"a": 1})
        assert [(call[0], call[1]) for call in server.calls] == [("POST", "/sync"), (method, "/there")]
        assert bool(server.calls[1][3]) is (method == "POST")


def test_nobody_there_is_an_error() -> None:
    with hook_server() as server:
        hook = build_hook(server)
    with pytest.raises(SyncError, match=r'http error: Post "http://127\.0\.0\.1:'):
        Webhook(hook, Door(), {}).call({})


def test_each_hook_has_its_path_and_each_service_its_host_name() -> None:
    service = {"service": {"name": "hooks", "namespace": "x"}}
    hooks = {
        name: {"version": "v2", "webhook": {**service, "path": f"/{name}"}}
        for name in ("sync", "finalize", "customize")
    }
    with hook_server(Reply(200), Reply(307, b"", (("Location", "/there"),)), Reply(200)) as server:
        addresses = {"hooks.x": Address("127.0.0.1", server.server_address[1])}
        call = connect_hooks(build_spec(hooks), addresses, lambda *_: None)
        call("finalize", {})
        call("sync", {})
        assert [path for _, path, _, _ in server.calls] == ["/finalize", "/sync", "/there"]
        # With a port, as Go sends it.
        assert [headers["host"] for _, _, headers, _ in server.calls] == ["hooks.x:80"] * 3
