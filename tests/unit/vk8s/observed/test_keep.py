"""Children that are returned unchanged: whose labels and annotations are named, and whose are left to them."""

from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, JOB, POD, group_key
from hooks.vk8s.observed.keep import LAST_APPLIED
from hooks.vk8s.spec.labels import ROLE
from testbed.metacontroller.merge import merge_update
from tests.unit.vk8s.plan.test_removals import MASTER, OF_WORKER, leaving_world, of_worker, with_nodes
from tests.world import get_child, observe, running_world, spec


def test_children_of_a_running_cluster_are_returned_unchanged() -> None:
    world = running_world()
    answered = {(group_key(child), child["metadata"]["name"]): child for child in world.sync().children}
    for kind in ("Pod.v1", "PersistentVolumeClaim.v1", "Secret.v1"):
        for name, observed in world.children[kind].items():
            assert _content(answered[kind, name]) == _content(observed)


def _content(child: Manifest) -> Manifest:
    return {key: value for key, value in child.items() if key not in ("metadata", "status")}


def test_child_of_another_version_is_returned_unchanged() -> None:
    stranger = observe(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "later", "labels": {"a": "b"}, "namespace": "team-a"},
            "data": {"c": "d"},
        }
    )
    world = running_world().with_child("ConfigMap.v1", "later", stranger)
    kept = get_child(world.sync(), "later")
    # Metacontroller adds its own label to every child.
    assert kept["metadata"]["labels"] == {"a": "b"}
    assert kept["data"] == {"c": "d"}


@pytest.mark.parametrize("annotations", [{}, {LAST_APPLIED: "{"}, {LAST_APPLIED: "[]"}, {LAST_APPLIED: '{"a": 1}'}])
def test_labels_of_others_on_an_adopted_child_stay_theirs(annotations: Any) -> None:
    labels = {"theirs": "x", "vk8s.sktelecom.com/vk8s": "demo"}
    metadata = {"name": "later", "labels": labels, "namespace": "team-a", "uid": "u", "annotations": annotations}
    stranger = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    world = running_world().with_child("ConfigMap.v1", "later", stranger)
    kept = get_child(world.sync(), "later")
    assert kept["metadata"]["labels"] == {"vk8s.sktelecom.com/vk8s": "demo"}


def test_labels_of_the_owner_reach_existing_children() -> None:
    answer = replace(
        running_world(), labels={"team": "blue", "vk8s.sktelecom.com/vk8s": "x", "controller-uid": "y"}
    ).sync()
    for child in answer.children:
        assert child["metadata"]["labels"]["team"] == "blue"
        assert child["metadata"]["labels"]["vk8s.sktelecom.com/vk8s"] == "demo"
        assert child["metadata"]["labels"].get("controller-uid") != "y"


def test_annotations_of_other_writers_are_left_to_them() -> None:
    annotations = {"cni.example.com/ip": "10.0.0.1", "vk8s.sktelecom.com/restart": "1"}
    kept = get_child(running_world().with_metadata("Pod.v1", "m", annotations=annotations).sync(), "m")
    assert kept["metadata"]["annotations"] == {"vk8s.sktelecom.com/restart": "1"}


def test_claim_without_a_role_is_removed_as_a_workers() -> None:
    world = leaving_world().with_child(POD, "w", None).with_child(JOB, "w-leave", None)
    labels = dict(world.children[CLAIM]["w-state"]["metadata"]["labels"])
    del labels[ROLE]
    old = world.with_metadata(CLAIM, "w-state", labels=labels)
    assert of_worker(old) == {"PersistentVolumeClaim/w-state", "Job/w-leave"}


def test_worker_is_removed_whatever_its_labels_say() -> None:
    world = with_nodes(running_world(), MASTER)
    for kind, name in ((POD, "w"), (CLAIM, "w-state")):
        labels = world.children[kind][name]["metadata"]["labels"]
        world = world.with_metadata(kind, name, labels={"controller-uid": labels["controller-uid"]})
    assert of_worker(world) == OF_WORKER


def test_labels_that_identify_a_worker_are_restored() -> None:
    world = with_nodes(running_world(), MASTER, paused=True)
    claim = world.children[CLAIM]["w-state"]
    labels = {"controller-uid": claim["metadata"]["labels"]["controller-uid"], "app": "other"}
    stripped = {**claim, "metadata": {**claim["metadata"], "labels": labels}}
    answer = world.with_child(CLAIM, "w-state", stripped).sync()
    wanted = get_child(answer, "w-state")
    assert wanted["metadata"]["labels"][NODE] == "w"
    assert "app" not in wanted["metadata"]["labels"]
    updated = merge_update(stripped, wanted)
    assert of_worker(replace(world, spec=spec(nodes=MASTER)).with_child(CLAIM, "w-state", updated)) == OF_WORKER
