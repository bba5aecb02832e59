"""Calls of an API server: what is returned, what is an error, and what is worth another try."""

import json
import ssl
from pathlib import Path

import pytest

from hooks.setup.api import Access, Api, ApiError, NoAnswerError
from tests.authority import Authority
from tests.testbed.hook_server import Reply
from tests.testbed.tls_server import tls_server, write_pair
from tests.unit.setup.fake_api import TOKEN, FakeApi

PODS = "/api/v1/namespaces/team-a/pods"
POD = f"{PODS}/demo"


def test_object_is_found(server: FakeApi, api: Api) -> None:
    server.put(POD, kind="Pod")
    assert api.find(POD) == {"kind": "Pod", "metadata": {"name": "demo", "namespace": "team-a"}}
    assert api.find(f"{PODS}/other") is None


def test_list_has_all_pages(server: FakeApi, api: Api) -> None:
    server.page = 2
    for number in range(5):
        server.put(f"{PODS}/{number}")
    assert [pod["metadata"]["name"] for pod in api.list_items("/api/v1/pods")] == list("01234")
    assert server.calls == ["GET /api/v1/pods"] * 3


def test_kind_that_is_not_served_has_no_objects(api: Api) -> None:
    assert list(api.list_items("/apis/kubeovn.io/v1/subnets")) == []


def test_object_is_written_and_deleted(server: FakeApi, api: Api) -> None:
    api.create(PODS, {"metadata": {"name": "demo"}, "spec": 1})
    api.merge(POD, {"spec": 2})
    assert server.objects[POD] == {"metadata": {"name": "demo"}, "spec": 2}
    api.replace(POD, {"spec": 3})
    assert server.objects[POD] == {"spec": 3}
    api.delete(POD)
    api.delete(POD)
    assert server.objects == {}


@pytest.mark.parametrize("call", ["find", "delete"])
def test_rejection_is_reported_with_its_call(server: FakeApi, api: Api, call: str) -> None:
    method = {"find": "GET", "delete": "DELETE"}[call]
    server.instead[f"{method} {POD}"] = lambda: (403, b'{"message": "pods is forbidden"}')
    with pytest.raises(ApiError) as error:
        getattr(api, call)(POD)
    assert str(error.value) == f"{method} {POD}: pods is forbidden"
    assert error.value.code == 403


@pytest.mark.parametrize(
    ("code", "body"), [(503, b'{"message": "etcd is away"}'), (429, b"{}"), (200, b"<html>"), (200, b"[]")]
)
def test_answer_that_means_nothing_is_worth_another_try(server: FakeApi, api: Api, code: int, body: bytes) -> None:
    server.instead[f"GET {POD}"] = lambda: (code, body)
    with pytest.raises(NoAnswerError, match=f"GET {POD}: "):
        api.find(POD)


def test_server_that_is_not_there_is_worth_another_try() -> None:
    with pytest.raises(NoAnswerError, match=r"no answer of http://127\.0\.0\.1:1: "):
        Api(Access("http://127.0.0.1:1", TOKEN)).find(POD)


def test_token_that_cannot_be_sent_is_in_no_message(server: FakeApi) -> None:
    with pytest.raises(NoAnswerError, match=f"GET {POD}: no answer of {server.url}: ValueError$"):
        Api(Access(server.url, "half\nanother")).find(POD)


def test_token_goes_only_to_a_server_with_the_right_certificate(tmp_path: Path) -> None:
    authority, other = Authority(), Authority("another")
    for each in (authority, other):
        (tmp_path / "ca.crt").write_bytes(each.pem)
        certificate = write_pair(tmp_path, authority.issue("localhost"))
        with tls_server(certificate, Reply(200, json.dumps({"kind": "Pod"}).encode())) as server:
            url = f"https://localhost:{server.server_address[1]}"
            api = Api(Access(url, TOKEN, tmp_path / "ca.crt"))
            if each is authority:
                assert api.find(POD) == {"kind": "Pod"}
                assert server.calls[0][2]["authorization"] == f"Bearer {TOKEN}"
            else:
                with pytest.raises(NoAnswerError, match="certificate verify failed"):
                    api.find(POD)
                assert server.calls == []


def test_authority_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Api(Access("https://localhost", TOKEN, tmp_path / "ca.crt"))
    (tmp_path / "ca.crt").write_text("nothing")
    with pytest.raises(ssl.SSLError):
        Api(Access("https://localhost", TOKEN, tmp_path / "ca.crt"))
