"""Istio and Linkerd stay out of the pods of a virtual cluster, unless its owner asks for one."""

from collections.abc import Mapping
from dataclasses import replace

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import POD
from tests.unit.vk8s.kubeflow.test_plan import find_job, installing
from tests.world import World, node, running_world, spec

LABELS = {"istio.io/dataplane-mode": "none", "sidecar.istio.io/inject": "false"}
ANNOTATION = "linkerd.io/inject"
INJECT = "sidecar.istio.io/inject"
WITH_ACCESS = spec(accessPodImage="x", access={"authorizedKeys": ["ssh-ed25519 AAAA me"]})


def find_pods(world: World) -> dict[str, Manifest]:
    return {child["metadata"]["name"]: child["metadata"] for child in world.sync().children if child["kind"] == "Pod"}


def keeps_meshes_out(metadata: Manifest) -> bool:
    return bool(metadata["labels"].items() >= LABELS.items() and metadata["annotations"][ANNOTATION] == "disabled")


def with_labels(world: World, labels: Mapping[str, str | None]) -> World:
    """The world in which the pod of the master has these labels, or lacks them."""
    pod = world.children[POD]["m"]
    changed = {key: value for key, value in {**pod["metadata"]["labels"], **labels}.items() if value is not None}
    return world.with_child(POD, "m", {**pod, "metadata": {**pod["metadata"], "labels": changed}})


def test_pods_are_made_so_that_no_mesh_takes_them_in() -> None:
    pods = find_pods(running_world(spec=WITH_ACCESS))
    assert pods.keys() == {"m", "w", "demo-access-pod"}
    assert all(map(keeps_meshes_out, pods.values()))


def test_pods_of_jobs_are_made_so_too() -> None:
    left = replace(running_world(), spec=spec(nodes=[node("m", "master")])).sync()
    for job in (find_job(left), find_job(installing().sync())):
        assert keeps_meshes_out(job["spec"]["template"]["metadata"])


def test_the_label_of_the_owner_counts() -> None:
    pods = find_pods(running_world(labels={INJECT: "true"}))
    assert {metadata["labels"][INJECT] for metadata in pods.values()} == {"true"}


def test_a_pod_that_was_made_before_is_left_as_it_is() -> None:
    labels = find_pods(with_labels(running_world(), dict.fromkeys(LABELS)))["m"]["labels"]
    assert not labels.keys() & LABELS.keys()


def test_a_pod_that_runs_keeps_what_its_owner_said_when_it_was_made() -> None:
    world = replace(running_world(labels={INJECT: "true"}), labels={})
    assert find_pods(world)["m"]["labels"][INJECT] == "true"


def test_only_pods_say_so() -> None:
    world = replace(running_world(labels={INJECT: "true"}), labels={})
    others = [child for child in world.sync().children if child["kind"] != "Pod"]
    assert not any(INJECT in child["metadata"]["labels"] for child in others)
