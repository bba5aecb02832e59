"""Parents without a namespace: their children, their status, their finalizer, and what makes them be synced."""

from typing import Any

import pytest

from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.merge import LAST_APPLIED
from testbed.metacontroller.objects import Manifest, controller_of, finalizers, metadata, with_metadata
from testbed.metacontroller.triggers import ChildTrigger, ParentTrigger
from tests.testbed.bench import FINALIZER, PARENT_UID, Bench, ListedCache, build_demo_composite, named, owned
from tests.testbed.memory_server import DELETED_AT, PARENTS, POOLS, SECRETS, SLOTS, MemoryServer


def build_bench(**spec: Any) -> Bench:
    """A pool whose children are slots and secrets."""
    children = [
        {"apiVersion": kind.api_version, "resource": kind.plural, "updateStrategy": {"method": "InPlace"}}
        for kind in (SLOTS, SECRETS)
    ]
    parents = {"apiVersion": POOLS.api_version, "resource": POOLS.plural}
    return Bench(build_demo_composite(**{"parentResource": parents, "childResources": children, **spec}))


def slot(name: str, **fields: Any) -> Manifest:
    return named("Slot", name, apiVersion=SLOTS.api_version, **fields)


def owned_by_pool(obj: Manifest, namespace: str = "") -> Manifest:
    (reference,) = owned(obj)["metadata"]["ownerReferences"]
    pool = {**reference, "kind": POOLS.kind, "apiVersion": POOLS.api_version}
    return with_metadata(
        obj,
        labels={"controller-uid": PARENT_UID},
        ownerReferences=[pool],
        **({"namespace": namespace} if namespace else {}),
    )


def answer(*children: Manifest) -> Manifest:
    return {"children": list(children), "status": {"free": 3}}


@pytest.mark.parametrize("place", [{}, {"namespace": ""}], ids=["no namespace", "an empty namespace"])
def test_child_without_a_namespace_is_created_seen_updated_and_deleted(place: Manifest) -> None:
    bench = build_bench()
    assert bench.sync(answer(with_metadata(slot("a"), **place))) == "created Slot a; wrote the status"
    created = bench.server.peek(SLOTS, "a") or {}
    assert controller_of(created) == owned_by_pool({})["metadata"]["ownerReferences"][0]
    assert metadata(created)["annotations"][LAST_APPLIED] == (
        '{"apiVersion":"example.com/v1","kind":"Slot","metadata":{"labels":{"controller-uid":"uid-of-demo"},"name":"a"}}'
    )
    assert bench.sync() == "nothing to do"
    assert bench.seen_children() == ["a"]
    assert bench.sync(answer(with_metadata(slot("a", spec={"x": 1}), **place))) == "updated Slot a"
    assert bench.sync(answer()) == "deleted Slot a"


def test_child_may_be_in_any_namespace_but_has_to_name_it() -> None:
    bench = build_bench()
    secret = with_metadata(named("Secret", "pki"), namespace="elsewhere")
    assert bench.sync(answer(secret)).startswith("created Secret elsewhere/pki")
    assert bench.sync() == "nothing to do"
    assert bench.seen_children() == ["elsewhere/pki"]
    with pytest.raises(SyncError, match="the server does not allow this method"):
        bench.sync(answer(secret, named("Secret", "lost")))
    assert bench.server.keys(SECRETS) == ["elsewhere/pki"]


def test_status_is_written() -> None:
    bench = build_bench()
    assert bench.sync(answer()) == "wrote the status"
    assert bench.server.requests[-2:] == ["GET pools demo", "PUT status pools demo"]
    assert bench.parent["status"] == {"free": 3, "observedGeneration": 1}


def test_finalizer_comes_and_goes() -> None:
    bench = build_bench(hooks=("sync", "finalize"))
    assert bench.sync(answer(slot("a"))).startswith("added the finalizer to Pool demo; created Slot a")
    assert finalizers(bench.parent) == [FINALIZER]
    bench.server.edit(POOLS, "demo", lambda pool: with_metadata(pool, deletionTimestamp=DELETED_AT))
    assert bench.sync({**answer(), "finalized": False}) == "deleted Slot a; wrote the status"
    assert bench.sync({**answer(), "finalized": True}) == "removed the finalizer of Pool demo"
    assert bench.server.peek(POOLS, "demo") is None


def test_orphans_of_all_namespaces_are_adopted_and_strays_released() -> None:
    bench = build_bench()
    bench.server.seed(SLOTS, with_metadata(owned_by_pool(slot("a")), ownerReferences=[]))
    bench.server.seed(SECRETS, with_metadata(owned_by_pool(named("Secret", "b"), "elsewhere"), ownerReferences=[]))
    bench.server.seed(SLOTS, with_metadata(owned_by_pool(slot("c")), labels={}))
    said = bench.sync(answer())
    assert said.startswith("released Slot c; adopted Slot a; adopted Secret elsewhere/b; deleted ")
    assert bench.seen_children() == ["a", "elsewhere/b"]


def test_related_objects_of_all_namespaces_are_shown() -> None:
    bench = build_bench(hooks=("sync", "customize"))
    wanted = {"relatedResources": [{"apiVersion": PARENTS.api_version, "resource": PARENTS.plural}]}
    bench.answer = lambda name, _: wanted if name == "customize" else answer()
    for namespace in ("one", "two"):
        thing = named(PARENTS.kind, "demo", apiVersion=PARENTS.api_version)
        bench.server.seed(PARENTS, with_metadata(thing, namespace=namespace))
    bench.sync()
    assert bench.seen_related() == {"Thing.example.com/v1": ["one/demo", "two/demo"]}
    bench.related.on_delete(bench.server.peek(PARENTS, "two/demo") or {})
    assert bench.enqueued == ["demo"]


def test_parent_with_a_namespace_never_sees_a_child_without_one() -> None:
    bench = build_bench(parentResource={"apiVersion": PARENTS.api_version, "resource": PARENTS.plural})
    for said in ("created Slot default/a; wrote the status", "left alone, its name being taken: Slot default/a"):
        assert bench.sync(answer(slot("a"))) == said
        assert bench.seen_children() == []
    assert bench.sync(answer()) == "nothing to do"
    assert bench.server.keys(SLOTS) == ["a"]


@pytest.mark.parametrize(
    ("child", "counts"),
    [
        (owned_by_pool(slot("a")), True),
        (owned_by_pool(named("Secret", "a"), "elsewhere"), True),
        (with_metadata(owned_by_pool(slot("a")), ownerReferences=[]), True),
        (with_metadata(owned_by_pool(named("Secret", "a"), "elsewhere"), ownerReferences=[]), True),
        (owned(named("Secret", "a")), False),
        (slot("a"), False),
    ],
    ids=[
        "a child",
        "a child in a namespace",
        "an orphan with the label",
        "an orphan with the label in a namespace",
        "a child of a parent of another kind",
        "an orphan without the label",
    ],
)
def test_events_that_sync_a_parent(child: Manifest, *, counts: bool) -> None:
    server, heard = MemoryServer(), list[str]()
    pool = server.seed(POOLS, {"kind": POOLS.kind, "metadata": {"name": "demo", "uid": PARENT_UID}})
    pools = ListedCache(server, POOLS)
    pools.refresh()
    ParentTrigger(heard.append, ignores_status=True).on_add(pool)
    ChildTrigger(pools, heard.append).on_add(child)
    assert heard == ["demo", *(["demo"] if counts else [])]
