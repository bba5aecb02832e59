"""Related objects: what hooks see of them, and whom their changes bring."""

from collections.abc import Callable
from typing import Any

import pytest

from testbed.metacontroller.errors import CrashError, NotSyncedError, SyncError, TooManyRequestsError
from testbed.metacontroller.objects import Manifest, with_metadata
from testbed.metacontroller.related import Related
from testbed.metacontroller.resources import Resource
from tests.testbed.bench import KEY, Bench, build_demo_composite, named
from tests.testbed.memory_server import DELETED_AT, NAMESPACES, PARENTS, PODS, POOLS, SECRETS, SLOTS

WITH_CUSTOMIZE = build_demo_composite(hooks=("sync", "customize"))
BLUE = {"colour": "blue"}


def rule(resource: Resource, **fields: Any) -> Manifest:
    return {"apiVersion": resource.api_version, "resource": resource.plural, **fields}


def secret(name: str, namespace: str = "default", **metadata: Any) -> Manifest:
    return with_metadata(named("Secret", name), namespace=namespace, **metadata)


def bench_with(*rules: Manifest | None, children: tuple[Manifest, ...] = ()) -> Bench:
    """A bench whose customize hook wants this."""
    bench = Bench(WITH_CUSTOMIZE)
    wanted, answer = {"relatedResources": list(rules)}, {"children": list(children), "status": {}}
    bench.answer = lambda name, _: wanted if name == "customize" else answer
    return bench


def test_related_objects_are_grouped_by_kind_and_key() -> None:
    bench = bench_with(rule(SECRETS, namespace="default"), rule(NAMESPACES), rule(SLOTS))
    bench.server.seed(NAMESPACES, named("Namespace", "default"))
    shown = bench.server.seed(SECRETS, secret("a"))
    bench.server.seed(SECRETS, secret("b", "elsewhere"))
    bench.sync()
    assert bench.questions[-1][1]["related"]["Secret.v1"]["default/a"] == shown
    assert bench.seen_related() == {
        "Secret.v1": ["default/a"],
        "Namespace.v1": ["default"],
        "Slot.example.com/v1": [],
    }


def test_rules_for_one_kind_show_what_any_of_them_selects() -> None:
    bench = bench_with(rule(SECRETS, names=["a"]), rule(SLOTS), rule(SECRETS, namespace="elsewhere"))
    for each in (secret("a"), secret("b"), secret("a", "elsewhere"), secret("b", "elsewhere")):
        bench.server.seed(SECRETS, each)
    bench.sync()
    assert bench.seen_related()["Secret.v1"] == ["default/a", "elsewhere/a", "elsewhere/b"]


def test_children_are_shown_as_related_objects_too_if_they_are_selected() -> None:
    bench = bench_with(rule(SECRETS, namespace="default"), children=(named("Secret", "pki"),))
    bench.sync()
    bench.sync()
    assert bench.seen_children() == bench.seen_related()["Secret.v1"] == ["default/pki"]


def test_finalize_gets_related_objects_asked_for_again() -> None:
    bench = Bench(build_demo_composite(hooks=("sync", "finalize", "customize")))
    bench.answer = lambda name, _: {"relatedResources": [rule(SLOTS)]} if name == "customize" else {"children": []}
    bench.sync()
    bench.server.edit(PARENTS, KEY, lambda parent: with_metadata(parent, deletionTimestamp=DELETED_AT))
    bench.sync()
    assert bench.asked == ["customize", "sync", "customize", "finalize"]
    assert bench.seen_related() == {"Slot.example.com/v1": []}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"apiVersion": "example.com/v1", "resource": "pots"}, "can't find resource pots in apiVersion example.com/v1"),
        (
            {"apiVersion": "example.com/v9", "resource": "slots"},
            "can't find resource slots in apiVersion example.com/v9",
        ),
        ({}, "can't find resource  in apiVersion "),
        (rule(SECRETS, names=["a"], labelSelector={}), "cannot have both names and labelSelector"),
    ],
    ids=["a kind that is not served", "a version that is not served", "nothing", "a combination that is not allowed"],
)
def test_rule_that_is_wrong_fails_every_sync_before_the_question(wrong: Manifest, sentence: str) -> None:
    bench = bench_with(rule(SECRETS), wrong)
    for _ in range(2):
        with pytest.raises(SyncError) as caught:
            bench.sync()
        assert sentence in str(caught.value)
        assert bench.writes == []
    # The answer is remembered all the same.
    assert bench.asked == ["customize"]


def test_kind_that_is_served_no_longer_fails_every_sync_too() -> None:
    bench = bench_with(rule(SLOTS))
    bench.sync()
    bench.unserved = {"slots"}
    with pytest.raises(SyncError, match=r"^discovery: can't find resource slots in apiVersion example\.com/v1$"):
        bench.sync()


def test_null_rule_is_a_crash_but_not_before_a_rule_that_fails() -> None:
    with pytest.raises(CrashError):
        bench_with(rule(SECRETS), None).sync()
    with pytest.raises(SyncError):
        bench_with({}, None).sync()


def test_kinds_that_are_new_are_waited_for_one_after_the_other() -> None:
    bench = bench_with(rule(SLOTS), rule(POOLS))
    bench.fills_at_once = False
    with pytest.raises(NotSyncedError, match="slots are not synced yet"):
        bench.sync()
    assert POOLS not in bench.caches
    with pytest.raises(NotSyncedError, match="pools are not synced yet"):
        bench.sync()
    bench.sync()
    bench.sync()
    assert bench.asked == ["customize", "sync", "sync"]
    # However often they are asked for.
    assert [bench.caches[kind].handlers for kind in (SLOTS, POOLS)] == [[bench.related], [bench.related]]


