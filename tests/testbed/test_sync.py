"""The sync algorithm: what is done, in which order, and what it costs."""

import pytest

from testbed.metacontroller.errors import SyncError, TooManyRequestsError
from testbed.metacontroller.merge import LAST_APPLIED
from testbed.metacontroller.objects import Manifest, finalizers, metadata, with_metadata
from tests.testbed.bench import FINALIZER, KEY, PARENT_UID, Bench, build_demo_composite, named, owned
from tests.testbed.memory_server import DELETED_AT, PARENTS, PODS, SECRETS, MemoryServer

SECRET = named("Secret", "pki", data={"a": "MQ=="})
ONE_SECRET = {"children": [SECRET], "status": {"phase": "Running"}}
WITH_FINALIZE = build_demo_composite(hooks=("sync", "finalize"))


def test_child_is_created_with_owner_label_and_what_was_applied() -> None:
    bench = Bench()
    said = bench.sync(ONE_SECRET)
    child = bench.server.peek(SECRETS, "default/pki") or {}
    assert metadata(child)["labels"] == {"controller-uid": PARENT_UID}
    assert metadata(child)["ownerReferences"] == metadata(owned(SECRET))["ownerReferences"]
    assert metadata(child)["annotations"][LAST_APPLIED] == (
        '{"apiVersion":"v1","data":{"a":"MQ=="},"kind":"Secret","metadata":'
        '{"labels":{"controller-uid":"uid-of-demo"},"name":"pki","namespace":"default"}}'
    )
    assert said == "created Secret default/pki; wrote the status"


def test_question_has_all_declared_kinds_and_no_related_objects() -> None:
    bench = Bench()
    bench.sync()
    name, question = bench.questions[0]
    assert name == "sync"
    assert question["children"] == {"Pod.v1": {}, "Secret.v1": {}}
    assert question["related"] == {}
    assert question["finalizing"] is False
    assert question["parent"]["metadata"]["uid"] == PARENT_UID


def test_steady_state_costs_one_read_and_changes_no_version() -> None:
    bench = Bench(WITH_FINALIZE)
    answer = {"children": [SECRET, named("Pod", "a", spec={"x": 1})], "status": {"phase": "Running"}}
    bench.sync(answer)
    versions = bench.versions()
    for _ in range(3):
        assert bench.sync() == "nothing to do"
        assert [request for request in bench.server.requests if not request.startswith("LIST")] == [f"GET things {KEY}"]
    assert bench.versions() == versions


def test_status_is_replaced_wholesale_and_its_generation_forced() -> None:
    bench = Bench()
    bench.sync({"children": [], "status": {"phase": "Waiting", "nodes": 1}})
    bench.sync({"children": [], "status": {"phase": "Running", "observedGeneration": 77}})
    assert bench.parent["status"] == {"phase": "Running", "observedGeneration": 1}


def test_conflict_in_an_update_waits_for_the_next_event() -> None:
    bench = Bench()
    bench.sync(ONE_SECRET)
    bench.refresh()
    bench.server.edit(SECRETS, "default/pki", lambda child: {**child, "data": {"a": "somebody else"}})
    changed = {"children": [{**SECRET, "data": {"a": "Mg=="}}], "status": {"phase": "Running"}}
    said = bench.sync(changed, with_old_caches=True)
    assert said == "left for the next sync, having changed meanwhile: Secret default/pki"
    assert bench.sync() == "updated Secret default/pki"


def test_on_delete_never_updates() -> None:
    bench = Bench(build_demo_composite("OnDelete"))
    bench.sync(ONE_SECRET)
    assert bench.sync({**ONE_SECRET, "children": [{**SECRET, "data": {"a": "Mg=="}}]}) == "nothing to do"


def test_status_of_a_child_cannot_be_set() -> None:
    bench = Bench()
    bench.sync({"children": [named("Pod", "a")], "status": {}})
    # One update there is: what was applied is remembered with it.
    with_status = {"children": [named("Pod", "a", status={"phase": "Running"})], "status": {}}
    assert bench.sync(with_status) == "updated Pod default/a"
    assert "status" not in (bench.server.peek(PODS, "default/a") or {})
    assert bench.sync(with_status) == "nothing to do"


