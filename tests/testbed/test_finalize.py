"""How parents go: the finalize hook, the finalizer, and what happens to children meanwhile."""

import pytest

from testbed.metacontroller.objects import finalizers, with_metadata
from tests.testbed.bench import FINALIZER, KEY, Bench, build_demo_composite, named
from tests.testbed.memory_server import DELETED_AT, PARENTS, SECRETS

SECRET = named("Secret", "pki")
HELD = {"children": [SECRET], "status": {"phase": "Terminating"}, "finalized": False}


def deleted_bench(*more_finalizers: str) -> Bench:
    """A parent with one Secret that is being deleted."""
    bench = Bench(build_demo_composite(hooks=("sync", "finalize")))
    bench.sync({"children": [SECRET], "status": {}})
    bench.server.edit(
        PARENTS,
        KEY,
        lambda parent: with_metadata(
            parent, deletionTimestamp=DELETED_AT, finalizers=[*finalizers(parent), *more_finalizers]
        ),
    )
    return bench


def test_finalize_is_asked_with_the_flag() -> None:
    bench = deleted_bench()
    bench.sync(HELD)
    name, question = bench.questions[-1]
    assert (name, question["finalizing"]) == ("finalize", True)


def test_children_are_managed_until_it_is_finalized() -> None:
    bench = deleted_bench()
    bench.sync({**HELD, "children": [SECRET, named("Secret", "again")]})
    assert bench.server.keys(SECRETS) == ["default/again", "default/pki"]
    assert bench.sync({**HELD, "children": []}) == "deleted Secret default/again; deleted Secret default/pki"


def test_finalized_parent_leaves_its_children_to_the_collector() -> None:
    bench = deleted_bench()
    said = bench.sync({"children": [], "status": {}, "finalized": True})
    assert said == "removed the finalizer of Thing default/demo"
    assert bench.server.peek(PARENTS, KEY) is None
    assert bench.server.keys(SECRETS) == ["default/pki"]


def test_finalize_is_asked_again_while_others_hold_the_parent() -> None:
    bench = deleted_bench("example.com/hold")
    bench.sync({"children": [], "status": {}, "finalized": True})
    assert finalizers(bench.parent) == ["example.com/hold"]
    bench.sync({"children": [named("Secret", "more")], "status": {}, "finalized": True})
    assert bench.asked == ["sync", "finalize", "finalize"]
    assert bench.server.keys(SECRETS) == ["default/pki"]
    assert finalizers(bench.parent) == ["example.com/hold"]


@pytest.mark.parametrize("collector", ["foregroundDeletion", "orphan"])
def test_foreground_deletion_calls_the_hook_and_keeps_children(collector: str) -> None:
    bench = deleted_bench(collector)
    assert bench.sync({**HELD, "children": [named("Secret", "again")]}) == "wrote the status"
    assert bench.server.keys(SECRETS) == ["default/pki"]
    bench.sync({**HELD, "finalized": True})
    assert finalizers(bench.parent) == [collector]


def test_finalized_from_sync_removes_the_finalizer_until_the_next() -> None:
    bench = Bench(build_demo_composite(hooks=("sync", "finalize")))
    bench.sync({"children": [SECRET], "status": {}, "finalized": True})
    assert finalizers(bench.parent) == []
    assert bench.server.keys(SECRETS) == ["default/pki"]
    assert bench.sync() == "added the finalizer to Thing default/demo; removed the finalizer of Thing default/demo"


def test_terminating_parent_without_finalize_hook_is_synced_alone() -> None:
    bench = Bench()
    bench.server.edit(
        PARENTS, KEY, lambda parent: with_metadata(parent, deletionTimestamp=DELETED_AT, finalizers=["x"])
    )
    assert bench.sync({"children": [SECRET], "status": {"phase": "x"}}) == "wrote the status"
    assert bench.asked == ["sync"]
    assert bench.questions[-1][1]["finalizing"] is False


def test_terminating_parent_gets_no_finalizer() -> None:
    bench = Bench(build_demo_composite(hooks=("sync", "finalize")))
    bench.server.edit(
        PARENTS, KEY, lambda parent: with_metadata(parent, deletionTimestamp=DELETED_AT, finalizers=["x"])
    )
    bench.sync(HELD)
    assert finalizers(bench.parent) == ["x"]
    assert FINALIZER not in str(bench.parent)
