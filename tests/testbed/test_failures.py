"""What the API server refuses: which errors end a sync, in which words, and which are passed over."""

import pytest

from testbed.metacontroller.errors import CONFLICT, NOT_FOUND, SyncError
from testbed.metacontroller.objects import Manifest, with_metadata
from tests.testbed.bench import KEY, Bench, build_demo_composite, named
from tests.testbed.memory_server import PARENTS, SECRETS

SECRET = named("Secret", "pki", data={"a": "MQ=="})
ONE_SECRET = {"children": [SECRET], "status": {"phase": "Running"}}
CHANGED: Manifest = {"children": [{**SECRET, "data": {"a": "Mg=="}}], "status": {"phase": "Changed"}}
FORBIDDEN = SyncError("Forbidden")


def test_unwritable_finalizer_ends_the_sync_before_the_hook() -> None:
    bench = Bench(build_demo_composite(hooks=("sync", "finalize")))
    bench.server.fail("PUT things", FORBIDDEN)
    with pytest.raises(SyncError, match=r"^can't sync finalizer for Thing default/demo: Forbidden$"):
        bench.sync(ONE_SECRET)
    assert bench.questions == []


def test_stuck_finalizer_ends_the_sync_before_the_children() -> None:
    bench = Bench(build_demo_composite(hooks=("sync", "finalize")))
    bench.sync(ONE_SECRET)
    bench.server.fail("PUT things", FORBIDDEN)
    with pytest.raises(SyncError, match=r"^can't remove finalizer for Thing default/demo: Forbidden$"):
        bench.sync({"children": [], "finalized": True})
    assert bench.server.keys(SECRETS) == ["default/pki"]


@pytest.mark.parametrize(
    ("request_", "error", "sentence"),
    [
        ("PUT status things", FORBIDDEN, "can't update status for Thing default/demo: Forbidden"),
        ("PUT secrets", FORBIDDEN, "can't reconcile children for Thing default/demo: Forbidden"),
        ("DELETE secrets", FORBIDDEN, "can't delete Secret default/pki: Forbidden"),
        ("DELETE secrets", SyncError("uid", reason=CONFLICT), "can't delete Secret default/pki: uid"),
    ],
    ids=["the status", "an update, of an immutable field say", "a deletion", "a deletion of another object"],
)
def test_failed_request_ends_the_sync_with_an_error(request_: str, error: SyncError, sentence: str) -> None:
    bench = Bench()
    bench.sync(ONE_SECRET)
    bench.server.fail(request_, error)
    answer = {**CHANGED, "children": []} if request_.startswith("DELETE") else CHANGED
    with pytest.raises(SyncError) as caught:
        bench.sync(answer)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("request_", "reason", "answer"),
    [
        ("PUT status things", CONFLICT, CHANGED),
        ("PUT status things", NOT_FOUND, CHANGED),
        ("PUT secrets", CONFLICT, CHANGED),
        ("PUT secrets", NOT_FOUND, CHANGED),
        ("DELETE secrets", NOT_FOUND, {**CHANGED, "children": []}),
    ],
    ids=[
        "a status that others keep changing",
        "a parent that is gone",
        "a child that others changed",
        "a child that is gone before its update",
        "a child that is gone before its deletion",
    ],
)
def test_expected_failure_of_a_request_is_no_error(request_: str, reason: str, answer: Manifest) -> None:
    bench = Bench()
    bench.sync(ONE_SECRET)
    bench.server.fail(request_, SyncError("no", reason=reason))
    bench.sync(answer)


def test_sync_of_a_deleted_parent_is_a_success() -> None:
    bench = Bench()
    bench.server.fail("POST secrets", FORBIDDEN)
    bench.server.before["POST secrets default/pki"] = lambda: bench.server.edit(
        PARENTS, KEY, lambda parent: with_metadata(parent, uid="another")
    )
    assert bench.sync(ONE_SECRET) == "nothing to do"
    assert "status" not in bench.parent


def test_conflict_is_tried_four_times() -> None:
    bench = Bench()
    bench.server.fail("PUT status things", SyncError("no", reason=CONFLICT))
    bench.sync(ONE_SECRET)
    assert bench.writes[1:] == [f"PUT status things {KEY}"] * 4


def test_several_errors_are_reported_together_and_each_once() -> None:
    bench = Bench()
    bench.server.fail("POST secrets", FORBIDDEN)
    answer = {"children": [SECRET, named("Secret", "join"), named("Pot", "a")], "status": {}}
    with pytest.raises(SyncError) as caught:
        bench.sync(answer)
    assert str(caught.value) == (
        "can't reconcile children for Thing default/demo: [discovery: can't find kind Pot in apiVersion v1, Forbidden]"
    )
