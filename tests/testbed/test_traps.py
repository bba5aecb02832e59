"""Traps: what an answer can do that nobody wants, and the fake must do all the same."""

import pytest

from testbed.metacontroller.errors import CrashError, SyncError
from testbed.metacontroller.objects import Manifest, with_metadata
from tests.testbed.bench import Bench, named
from tests.testbed.memory_server import PODS, SECRETS

SECRET = named("Secret", "pki", data={"a": "MQ=="})
ONE_SECRET = {"children": [SECRET], "status": {"phase": "Running"}}


@pytest.mark.parametrize("answer", [b"{}", b"null", b'{"children":null}', b'{"status":null}'], ids=repr)
def test_empty_answer_deletes_everything_and_wipes_the_status(answer: bytes) -> None:
    bench = Bench()
    bench.sync({"children": [SECRET, named("Pod", "a")], "status": {"phase": "Running"}})
    assert bench.sync(answer) == "deleted Pod default/a; deleted Secret default/pki; wrote the status"
    assert bench.server.keys(PODS) + bench.server.keys(SECRETS) == []
    assert bench.parent["status"] == {"observedGeneration": 1}


def test_child_that_an_answer_omits_is_deleted() -> None:
    bench = Bench()
    bench.sync({"children": [SECRET, named("Secret", "join")], "status": {}})
    assert bench.sync({"children": [SECRET], "status": {}}) == "deleted Secret default/join"


@pytest.mark.parametrize(
    "body",
    [
        b'{"children":[],"status":{},"childern":[]}',
        b'{"children":[],"children":[],"status":{}}',
        b'{"children":{}}',
        b'{"children":[{"metadata":{"name":"a"}}]}',
        b'{"resyncAfterSeconds":"5"}',
        b"[]",
        b"",
    ],
    ids=["an unknown key", "a key twice", "a map of children", "a child without kind", "a string", "a list", "nothing"],
)
def test_answer_that_is_wrong_changes_nothing(body: bytes) -> None:
    bench = Bench()
    bench.sync(ONE_SECRET)
    versions = bench.versions()
    with pytest.raises(SyncError, match=r"^sync hook failed for Thing default/demo: sync hook failed \(version=v2\): "):
        bench.sync(body)
    assert bench.writes == []
    assert bench.versions() == versions


def test_null_child_is_a_crash_with_nothing_applied() -> None:
    bench = Bench()
    with pytest.raises(CrashError):
        bench.sync(b'{"children":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}},null],"status":{}}')
    assert bench.writes == []


def test_name_that_is_taken_is_passed_over_in_silence() -> None:
    bench = Bench()
    foreign = bench.server.seed(SECRETS, with_metadata(SECRET, namespace="default"))
    said = bench.sync({"children": [SECRET], "status": {}})
    assert said == "left alone, its name being taken: Secret default/pki; wrote the status"
    assert bench.server.peek(SECRETS, "default/pki") == foreign
    bench.sync()
    assert bench.seen_children() == []
    assert bench.writes == ["POST secrets default/pki"]


def test_last_of_two_children_of_one_name_wins() -> None:
    bench = Bench()
    bench.sync({"children": [SECRET, {**SECRET, "data": {"b": "Mg=="}}], "status": {}})
    assert (bench.server.peek(SECRETS, "default/pki") or {})["data"] == {"b": "Mg=="}


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (None, "invalid labels on desired child Secret default/pki"),
        ({"a": 1}, "invalid labels on desired child Secret default/pki"),
        ({"controller-uid": "other"}, "labels on desired child Secret default/pki don't match parent selector"),
    ],
    ids=["null", "a number as a value", "another controller-uid"],
)
def test_labels_that_cannot_be_are_an_error_before_any_write(labels: Manifest | None, sentence: str) -> None:
    bench = Bench()
    with pytest.raises(SyncError) as caught:
        bench.sync({"children": [named("Pod", "a"), with_metadata(SECRET, labels=labels)], "status": {"x": 1}})
    assert str(caught.value) == sentence
    assert bench.writes == []


def test_undeclared_kind_is_created_once_and_never_seen_again() -> None:
    bench = Bench()
    space = {"children": [named("Namespace", "extra")], "status": {}}
    assert bench.sync(space) == "created Namespace default/extra; wrote the status"
    bench.sync(space)
    assert bench.seen_children() == []
    assert bench.sync({"children": [], "status": {}}) == "nothing to do"


def test_kind_that_is_not_served_fails_the_sync_after_the_rest() -> None:
    bench = Bench()
    with pytest.raises(SyncError, match="can't find kind Pot in apiVersion v1"):
        bench.sync({"children": [named("Pot", "a"), SECRET], "status": {}})
    assert bench.server.keys(SECRETS) == ["default/pki"]


def test_cache_that_lags_shows_too_little_and_a_create_goes_nowhere() -> None:
    bench = Bench()
    bench.sync(ONE_SECRET)
    said = bench.sync(with_old_caches=True)
    assert said == "left alone, its name being taken: Secret default/pki"
    assert bench.seen_children() == []
