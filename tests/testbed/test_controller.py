"""A controller as it runs: caches, workers, back-off, resyncs, Events, the crash."""

import json
import threading
from dataclasses import replace

import pytest

from testbed.metacontroller.composite import CompositeSpec
from testbed.metacontroller.controller import Pace
from testbed.metacontroller.errors import SyncError, TooManyRequestsError
from testbed.metacontroller.events import EVENTS
from testbed.metacontroller.objects import Manifest, with_metadata
from tests.testbed.bench import KEY, build_demo_composite, named
from tests.testbed.eventually import PATIENCE, eventually
from tests.testbed.memory_server import DELETED_AT, PARENTS, POOLS, SECRETS, SLOTS
from tests.testbed.running import ANSWER, PARENT, Build


def test_parent_is_synced_and_its_child_kept_as_it_shall_be(start: Build, caplog: pytest.LogCaptureFixture) -> None:
    running = start()
    eventually(lambda: running.status() == {"phase": "Running", "observedGeneration": 1})
    running.server.edit(SECRETS, "default/pki", lambda child: {**child, "data": {"a": "other"}})
    eventually(lambda: (running.server.peek(SECRETS, "default/pki") or {})["data"] == {"a": "MQ=="})
    running.server.edit(SECRETS, "default/pki", lambda child: with_metadata(child, deletionTimestamp=DELETED_AT))
    eventually(lambda: caplog.text.count("created Secret default/pki") == 2)
    assert "sync default/demo: created Secret default/pki; wrote the status" in caplog.messages
    assert "MQ==" not in caplog.text