def test_status_is_written_although_a_child_failed() -> None:
    bench = Bench()
    bench.server.fail("POST secrets", SyncError("spec.data: Forbidden", logged="422"))
    with pytest.raises(
        SyncError, match=r"^can't reconcile children for Thing default/demo: spec\.data: Forbidden$"
    ) as got:
        bench.sync({"children": [SECRET, named("Pod", "a")], "status": {"phase": "Running"}})
    assert got.value.logged == "can't reconcile children for Thing default/demo: 422"
    assert bench.parent["status"]["phase"] == "Running"
    assert bench.server.keys(PODS) == ["default/a"]


def test_kind_of_children_that_is_served_no_longer_fails_every_sync() -> None:
    bench = Bench()
    bench.sync(ONE_SECRET)
    bench.unserved = {"secrets"}
    with pytest.raises(SyncError, match="discovery: can't find resource secrets in apiVersion v1"):
        bench.sync()
    assert bench.asked == ["sync"]


def test_terminating_child_is_observed_and_left_alone_until_it_is_gone() -> None:
    bench = Bench()
    bench.sync(ONE_SECRET)
    bench.server.edit(
        SECRETS, "default/pki", lambda child: with_metadata(child, deletionTimestamp=DELETED_AT, finalizers=["x"])
    )
    changed = {**ONE_SECRET, "children": [{**SECRET, "data": {"a": "Mg=="}}]}
    assert bench.sync(changed) == "nothing to do"
    assert bench.seen_children() == ["default/pki"]
    assert bench.sync({**ONE_SECRET, "children": []}) == "nothing to do"
    bench.server.edit(SECRETS, "default/pki", lambda child: with_metadata(child, finalizers=[]))
    assert bench.sync(changed) == "created Secret default/pki"


def test_uid_of_a_child_is_checked_before_it_is_deleted() -> None:
    bench = Bench()
    bench.sync(ONE_SECRET)
    bench.refresh()
    bench.server.edit(SECRETS, "default/pki", lambda child: with_metadata(child, uid="another"))
    with pytest.raises(SyncError, match="can't delete Secret default/pki"):
        bench.sync({"children": [], "status": {}}, with_old_caches=True)
    assert bench.server.keys(SECRETS) == ["default/pki"]


def test_resync_is_armed_only_for_positive_seconds() -> None:
    bench = Bench()
    bench.sync({"children": [], "resyncAfterSeconds": 2.5})
    bench.sync({"children": [], "resyncAfterSeconds": 0})
    bench.sync({"children": [], "resyncAfterSeconds": -1})
    assert bench.scheduled == [(KEY, 2.5)]


def test_429_passes_through_and_changes_nothing() -> None:
    def busy(_name: str, _request: Manifest) -> bytes:
        raise TooManyRequestsError(0)

    bench = Bench()
    bench.answer = busy
    with pytest.raises(TooManyRequestsError):
        bench.sync()
    assert bench.writes == []


def test_parent_that_vanishes_before_its_status_is_written_is_no_error() -> None:
    bench = Bench()
    bench.refresh()
    bench.server.edit(PARENTS, KEY, lambda parent: with_metadata(parent, deletionTimestamp=DELETED_AT))
    bench.server.fail("POST secrets", SyncError("refused"))
    assert bench.sync(ONE_SECRET, with_old_caches=True) == "nothing to do"


def test_parent_that_the_cache_does_not_show_is_not_asked_about() -> None:
    bench = Bench()
    assert bench.sync(with_old_caches=True) == "it is gone"
    assert bench.questions == []


def test_status_that_others_change_meanwhile_is_written_on_top() -> None:
    bench = Bench()
    bench.server.before[f"PUT status things {KEY}"] = lambda: bench.server.edit(
        PARENTS, KEY, lambda parent: with_metadata(parent, labels={"team": "a"})
    )
    bench.sync(ONE_SECRET)
    assert bench.parent["status"]["phase"] == "Running"
    assert metadata(bench.parent)["labels"] == {"team": "a"}


def test_finalizer_is_there_before_the_first_question() -> None:
    bench = Bench(WITH_FINALIZE)
    said = bench.sync(ONE_SECRET)
    assert finalizers(bench.questions[0][1]["parent"]) == [FINALIZER]
    assert said.startswith("added the finalizer to Thing default/demo; created")


def test_finalizer_goes_where_there_is_no_finalize_hook() -> None:
    server = MemoryServer()
    Bench(WITH_FINALIZE, server).sync()
    bench = Bench(server=server)
    server.edit(PARENTS, KEY, lambda parent: with_metadata(parent, finalizers=[FINALIZER]))
    assert bench.sync().startswith("removed the finalizer of Thing default/demo")
