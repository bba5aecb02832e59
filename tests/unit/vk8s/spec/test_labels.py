"""Labels of a Vk8s: its children have them too, except for those by which other controllers select objects."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import POD, group_key
from hooks.vk8s.observed.keep import LAST_APPLIED
from testbed.metacontroller.merge import merge_update
from tests.backups_world import BACKED_UP, CLAIM
from tests.unit.vk8s.kubeflow.material import get_job, installing
from tests.world import Children, World, node, running_world, spec

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
GITOPS = [
    "app.kubernetes.io/instance",
    "helm.sh/chart",
    "argocd.argoproj.io/instance",
    "kustomize.toolkit.fluxcd.io/name",
    "helm.toolkit.fluxcd.io/namespace",
    "toolkit.fluxcd.io/tenant",
]
PLAIN = {
    "team": "blue",
    "example.com/job-name": "a",
    "kubernetes.io/batch": "b",
    "kueue": "c",
    "app.kubernetes.io/part-of": "d",
    "fluxcd.io/e": "f",
    "helm.sh/g": "h",
}


@pytest.mark.parametrize("label", [*STEERING, *GITOPS])
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


def labelled_by_an_older_version(world: World) -> World:
    """The world in which every child has the labels of GitOps tools, as Metacontroller applied them."""
    for kind, group in world.children.items():
        for name, child in group.items():
            applied = json.loads(child["metadata"]["annotations"][LAST_APPLIED])
            applied["metadata"]["labels"].update(dict.fromkeys(GITOPS, "x"))
            labels = {**child["metadata"]["labels"], **dict.fromkeys(GITOPS, "x")}
            annotations = {**child["metadata"]["annotations"], LAST_APPLIED: json.dumps(applied)}
            world = world.with_metadata(kind, name, labels=labels, annotations=annotations)
    return replace(world, labels=dict.fromkeys(GITOPS, "x"))


def everything_world() -> World:
    """A running virtual cluster with every kind of child except for Jobs."""
    ports = [{"name": "web", "port": 30000, "targetPort": 30000}]
    wanted = {**WITH_ACCESS, "disruptionBudget": {"maxUnavailable": 1}, "ports": ports, "backup": CLAIM}
    return running_world(spec=wanted, context=BACKED_UP).steps(2)


def update_all(world: World) -> Children:
    """The children that Metacontroller writes, by kind and name, after the answer to a call."""
    wanted = {(group_key(child), child["metadata"]["name"]): child for child in world.sync().children}
    assert wanted.keys() == {(kind, name) for kind, group in world.children.items() for name in group}
    return {
        kind: {name: merge_update(child, wanted[kind, name]) for name, child in group.items()}
        for kind, group in world.children.items()
    }


def without_metadata(group: Mapping[str, Manifest]) -> dict[str, Manifest]:
    return {name: {**child, "metadata": {}} for name, child in group.items()}


def test_children_with_labels_of_gitops_tools_are_not_recreated() -> None:
    running = everything_world()
    leaving = replace(running, spec={**running.spec, "nodes": [node("m", "master")]}).step()
    assert [kind for kind, group in leaving.children.items() if not group] == []
    older = labelled_by_an_older_version(leaving)
    for kind, group in update_all(older).items():
        assert without_metadata(group) == without_metadata(older.children[kind])


def test_pods_keep_labels_of_gitops_tools_and_all_others_lose_them() -> None:
    for kind, group in update_all(labelled_by_an_older_version(everything_world())).items():
        for child in group.values():
            assert child["metadata"]["labels"].keys() & set(GITOPS) == (set(GITOPS) if kind == POD else set())


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
