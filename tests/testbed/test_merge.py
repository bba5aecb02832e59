"""The three-way merge, and above all what differs forever after it."""

from typing import Any

import pytest

from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.merge import LAST_APPLIED, get_merge_key, merge, merge_update, with_last_applied
from testbed.metacontroller.objects import Manifest, deep_equal, with_metadata
from tests.testbed.bench import Bench, named
from tests.testbed.memory_server import MemoryServer

DEFAULT_TOLERATION = {"key": "node.kubernetes.io/not-ready", "operator": "Exists"}


def pod(**spec: Any) -> Manifest:
    return named("Pod", "a", spec=spec)


def observed(applied: Manifest, **stored: Any) -> Manifest:
    """The pod as the API server has it after `applied` was created."""
    system = {"uid": "u", "resourceVersion": "1", "creationTimestamp": "2026-01-01T00:00:00Z"}
    created = with_last_applied(applied, applied)
    return with_metadata({**created, "spec": {**created["spec"], **stored}, "status": {"phase": "Running"}}, **system)


@pytest.mark.parametrize(
    ("desired", "stored"),
    [
        ({"cpu": "0.5"}, {"cpu": "500m"}),
        ({"memory": "1024Mi"}, {"memory": "1Gi"}),
        ({"x": None, "y": 1}, {}),
        ({"args": []}, {}),
        ({"affinity": {}}, {}),
        ({"priority": 1.0}, {"priority": 1}),
        ({"typo": "x"}, {}),
        ({"image": "nginx"}, {"image": "registry.example.com/nginx"}),
        ({"tolerations": [{"key": "x"}]}, {"tolerations": [{"key": "x"}, DEFAULT_TOLERATION]}),
        (
            {"ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]},
            {"ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]},
        ),
    ],
    ids=[
        "a quantity that is not canonical",
        "a memory that is not canonical",
        "a null that the server drops",
        "an empty list that the server drops",
        "an empty map that the server drops",
        "a float for an integer",
        "a field that the schema prunes",
        "a value that a webhook rewrites",
        "a list without a key to which admission adds",
        "two protocols of one port",
    ],
)
def test_object_differs_forever(desired: Manifest, stored: Manifest) -> None:
    dropped = {field: value for field, value in desired.items() if field in stored}
    there = observed(pod(**desired))
    there = {**there, "spec": {**dropped, **stored}}
    assert not deep_equal(merge_update(there, pod(**desired)), there)


@pytest.mark.parametrize(
    ("desired", "stored"),
    [
        ({"cpu": "500m"}, {"restartPolicy": "Always"}),
        ({"containers": [{"name": "c"}]}, {"containers": [{"name": "c", "image": "x"}, {"name": "sidecar"}]}),
        ({"containers": [{"name": "a"}, {"name": "b"}]}, {"containers": [{"name": "b"}, {"name": "a"}]}),
        ({"ports": [{"port": 80}]}, {"ports": [{"port": 80, "protocol": "TCP"}]}),
        ({"args": ["a", "b"]}, {}),
    ],
    ids=[
        "a defaulted field",
        "an injected sidecar",
        "another order of a list with a key",
        "a defaulted field in a list with a key",
        "a list without a key that is the same",
    ],
)
def test_object_does_not_differ(desired: Manifest, stored: Manifest) -> None:
    there = observed(pod(**desired), **stored)
    assert deep_equal(merge_update(there, pod(**desired)), there)


def test_non_canonical_quantity_causes_a_put_per_sync() -> None:
    def canonical(obj: Manifest) -> Manifest:
        return {**obj, "spec": {"cpu": "500m"}} if obj["kind"] == "Pod" else obj

    bench = Bench(server=MemoryServer(canonical))
    bench.sync({"children": [pod(cpu="0.5")], "status": {}})
    versions = bench.versions()
    for _ in range(3):
        assert bench.sync() == "updated without effect Pod default/a"
        assert bench.writes == ["PUT pods default/a"]
    assert bench.versions() == versions
    bench.sync({"children": [pod(cpu="500m")], "status": {}})
    assert bench.sync() == "nothing to do"


def test_undesired_fields_go_and_those_of_others_stay() -> None:
    there = observed(pod(mine=1, old=2), theirs=3)
    merged = merge_update(there, pod(mine=4))
    assert merged["spec"] == {"mine": 4, "theirs": 3}
    assert merged["metadata"]["annotations"][LAST_APPLIED] == (
        '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"mine":4}}'
    )


def test_system_fields_and_status_stay_as_observed() -> None:
    there = observed(pod())
    wanted = with_metadata({**pod(), "status": {"phase": "Failed"}}, uid="other", resourceVersion="9", generation=5)
    merged = merge_update(there, wanted)
    assert merged["status"] == {"phase": "Running"}
    assert {**merged["metadata"], "annotations": None} == {**there["metadata"], "annotations": None}


def test_last_applied_annotation_of_a_hook_is_ignored() -> None:
    there = observed(pod(a=1))
    wanted = with_metadata(pod(a=1), annotations={LAST_APPLIED: "{}", "mine": "x"})
    assert merge_update(there, wanted)["metadata"]["annotations"][LAST_APPLIED] == (
        '{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"mine":"x"},"name":"a"},"spec":{"a":1}}'
    )


def test_adopted_object_differs_once() -> None:
    there = with_metadata(pod(a=1), uid="u")
    merged = merge_update(there, pod(a=1))
    assert not deep_equal(merged, there)
    assert deep_equal(merge_update(merged, pod(a=1)), merged)


def test_annotation_that_is_no_json_is_an_error() -> None:
    with pytest.raises(SyncError, match="can't unmarshal"):
        merge_update(with_metadata(pod(), annotations={LAST_APPLIED: "{"}), pod())


@pytest.mark.parametrize(
    ("items", "key"),
    [
        ([{"name": "a", "port": 1}, {"name": "b", "port": 2}], "port"),
        ([{"name": "a", "port": 1}, {"name": "b"}], "name"),
        ([{"name": "a"}, {"path": "b"}], ""),
        ([{"name": "a"}, "b"], ""),
        ([], ""),
    ],
    ids=["the first known key", "only common keys", "nothing in common", "an item that is no object", "no items"],
)
def test_key_of_a_list(items: list[Any], key: str) -> None:
    assert get_merge_key(items) == key


@pytest.mark.parametrize(
    ("there", "last", "wanted", "merged"),
    [
        ([{"name": "a"}, {"name": "b"}], [{"name": "a"}], [], [{"name": "b"}]),
        ([{"name": "a"}], [], [{"name": "b"}], [{"name": "a"}, {"name": "b"}]),
        ([1, 2], [1], [3], [3]),
        ({"a": 1}, {"a": 1}, "text", {}),
        ([1], [1], "text", None),
        ("text", "old", {"a": 1}, {"a": 1}),
        (None, {"a": 1}, {"b": 2}, {"b": 2}),
    ],
    ids=[
        "an item that was applied goes",
        "an item of others stays in front",
        "a list without a key is replaced",
        "text for a map counts as nothing",
        "text for a list becomes null",
        "a map for text",
        "a map for nothing",
    ],
)
def test_values_are_merged_in_three_ways(there: object, last: object, wanted: object, merged: object) -> None:
    assert merge(there, last, wanted) == merged


def test_merge_changes_none_of_its_arguments() -> None:
    there, wanted = observed(pod(a=1)), pod(b=2)
    before = str(there), str(wanted)
    merge_update(there, wanted)
    assert (str(there), str(wanted)) == before