def test_controller_waits_for_its_kinds(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    running = build()
    running.is_served = lambda _: False
    running.controller.start()
    sentence = "CompositeController demo: waiting: discovery: can't find resource things in apiVersion example.com/v1"
    eventually(lambda: sentence in caplog.messages)
    running.is_served = lambda _: True
    eventually(lambda: running.status() is not None)


def test_parents_without_a_status_subresource_are_never_started(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    running = build()
    running.is_served = lambda each: "/" not in each["name"]
    running.controller.start()
    eventually(lambda: "not started: the CRD of Thing does not have subresource status enabled" in caplog.text)
    assert running.server.requests == []


def test_missing_credentials_are_reported_and_tried_again(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    running = build()
    running.locked = SyncError('can\'t resolve authorization: Secret "x/access" not found')
    running.controller.start()
    eventually(lambda: len(running.server.keys(EVENTS)) == 1)
    event = running.server.peek(EVENTS, running.server.keys(EVENTS)[0]) or {}
    assert (event["type"], event["reason"]) == ("Warning", "CreateError")
    assert event["message"] == f"Cannot create new controller: {running.locked}"
    assert event["involvedObject"]["kind"] == "CompositeController"
    assert event["metadata"]["namespace"] == "default"
    eventually(lambda: f"CompositeController demo: waiting: {running.locked}" in caplog.messages)
    assert "LIST things" not in running.server.requests
    running.locked = None
    eventually(lambda: running.status() is not None)


def test_error_body_is_in_the_event_and_not_in_the_log(start: Build, caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([SyncError("unsupported status code: 503 body: too ill", logged="unsupported status code: 503")])

    def hooks(_name: str, _request: Manifest) -> bytes:
        error = next(answers, None)
        if error is not None:
            raise error
        return ANSWER

    running = start(hooks)
    eventually(lambda: running.status() is not None)
    eventually(lambda: len(running.server.keys(EVENTS)) == 1)
    (event_key,) = running.server.keys(EVENTS)
    event = running.server.peek(EVENTS, event_key) or {}
    assert event["message"] == (
        "Sync error: sync hook failed for Thing default/demo: sync hook failed (version=v2): "
        "unsupported status code: 503 body: too ill"
    )
    assert any(line.endswith("unsupported status code: 503") for line in caplog.messages)
    assert "too ill" not in caplog.text


def test_429_without_a_time_is_asked_again_at_once_and_makes_no_event(start: Build) -> None:
    calls = list[str]()

    def hooks(name: str, _request: Manifest) -> bytes:
        calls.append(name)
        if len(calls) < 200:
            raise TooManyRequestsError(0)
        return ANSWER

    running = start(hooks)
    # With a back-off this would take hours.
    eventually(lambda: running.status() is not None)
    assert running.server.keys(EVENTS) == []


def test_null_child_ends_the_process(start: Build) -> None:
    running = start(lambda *_: b'{"children":[null]}')
    eventually(lambda: bool(running.crashes))
    assert "a null in children" in running.crashes[0]


def answer_with_related(name: str, request: Manifest) -> bytes:
    """All slots and things are wanted, and shown in the status."""
    if name == "customize":
        kinds = [{"apiVersion": kind.api_version, "resource": kind.plural} for kind in (SLOTS, PARENTS)]
        return json.dumps({"relatedResources": kinds}).encode()
    seen = sorted(key for group in request["related"].values() for key in group)
    return json.dumps({"children": [], "status": {"seen": seen}}).encode()


def test_missing_related_kinds_wait_and_later_sync_the_parent(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    running = build(answer_with_related, build_demo_composite(hooks=("sync", "customize")))
    running.server.fail("LIST slots", SyncError("not yet"))
    running.controller.start()
    eventually(lambda: "sync default/demo: nothing to do; slots are not synced yet" in caplog.messages)
    running.server.fail("LIST slots", None)
    eventually(lambda: (running.status() or {}).get("seen") == [KEY])
    running.server.seed(SLOTS, named("Slot", "a", apiVersion=SLOTS.api_version))
    eventually(lambda: (running.status() or {}).get("seen") == ["a", KEY])
    running.server.edit(SLOTS, "a", lambda slot: with_metadata(slot, deletionTimestamp=DELETED_AT))
    eventually(lambda: (running.status() or {}).get("seen") == [KEY])
    assert running.server.keys(EVENTS) == []


def test_related_kind_that_is_not_served_is_an_error_of_each_sync(start: Build) -> None:
    def hooks(_name: str, _request: Manifest) -> bytes:
        return b'{"relatedResources":[{"apiVersion":"example.com/v1","resource":"pots"}]}'

    running = start(hooks, build_demo_composite(hooks=("sync", "customize")))

    def is_counted() -> bool:
        events = [running.server.peek(EVENTS, key) or {} for key in running.server.keys(EVENTS)]
        sentence = "Sync error: discovery: can't find resource pots in apiVersion example.com/v1"
        return any(event["message"] == sentence and event["count"] > 2 for event in events)

    eventually(is_counted)
    assert running.status() is None


def test_cluster_scoped_parent_is_synced_from_any_namespace(start: Build) -> None:
    pools = {"apiVersion": POOLS.api_version, "resource": POOLS.plural}
    running = start(answer_with_related, build_demo_composite(hooks=("sync", "customize"), parentResource=pools))
    running.server.seed(POOLS, named("Pool", "demo", apiVersion=POOLS.api_version))
    running.server.seed(PARENTS, with_metadata(PARENT, namespace="elsewhere"))
    eventually(
        lambda: (running.server.peek(POOLS, "demo") or {}).get("status", {}).get("seen") == [KEY, "elsewhere/demo"]
    )


def test_all_parents_are_synced_again_and_again(start: Build) -> None:
    calls = list[str]()

    def hooks(name: str, _request: Manifest) -> bytes:
        calls.append(name)
        return ANSWER

    ignoring = build_demo_composite(
        parentResource={"apiVersion": "example.com/v1", "resource": "things", "ignoreStatusChanges": True}
    )
    start(hooks, ignoring, Pace(cache_flush_interval=0.05))
    eventually(lambda: len(calls) > 8)


def test_hook_can_ask_for_the_next_sync(start: Build) -> None:
    calls = list[str]()

    def hooks(name: str, _request: Manifest) -> bytes:
        calls.append(name)
        return b'{"children":[],"status":{},"resyncAfterSeconds":0.02}'

    start(hooks)
    eventually(lambda: len(calls) > 5)


def test_only_different_parents_are_synced_at_the_same_time(start: Build) -> None:
    busy, most, both = list[str](), list[int](), threading.Event()

    def hooks(_name: str, request: Manifest) -> bytes:
        name = request["parent"]["metadata"]["name"]
        assert name not in busy
        busy.append(name)
        most.append(len(busy))
        if len(busy) > 1:
            both.set()
        both.wait(PATIENCE)
        busy.remove(name)
        return ANSWER

    running = start(hooks)
    running.server.seed(PARENTS, with_metadata(PARENT, name="second"))
    assert both.wait(PATIENCE)
    assert max(most) == 2


def build_spec(resync: int | None) -> CompositeSpec:
    return replace(build_demo_composite(resyncPeriodSeconds=resync)).spec


@pytest.mark.parametrize(
    ("resync", "seconds"),
    [(None, 1800), (300, 300), (0, 1), (-5, 1), (3600, 1800)],
    ids=["unset", "set", "zero is a second", "negative is a second", "longer than the default has no effect"],
)
def test_resync_interval_is_that_of_the_spec(resync: int | None, seconds: float) -> None:
    assert Pace().resync_interval(build_spec(resync)) == seconds
