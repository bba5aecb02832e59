"""Labels of a Vk8s: its children have them too, but for those by which something else takes a child for its own."""

from dataclasses import replace

import pytest

from hooks.vk8s.observed.children import POD
from tests.unit.vk8s.kubeflow.test_plan import find_job
from tests.world import World, node, running_world, spec

STEERING = [
    "job-name",
    "batch.kubernetes.io/job-name",
    "batch.kubernetes.io/controller-uid",
    "pod-template-hash",
    "controller-revision-hash",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "kueue.x-k8s.io/queue-name",
    "service.kubernetes.io/service-proxy-name",
    "applyset.kubernetes.io/part-of",
]
PLAIN = {"team": "blue", "example.com/job-name": "a", "kubernetes.io/batch": "b", "kueue": "c"}


@pytest.mark.parametrize("label", STEERING)
def test_labels_that_steer_something_are_on_no_child(label: str) -> None:
    labelled = running_world(labels={label: "x", **PLAIN})
    children = [
        *World(labels={label: "x"}).sync().children,
        *labelled.sync().children,
        *replace(labelled, spec=spec(nodes=[node("m", "master")])).sync().children,
    ]
    templates = [child["spec"]["template"] for child in children if child["kind"] == "Job"]
    assert len(templates) == 1
    assert not any(label in each["metadata"]["labels"] for each in [*children, *templates])


def test_all_others_are_on_every_child_and_on_the_pods_of_jobs() -> None:
    world = running_world(labels=PLAIN)
    job = find_job(replace(world, spec=spec(nodes=[node("m", "master")])).sync())
    for each in [*world.sync().children, job["spec"]["template"]]:
        assert each["metadata"]["labels"].items() >= PLAIN.items()


def test_a_pod_that_was_made_with_such_a_label_keeps_it() -> None:
    world = running_world(labels={"kueue.x-k8s.io/queue-name": "a"})
    pod = world.children[POD]["m"]
    labels = {**pod["metadata"]["labels"], "kueue.x-k8s.io/queue-name": "a"}
    queued = world.with_child(POD, "m", {**pod, "metadata": {**pod["metadata"], "labels": labels}})
    (kept,) = (child for child in queued.sync().children if child["kind"] == "Pod" and child["metadata"]["name"] == "m")
    assert kept["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "a"
