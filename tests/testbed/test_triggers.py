"""What makes a parent be synced, and what does not."""

import pytest

from testbed.metacontroller.objects import Manifest, with_metadata
from testbed.metacontroller.triggers import ChildTrigger, ParentTrigger
from tests.testbed.bench import KEY, PARENT_UID, ListedCache, named, owned
from tests.testbed.memory_server import DELETED_AT, PARENTS, MemoryServer

PARENT = with_metadata(
    {"apiVersion": PARENTS.api_version, "kind": PARENTS.kind},
    name="demo",
    namespace="default",
    uid=PARENT_UID,
    generation=1,
    resourceVersion="1",
)
CHILD = owned(named("Secret", "pki"))
ORPHAN = with_metadata(CHILD, ownerReferences=[])
TERMINATING = {"deletionTimestamp": DELETED_AT}


@pytest.mark.parametrize(
    ("new", "counts"),
    [
        ({**PARENT, "status": {"phase": "Running"}}, False),
        (with_metadata(PARENT, finalizers=["x"]), False),
        (with_metadata(PARENT), False),
        (with_metadata(PARENT, generation=2), True),
        (with_metadata(PARENT, labels={"a": "b"}), True),
        (with_metadata(PARENT, annotations={"a": "b"}), True),
        (with_metadata(PARENT, **TERMINATING), True),
        (PARENT, True),
    ],
    ids=["status", "finalizers", "listed again", "generation", "labels", "annotations", "deletion", "resync"],
)
def test_updates_of_parents_whose_status_is_ignored(new: Manifest, *, counts: bool) -> None:
    ignoring, all_ears = list[str](), list[str]()
    ParentTrigger(ignoring.append, ignores_status=True).on_update(PARENT, new)
    ParentTrigger(all_ears.append, ignores_status=False).on_update(PARENT, new)
    assert ignoring == ([KEY] if counts else [])
    assert all_ears == [KEY]


def test_parents_that_come_and_go_count() -> None:
    heard = list[str]()
    trigger = ParentTrigger(heard.append, ignores_status=True)
    trigger.on_add(PARENT)
    trigger.on_delete(PARENT)
    assert heard == [KEY, KEY]


def hear_of_child() -> tuple[ChildTrigger, list[str]]:
    """A trigger that knows of the one parent, and what it enqueues."""
    server = MemoryServer()
    server.seed(PARENTS, PARENT)
    parents, heard = ListedCache(server, PARENTS), list[str]()
    parents.refresh()
    return ChildTrigger(parents, heard.append), heard


def with_owner(**fields: str) -> Manifest:
    (reference,) = CHILD["metadata"]["ownerReferences"]
    return with_metadata(CHILD, ownerReferences=[{**reference, **fields}])


@pytest.mark.parametrize(
    ("child", "counts"),
    [
        (CHILD, True),
        (with_metadata(CHILD, **TERMINATING), True),
        (with_metadata(CHILD, labels={}), True),
        (ORPHAN, True),
        (with_metadata(ORPHAN, **TERMINATING), False),
        (with_metadata(ORPHAN, labels={"controller-uid": "x"}), False),
        (with_owner(uid="somebody-else"), False),
        (with_owner(name="nobody"), False),
        (with_owner(kind="ReplicaSet"), False),
        (with_owner(apiVersion="other.example.com/v1"), False),
        (with_owner(apiVersion="example.com/v2"), True),
        (with_metadata(CHILD, namespace="elsewhere"), False),
    ],
    ids=[
        "a child",
        "a terminating child",
        "a child without the label",
        "an orphan with the label",
        "a terminating orphan",
        "an orphan with another label",
        "of a recreated parent",
        "of a parent that is not known",
        "of another kind",
        "of another group",
        "of another version",
        "in another namespace",
    ],
)
def test_new_child_syncs_its_parent(child: Manifest, *, counts: bool) -> None:
    trigger, heard = hear_of_child()
    trigger.on_add(child)
    assert heard == ([KEY] if counts else [])


def test_resync_of_children_does_not_count_and_a_new_version_does() -> None:
    trigger, heard = hear_of_child()
    old = with_metadata(CHILD, resourceVersion="1")
    trigger.on_update(old, old)
    assert heard == []
    trigger.on_update(old, with_metadata(old, resourceVersion="2"))
    assert heard == [KEY]


def test_orphan_that_goes_does_not_count() -> None:
    trigger, heard = hear_of_child()
    trigger.on_delete(ORPHAN)
    assert heard == []
    trigger.on_delete(CHILD)
    assert heard == [KEY]