Event = Callable[[Related], None]


@pytest.mark.parametrize(
    ("event", "counts"),
    [
        (lambda related: related.on_add(secret("a", labels=BLUE)), True),
        (lambda related: related.on_add(secret("a", labels=BLUE, deletionTimestamp=DELETED_AT)), True),
        (lambda related: related.on_add(secret("a")), False),
        (lambda related: related.on_add(with_metadata(named("Pod", "a"), labels=BLUE)), False),
        (lambda related: related.on_add({**secret("a", labels=BLUE), "apiVersion": "v2"}), False),
        (lambda related: related.on_delete(secret("a", labels=BLUE)), True),
        (lambda related: related.on_delete(secret("a")), False),
        (lambda related: related.on_update(secret("a", labels=BLUE), secret("a", resourceVersion="2")), True),
        (lambda related: related.on_update(secret("a"), secret("a", labels=BLUE, resourceVersion="2")), True),
        (lambda related: related.on_update(secret("a"), secret("a", resourceVersion="2")), False),
        (lambda related: related.on_update(secret("a", labels=BLUE), secret("a", labels=BLUE)), False),
    ],
    ids=[
        "a new object",
        "a new object that is terminating already",
        "a new object that is not wanted",
        "a new object of another kind",
        "a new object of another version",
        "an object that goes",
        "an object that goes and was not wanted",
        "an object that is wanted no longer",
        "an object that is wanted now",
        "a change of an object that is not wanted",
        "a resync",
    ],
)
def test_only_changes_that_a_rule_selects_sync_the_parent(event: Event, *, counts: bool) -> None:
    bench = bench_with(rule(SLOTS), rule(SECRETS, labelSelector={"matchLabels": BLUE}))
    bench.refresh()
    event(bench.related)
    assert bench.enqueued == ([KEY] if counts else [])


def test_change_brings_all_parents_that_want_it_each_once() -> None:
    bench = Bench(WITH_CUSTOMIZE)
    for name in ("second", "third"):
        bench.server.seed(PARENTS, with_metadata(bench.parent, name=name, uid=name))
    bench.refresh()

    def answer(_: str, request: Manifest) -> Manifest:
        wanted = "a" if request["parent"]["metadata"]["name"] != "second" else "b"
        return {"relatedResources": [rule(SECRETS, names=[wanted]), rule(SECRETS, namespace="default", names=[wanted])]}

    bench.answer = answer
    bench.related.on_update(secret("a"), secret("a", resourceVersion="2"))
    assert bench.enqueued == [KEY, "default/third"]


def test_change_asks_for_the_rules_of_parents_whose_answer_is_too_old() -> None:
    bench = bench_with(rule(SECRETS))
    bench.sync()
    bench.related.on_add(secret("a"))
    assert bench.asked == ["customize", "sync"]
    bench.clock.now = 1200
    bench.related.on_add(secret("b"))
    assert bench.asked == ["customize", "sync", "customize"]
    assert bench.enqueued == [KEY, KEY]


@pytest.mark.parametrize("error", [SyncError("no"), TooManyRequestsError(1)], ids=["an error", "a 429"])
def test_change_is_lost_to_a_parent_whose_hook_does_not_answer(error: Exception) -> None:
    def fail(_name: str, _request: Manifest) -> Manifest:
        raise error

    bench = bench_with(rule(SECRETS))
    bench.refresh()
    bench.answer, works = fail, bench.answer
    bench.related.on_add(secret("a"))
    bench.answer = works
    assert bench.enqueued == []
    bench.related.on_add(secret("b"))
    assert bench.enqueued == [KEY]


def test_rule_that_fails_does_not_keep_the_others_from_being_heard() -> None:
    bench = bench_with({}, rule(SECRETS, names=["a"], labelSelector={}), rule(SECRETS, namespace="default"))
    bench.refresh()
    bench.related.on_add(secret("a"))
    assert bench.enqueued == [KEY]


def test_change_that_meets_a_null_rule_ends_the_process() -> None:
    bench = bench_with(rule(SECRETS), None)
    bench.refresh()
    bench.related.on_add(secret("a"))
    assert (bench.enqueued, bench.crashes) == ([KEY], [])
    bench.related.on_add(named("Slot", "a"))
    assert bench.enqueued == [KEY]
    assert bench.crashes == ["a change of Slot a: a null in relatedResources: the original crashes here"]


def test_labels_of_namespaces_select_but_their_changes_bring_nobody() -> None:
    bench = bench_with(rule(SECRETS, namespaceSelector={"matchLabels": BLUE}))
    bench.server.seed(NAMESPACES, with_metadata(named("Namespace", "default"), labels=BLUE))
    bench.server.seed(SECRETS, secret("a"))
    bench.sync()
    assert bench.seen_related() == {"Secret.v1": ["default/a"]}
    assert bench.caches[NAMESPACES].handlers == []
    bench.related.on_add(secret("b"))
    assert bench.enqueued == [KEY]


def test_cache_that_lags_shows_too_little() -> None:
    bench = bench_with(rule(PODS))
    bench.sync()
    bench.server.seed(PODS, with_metadata(named("Pod", "a"), namespace="default"))
    bench.sync(with_old_caches=True)
    assert bench.seen_related() == {"Pod.v1": []}
