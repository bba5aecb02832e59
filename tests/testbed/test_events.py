"""Events on parents: what they say, and how many there may be."""

from typing import Any

from testbed.metacontroller.errors import NOT_FOUND, SyncError
from testbed.metacontroller.events import EVENTS, EventRecorder, build_event
from testbed.metacontroller.objects import Manifest
from tests.testbed.bench import NOW, PARENT_UID
from tests.testbed.clock import Clock
from tests.testbed.eventually import eventually
from tests.testbed.memory_server import MemoryServer

PARENT: Manifest = {
    "apiVersion": "example.com/v1",
    "kind": "Thing",
    "metadata": {"name": "demo", "namespace": "default", "uid": PARENT_UID, "resourceVersion": "7"},
}


def stored(server: MemoryServer) -> list[Manifest]:
    return [server.peek(EVENTS, key) or {} for key in server.keys(EVENTS)]


def build_recorder(server: MemoryServer, clock: Clock) -> EventRecorder:
    moments = iter(range(1000))
    return EventRecorder(server, clock, lambda: NOW.replace(microsecond=next(moments)))


def test_event_names_its_parent_and_where_it_comes_from() -> None:
    event = build_event(PARENT, "Sync error: x", NOW)
    wanted: dict[str, Any] = {
        "type": "Warning",
        "reason": "SyncError",
        "message": "Sync error: x",
        "count": 1,
        "source": {"component": "metacontroller"},
        "involvedObject": {
            "apiVersion": "example.com/v1",
            "kind": "Thing",
            "name": "demo",
            "namespace": "default",
            "uid": PARENT_UID,
            "resourceVersion": "7",
        },
    }
    assert {name: event[name] for name in wanted} == wanted
    assert event["metadata"]["namespace"] == "default"


def test_parent_without_a_namespace_has_its_events_in_default() -> None:
    event = build_event({"metadata": {"name": "demo"}}, "x", NOW)
    assert event["metadata"]["namespace"] == "default"
    assert event["involvedObject"] == {"name": "demo"}


def test_message_that_repeats_is_counted() -> None:
    server = MemoryServer()
    recorder = build_recorder(server, Clock())
    for message in ("a", "a", "b", "a"):
        recorder.record(PARENT, message)
    assert sorted((event["message"], event["count"]) for event in stored(server)) == [("a", 3), ("b", 1)]


def test_expired_event_is_recreated() -> None:
    server = MemoryServer()
    recorder = build_recorder(server, Clock())
    recorder.record(PARENT, "a")
    server.fail("PATCH events", SyncError("gone", reason=NOT_FOUND))
    recorder.record(PARENT, "a")
    assert [event["count"] for event in stored(server)] == [1, 1]


def test_events_of_a_parent_are_limited_to_25_and_then_one_per_300_s() -> None:
    server, clock = MemoryServer(), Clock()
    recorder = build_recorder(server, clock)
    other = {**PARENT, "metadata": {**PARENT["metadata"], "uid": "other"}}
    for _ in range(40):
        recorder.record(PARENT, "a")
    recorder.record(other, "b")
    assert sorted(event["count"] for event in stored(server)) == [1, 25]
    clock.now = 301
    for _ in range(2):
        recorder.record(PARENT, "a")
    assert sorted(event["count"] for event in stored(server)) == [1, 26]


def test_api_server_that_is_not_there_stops_nothing() -> None:
    server = MemoryServer()
    recorder = build_recorder(server, Clock())
    server.fail("POST events", SyncError("no"))
    recorder.start()
    recorder.warn(PARENT, "a")
    eventually(lambda: len(server.requests) == 1)
    server.fail("POST events", None)
    recorder.warn(PARENT, "b")
    eventually(lambda: [event["message"] for event in stored(server)] == ["b"])
