"""Hashes that tell a child of another spec, the same in all versions of the hooks."""

from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.fingerprint import HASH, hash_access, hash_node, is_outdated
from hooks.vk8s.spec.model import NodeSpec
from tests.unit.vk8s.plan.test_replacements import OTHER, edited, replaced
from tests.world import node, running_world, spec


@pytest.mark.parametrize(
    "same",
    [
        {"resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}}},
        {"resources": {"limits": {"cpu": 1, "memory": "1.0Gi"}}},
    ],
    ids=["other units", "numbers"],
)
def test_quantities_that_mean_the_same_are_no_edit(same: Manifest) -> None:
    nodes = [node("m", "master", resources={"limits": {"cpu": "1", "memory": "1Gi"}})]
    assert replaced(edited(running_world(spec=spec(nodes=nodes)), **same)) == []


def test_pod_of_an_older_or_newer_version_counts_as_current() -> None:
    world = running_world()
    for annotations in ({}, {HASH: "node-v9.0123456789abcdef"}, {HASH: ""}):
        old = world.with_metadata("Pod.v1", "m", annotations=annotations)
        assert replaced(edited(old, image=OTHER)) == ["w"]


def test_hashes_are_those_of_all_versions_before() -> None:
    full = NodeSpec.model_validate(
        node(
            "m",
            "master",
            resources={"limits": {"cpu": "1500m", "nvidia.com/gpu": 2}, "requests": {"memory": "8Gi"}},
            tolerations=[{"key": "gpu", "operator": "Exists"}],
            nodeSelector={"disk": "ssd"},
            runtimeClassName="nvidia",
        )
    )
    # Another hash here would restart every virtual cluster in the world at the next upgrade.
    assert hash_node(full) == "node-v1.b14c26654301b9d7"
    assert hash_node(NodeSpec.model_validate(node("m", "master"))) == "node-v1.d16b388187cbdda5"
    assert hash_access("registry.example.com/vk8s/access:v1.34.4") == "access-v1.c6ab80d4c6d18021"


PLACED: dict[str, Any] = {
    "affinity": {"podAntiAffinity": {}},
    "topologySpreadConstraints": [{"maxSkew": 1}],
    "priorityClassName": "high",
    "annotations": {"a": "b"},
}


def compute(**fields: Any) -> str:
    return hash_node(NodeSpec.model_validate(node("w", "worker", **fields)))


def noted(text: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {HASH: text}}}


def test_hash_without_placement_is_that_of_earlier_versions() -> None:
    assert compute() == "node-v1.83c995dfe40d538f"
    assert compute(affinity={}, annotations={}, topologySpreadConstraints=[]) == compute()


@pytest.mark.parametrize(("field", "value"), PLACED.items())
def test_edit_of_the_placement_makes_a_pod_outdated(field: str, value: object) -> None:
    placed = compute(**{field: value})
    assert placed.startswith("node-v2.")
    assert is_outdated(noted(compute()), placed)
    assert is_outdated(noted(placed), compute())
    assert not is_outdated(noted(placed), placed)


def test_hash_of_an_unknown_version_counts_as_current() -> None:
    assert not is_outdated(noted("node-v3.0"), compute())
    assert not is_outdated(noted("node-v3.0"), compute(priorityClassName="high"))
