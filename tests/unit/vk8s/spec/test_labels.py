"""Labels of a Vk8s: its children have them too, except for those by which other controllers select objects."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import POD
from tests.unit.vk8s.kubeflow.material import get_job, installing
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
    job = get_job(replace(world, spec=spec(nodes=[node("m", "master")])).sync())
    for each in [*world.sync().children, job["spec"]["template"]]:
        assert each["metadata"]["labels"].items() >= PLAIN.items()


def test_pod_that_was_created_with_such_a_label_keeps_it() -> None:
    world = running_world(labels={"kueue.x-k8s.io/queue-name": "a"})
    labels = {**world.children[POD]["m"]["metadata"]["labels"], "kueue.x-k8s.io/queue-name": "a"}
    queued = world.with_metadata(POD, "m", labels=labels)
    (kept,) = (child for child in queued.sync().children if child["kind"] == "Pod" and child["metadata"]["name"] == "m")
    assert kept["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "a"


LABELS = {"istio.io/dataplane-mode": "none", "sidecar.istio.io/inject": "false"}


ANNOTATION = "linkerd.io/inject"


INJECT = "sidecar.istio.io/inject"


WITH_ACCESS = spec(accessPodImage="x", access={"authorizedKeys": ["ssh-ed25519 AAAA me"]})


def select_pods(world: World) -> dict[str, Manifest]:
    return {child["metadata"]["name"]: child["metadata"] for child in world.sync().children if child["kind"] == "Pod"}


def keeps_meshes_out(metadata: Manifest) -> bool:
    return bool(metadata["labels"].items() >= LABELS.items() and metadata["annotations"][ANNOTATION] == "disabled")


def with_labels(world: World, labels: Mapping[str, str | None]) -> World:
    """The world in which the control-plane pod has these labels, or does not have them."""
    found = world.children[POD]["m"]["metadata"]["labels"]
    return world.with_metadata(POD, "m", labels={k: v for k, v in {**found, **labels}.items() if v is not None})


def test_pods_are_created_outside_of_service_meshes() -> None:
    pods = select_pods(running_world(spec=WITH_ACCESS))
    assert pods.keys() == {"m", "w", "demo-access-pod"}
    assert all(map(keeps_meshes_out, pods.values()))


def test_pods_of_jobs_are_created_outside_of_service_meshes() -> None:
    left = replace(running_world(), spec=spec(nodes=[node("m", "master")])).sync()
    for job in (get_job(left), get_job(installing().sync())):
        assert keeps_meshes_out(job["spec"]["template"]["metadata"])


def test_label_of_the_owner_brings_pods_into_a_mesh() -> None:
    pods = select_pods(running_world(labels={INJECT: "true"}))
    assert {metadata["labels"][INJECT] for metadata in pods.values()} == {"true"}


def test_older_pod_without_mesh_labels_is_returned_unchanged() -> None:
    labels = select_pods(with_labels(running_world(), dict.fromkeys(LABELS)))["m"]["labels"]
    assert not labels.keys() & LABELS.keys()


def test_running_pod_keeps_the_mesh_label_that_it_was_created_with() -> None:
    world = replace(running_world(labels={INJECT: "true"}), labels={})
    assert select_pods(world)["m"]["labels"][INJECT] == "true"


def test_only_pods_have_mesh_labels() -> None:
    world = replace(running_world(labels={INJECT: "true"}), labels={})
    others = [child for child in world.sync().children if child["kind"] != "Pod"]
    assert not any(INJECT in child["metadata"]["labels"] for child in others)
