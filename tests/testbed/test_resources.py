"""Kinds and discovery."""

import pytest

from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.objects import Manifest
from testbed.metacontroller.resources import Discovery, Resource
from tests.testbed.clock import Clock
from tests.testbed.memory_server import NAMESPACES, PARENTS, PODS, SECRETS, served


@pytest.mark.parametrize(
    ("resource", "path"),
    [(PODS, "/api/v1/namespaces/a/pods/b"), (PARENTS, "/apis/example.com/v1/namespaces/a/things/b")],
    ids=["core", "a group"],
)
def test_objects_have_these_paths(resource: Resource, path: str) -> None:
    assert resource.path("a", "b") == path
    assert resource.path("a", "b", "status") == f"{path}/status"


def test_paths_of_collections_and_of_what_has_no_namespace() -> None:
    assert PODS.path("") == "/api/v1/pods"
    assert NAMESPACES.path("ignored", "a") == "/api/v1/namespaces/a"


def test_kinds_are_found_by_either_name_and_with_their_subresource() -> None:
    discovery = Discovery(served, interval=30)
    assert discovery.by_plural("v1", "pods") == discovery.by_kind("v1", "Pod") == PODS
    assert discovery.by_plural("v1", "secrets") == SECRETS
    assert (PODS.has_status, SECRETS.has_status) == (True, False)


def test_missing_kind_is_looked_up_again_after_the_interval() -> None:
    clock, known = Clock(), list[Manifest]()
    discovery = Discovery(lambda _: known, interval=30, clock=clock)
    with pytest.raises(SyncError, match="discovery: can't find resource pods in apiVersion v1"):
        discovery.by_plural("v1", "pods")
    known.extend(served("v1"))
    clock.now = 29
    with pytest.raises(SyncError, match="discovery: can't find kind Pod in apiVersion v1"):
        discovery.by_kind("v1", "Pod")
    clock.now = 30
    assert discovery.by_kind("v1", "Pod") == PODS


def test_removed_kind_is_noticed_after_the_interval() -> None:
    clock, known = Clock(), served("v1")
    discovery = Discovery(lambda _: known, interval=30, clock=clock)
    assert discovery.by_plural("v1", "pods") == PODS
    known.clear()
    clock.now = 29
    assert discovery.by_plural("v1", "pods") == PODS
    clock.now = 30
    with pytest.raises(SyncError, match="discovery: can't find resource pods in apiVersion v1"):
        discovery.by_plural("v1", "pods")


def test_api_server_that_does_not_answer_leaves_known_what_was() -> None:
    answers = iter([served("v1")])

    def fetch(_: str) -> list[Manifest]:
        try:
            return next(answers)
        except StopIteration:
            raise SyncError("down") from None

    discovery = Discovery(fetch, interval=0)
    assert discovery.by_plural("v1", "pods") == discovery.by_plural("v1", "pods") == PODS
    with pytest.raises(SyncError, match="down"):
        Discovery(fetch, interval=0).by_plural("v1", "pods")
