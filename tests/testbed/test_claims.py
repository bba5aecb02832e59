"""Which objects are children: adopted, released, kept, invisible."""

import pytest

from testbed.metacontroller.errors import NOT_FOUND, SyncError
from testbed.metacontroller.objects import Manifest, controller_of, owner_references, with_metadata
from tests.testbed.bench import KEY, PARENT_UID, Bench, named, owned
from tests.testbed.memory_server import DELETED_AT, PARENTS, SECRETS

OWNED = owned(named("Secret", "pki"))
ORPHAN = with_metadata(OWNED, ownerReferences=[])
TERMINATING = {"deletionTimestamp": DELETED_AT, "finalizers": ["x"]}
ANSWER = {"children": [named("Secret", "pki")], "status": {}}


@pytest.mark.parametrize(
    ("obj", "is_child"),
    [
        (OWNED, True),
        (with_metadata(OWNED, **TERMINATING), True),
        (owned(OWNED, label="other"), False),
        (ORPHAN, True),
        (with_metadata(ORPHAN, **TERMINATING), False),
        (with_metadata(ORPHAN, labels={}), False),
        (with_metadata(ORPHAN, labels={"controller-uid": PARENT_UID, "n": 1}), False),
        (owned(OWNED, uid="somebody-else"), False),
        (with_metadata(OWNED, namespace="elsewhere"), False),
    ],
    ids=[
        "owned and labelled",
        "owned, labelled and terminating",
        "owned with a wrong label",
        "an orphan with the label",
        "a terminating orphan with the label",
        "an orphan without the label",
        "an orphan whose labels can't be read",
        "of another controller",
        "in another namespace",
    ],
)
def test_object_with_matching_labels_is_a_child(obj: Manifest, *, is_child: bool) -> None:
    bench = Bench()
    bench.server.seed(SECRETS, obj)
    bench.sync()
    assert bench.seen_children() == ([f"{obj['metadata']['namespace']}/pki"] if is_child else [])


def test_orphan_is_adopted_and_observed_without_the_reference_at_first() -> None:
    bench = Bench()
    bench.server.seed(SECRETS, with_metadata(ORPHAN, ownerReferences=[{"uid": "x", "kind": "ReplicaSet"}]))
    assert bench.sync(ANSWER).startswith("adopted Secret default/pki; left for the next sync")
    assert controller_of(bench.questions[0][1]["children"]["Secret.v1"]["default/pki"]) is None
    adopted = bench.server.peek(SECRETS, "default/pki") or {}
    assert owner_references(adopted) == [{"uid": "x", "kind": "ReplicaSet"}, *owner_references(OWNED)]
    # An adopted object has no last-applied annotation: it is updated once.
    assert bench.sync() == "updated Secret default/pki"
    assert bench.sync() == "nothing to do"


def test_adopted_object_that_is_not_wanted_is_deleted() -> None:
    bench = Bench()
    bench.server.seed(SECRETS, ORPHAN)
    assert bench.sync({"children": []}) == "adopted Secret default/pki; deleted Secret default/pki; wrote the status"


def test_relabelled_child_is_released_and_blocks_its_name() -> None:
    bench = Bench()
    bench.sync(ANSWER)
    bench.server.edit(SECRETS, "default/pki", lambda child: with_metadata(child, labels={"controller-uid": "x"}))
    assert bench.sync() == "released Secret default/pki; left alone, its name being taken: Secret default/pki"
    assert owner_references(bench.server.peek(SECRETS, "default/pki") or {}) == []
    assert bench.sync() == "left alone, its name being taken: Secret default/pki"
    assert bench.seen_children() == []


@pytest.mark.parametrize("obj", [ORPHAN, owned(OWNED, label="other")], ids=["adopts nothing", "releases nothing"])
def test_terminating_parent_changes_no_object(obj: Manifest) -> None:
    bench = Bench()
    seeded = bench.server.seed(SECRETS, obj)
    bench.server.edit(PARENTS, KEY, lambda parent: with_metadata(parent, **TERMINATING))
    bench.sync()
    assert bench.server.peek(SECRETS, "default/pki") == seeded


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (TERMINATING, "default/demo has just been deleted at 2026-01-01T00:00:00Z"),
        ({"uid": "another"}, "can't recheck DeletionTimestamp: original Thing default/demo is gone"),
    ],
    ids=["that is being deleted", "that was recreated"],
)
def test_parent_is_looked_at_live_before_it_adopts(fields: Manifest, sentence: str) -> None:
    bench = Bench()
    bench.server.seed(SECRETS, ORPHAN)
    bench.refresh()
    bench.server.edit(PARENTS, KEY, lambda parent: {**parent, "metadata": {**parent["metadata"], **fields}})
    with pytest.raises(SyncError) as caught:
        bench.sync(with_old_caches=True)
    assert str(caught.value).startswith("can't claim Secret children: can't adopt Secret default/pki (")
    assert str(caught.value).endswith(sentence)
    assert bench.asked == []


def test_parent_is_looked_at_once_for_all_orphans() -> None:
    bench = Bench()
    bench.server.seed(SECRETS, ORPHAN)
    bench.server.seed(SECRETS, with_metadata(ORPHAN, name="join"))
    bench.refresh()
    bench.server.fail(f"GET things {KEY}", SyncError("down"))
    with pytest.raises(SyncError, match=r"\[can't adopt Secret default/pki .*, can't adopt Secret default/join "):
        bench.sync(with_old_caches=True)
    assert bench.server.requests == [f"GET things {KEY}"]


def test_orphan_that_is_gone_meanwhile_is_no_child_and_no_error() -> None:
    bench = Bench()
    bench.server.seed(SECRETS, ORPHAN)
    bench.server.fail("GET secrets", SyncError("gone", reason=NOT_FOUND))
    bench.sync()
    assert bench.seen_children() == []
