"""Rules for related objects: what each combination of their fields selects, and what can't be combined."""

import pytest

from testbed.metacontroller.errors import NotSyncedError, SyncError
from testbed.metacontroller.objects import Manifest, key, with_metadata
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.rules import RelatedRule, build_selection
from tests.testbed.bench import ListedCache, named
from tests.testbed.memory_server import NAMESPACES, SECRETS, SLOTS, MemoryServer

BLUE = {"labels": {"colour": "blue"}}
SECRETS_THERE = [
    with_metadata(named("Secret", "a"), namespace="one", **BLUE),
    with_metadata(named("Secret", "b"), namespace="one"),
    with_metadata(named("Secret", "a"), namespace="two"),
    with_metadata(named("Secret", "b"), namespace="two", **BLUE),
    with_metadata(named("Secret", "c"), namespace="two", labels={"colour": "blue", "n": 1}),
    with_metadata(named("Secret", "a"), namespace="unknown"),
]
SLOTS_THERE = [with_metadata(named("Slot", "x"), **BLUE), named("Slot", "y")]
BY_COLOUR = {"labelSelector": {"matchLabels": {"colour": "blue"}}}
IN_BLUE = {"namespaceSelector": {"matchLabels": {"colour": "blue"}}}


def namespaces() -> ListedCache:
    server = MemoryServer()
    server.seed(NAMESPACES, with_metadata(named("Namespace", "one"), **BLUE))
    server.seed(NAMESPACES, named("Namespace", "two"))
    return ListedCache(server, NAMESPACES)


def select(rule: Manifest, resource: Resource, objects: list[Manifest]) -> list[str]:
    there = namespaces()
    there.refresh()
    return list(map(key, filter(build_selection(RelatedRule.model_validate(rule), resource, there), objects)))


@pytest.mark.parametrize(
    ("rule", "selected"),
    [
        ({}, ["one/a", "one/b", "two/a", "two/b", "two/c", "unknown/a"]),
        (
            {"namespace": "", "names": [], "labelSelector": None},
            ["one/a", "one/b", "two/a", "two/b", "two/c", "unknown/a"],
        ),
        ({"labelSelector": {}, "namespace": "one"}, ["one/a", "one/b"]),
        (BY_COLOUR, ["one/a", "two/b"]),
        ({**BY_COLOUR, "namespace": "two"}, ["two/b"]),
        ({"namespace": "two"}, ["two/a", "two/b", "two/c"]),
        ({"namespace": "two", "names": ["a", "c", "d"]}, ["two/a", "two/c"]),
        ({"names": ["a"]}, ["one/a", "two/a", "unknown/a"]),
        (IN_BLUE, ["one/a", "one/b"]),
        ({**IN_BLUE, **BY_COLOUR}, ["one/a"]),
        ({"namespaceSelector": {}}, ["one/a", "one/b", "two/a", "two/b", "two/c"]),
    ],
    ids=[
        "nothing selects everything, wherever it is",
        "nulls and empty values are nothing",
        "an empty labelSelector and a namespace",
        "by label in all namespaces; labels that can't be read are none",
        "by label in a namespace",
        "by namespace",
        "by namespace and name",
        "by name in all namespaces",
        "by the labels of namespaces",
        "by the labels of namespaces and objects",
        "an empty namespaceSelector does not know a namespace that is not cached",
    ],
)
def test_namespaced_kinds_are_selected(rule: Manifest, selected: list[str]) -> None:
    assert select(rule, SECRETS, SECRETS_THERE) == selected


@pytest.mark.parametrize(
    ("rule", "selected"),
    [
        ({}, ["x", "y"]),
        (BY_COLOUR, ["x"]),
        ({"namespace": "one"}, ["x", "y"]),
        ({"namespace": "one", "names": ["y"]}, ["y"]),
        ({**BY_COLOUR, "namespace": "one"}, ["x"]),
    ],
    ids=["all", "by label", "a namespace is ignored", "by name", "a namespace with a label is ignored"],
)
def test_cluster_scoped_kinds_are_selected(rule: Manifest, selected: list[str]) -> None:
    assert select(rule, SLOTS, SLOTS_THERE) == selected


@pytest.mark.parametrize(
    ("rule", "resource", "sentence"),
    [
        ({"names": ["a"], "labelSelector": {}}, SECRETS, "both names and labelSelector/namespaceSelector"),
        ({"names": ["a"], "namespaceSelector": {}}, SECRETS, "both names and labelSelector/namespaceSelector"),
        ({"namespace": "a", "namespaceSelector": {}}, SECRETS, "both namespace and namespaceSelector"),
        ({"namespaceSelector": {}}, SLOTS, "namespaceSelector is only supported for namespaced related resources"),
        ({"labelSelector": {"matchExpressions": [{}]}}, SECRETS, "not a valid label selector operator"),
        ({"namespaceSelector": {"matchExpressions": [{}]}}, SECRETS, "not a valid label selector operator"),
    ],
    ids=[
        "names and labelSelector, be it empty",
        "names and namespaceSelector",
        "namespace and namespaceSelector",
        "namespaceSelector for a kind without namespaces",
        "a labelSelector that is none",
        "a namespaceSelector that is none",
    ],
)
def test_invalid_rule_is_rejected_without_any_object(rule: Manifest, resource: Resource, sentence: str) -> None:
    with pytest.raises(SyncError) as caught:
        select(rule, resource, [])
    assert sentence in str(caught.value)


def test_sync_waits_for_uncached_namespaces_that_matter() -> None:
    with pytest.raises(NotSyncedError):
        build_selection(RelatedRule.model_validate(IN_BLUE), SECRETS, namespaces())
    build_selection(RelatedRule.model_validate(BY_COLOUR), SECRETS, namespaces())
