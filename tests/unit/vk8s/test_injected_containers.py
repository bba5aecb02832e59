"""A webhook of a service mesh puts containers into pods, before ours or after: ours are found by their names."""

from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import JOB, POD
from tests.unit.vk8s.kubeflow.test_plan import installing, told, with_job, with_pod
from tests.unit.vk8s.plan.test_limits import GOOD, is_accepted, only_good, with_images, with_note
from tests.world import IMAGE, World, condition, names, node, running_world, spec

PROXY: Manifest = {"name": "istio-proxy", "image": "istio/proxyv2:1.29", "env": [{"name": "A", "value": "b"}]}
PROXY_STATUS: Manifest = {"name": "istio-proxy", "state": {"running": {}}}
PULLING: Manifest = {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}


def injected(world: World, pod: str, **status: object) -> World:
    """The world in which the pod has another container before ours; with `status`, it is not Ready."""
    found = world.children[POD][pod]
    containers = [PROXY, *found["spec"]["containers"]]
    shown = {"conditions": [{"type": "Ready", "status": "False"}], **status} if status else found["status"]
    return world.with_child(POD, pod, {**found, "spec": {**found["spec"], "containers": containers}, "status": shown})


def statuses(ours: str, state: Manifest) -> list[Manifest]:
    return [PROXY_STATUS, {"name": ours, **state}]


def test_status_shows_what_our_container_of_a_node_pod_lacks() -> None:
    world = injected(running_world(), "m", containerStatuses=statuses("node", PULLING))
    entry = condition(world.sync(), "ControlPlaneReady")
    assert (entry["reason"], entry["message"]) == ("ImagePullBackOff", "m can't start: no such image.")


def test_status_shows_what_our_container_of_the_access_pod_lacks() -> None:
    world = running_world(spec=spec(accessPodImage="x", access={"authorizedKeys": ["ssh-ed25519 AAAA me"]})).steps(2)
    entry = condition(
        injected(world, "demo-access-pod", containerStatuses=statuses("access", PULLING)).sync(), "AccessReady"
    )
    assert (entry["reason"], entry["message"]) == ("ImagePullBackOff", "demo-access-pod can't start: no such image.")


def test_a_status_without_our_container_says_nothing_yet() -> None:
    entry = condition(injected(running_world(), "m", containerStatuses=[PROXY_STATUS]).sync(), "ControlPlaneReady")
    assert (entry["reason"], entry["message"]) == ("Starting", "m is being started by its host.")


STARTING: Manifest = {"name": "node", "state": {"waiting": {"reason": "PodInitializing"}}}
STOPPED: Manifest = {
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
    "lastState": {"terminated": {"reason": "Error", "message": "no control plane"}},
}
OTHERS = "m is not Ready: its container istio-proxy, which is not of this project,"


@pytest.mark.parametrize(
    ("proxy", "ours", "reason", "message"),
    [
        (PULLING, STARTING, "ImagePullBackOff", f"{OTHERS} can't start: no such image."),
        (STOPPED, STARTING, "CrashLoopBackOff", f"{OTHERS} has stopped: no control plane."),
        (STOPPED, {"name": "node", **PULLING}, "ImagePullBackOff", "m can't start: no such image."),
        ({"state": {"running": {}}}, STARTING, "PodInitializing", "m is being started by its host."),
        ({"state": {"waiting": {}}}, STARTING, "PodInitializing", "m is being started by its host."),
        ({"state": {"waiting": {"message": "held"}}}, STARTING, "Waiting", f"{OTHERS} can't start: held."),
    ],
    ids=["no image", "crashes", "ours too", "runs", "starting", "no reason"],
)  # fmt: skip
def test_status_names_a_sidecar_that_keeps_our_container_from_starting(
    proxy: Manifest, ours: Manifest, reason: str, message: str
) -> None:
    sidecar = {"name": "istio-proxy", **proxy}
    entry = condition(
        injected(running_world(), "m", initContainerStatuses=[sidecar], containerStatuses=[ours]).sync(),
        "ControlPlaneReady",
    )
    assert (entry["reason"], entry["message"]) == (reason, message)


def test_status_names_a_sidecar_that_stops_while_our_container_runs() -> None:
    ours = {"name": "node", "state": {"running": {}}}
    world = injected(running_world(), "m", containerStatuses=[{"name": "istio-proxy", **STOPPED}, ours])
    assert condition(world.sync(), "ControlPlaneReady")["message"] == f"{OTHERS} has stopped: no control plane."


def test_status_names_a_sidecar_that_keeps_kubeflow_from_being_installed() -> None:
    world = with_pod(installing(), {"state": {"waiting": {"reason": "PodInitializing"}}})
    (pod,) = world.related[POD].values()
    first = [{"name": "istio-proxy", **PULLING}, *pod["status"]["initContainerStatuses"]]
    shown = {**pod, "status": {**pod["status"], "initContainerStatuses": first}}
    status, reason, message = told(replace(world, related={POD: {"team-a/demo-kubeflow-x": shown}}))
    assert (status, reason) == ("False", "ImagePullBackOff")
    assert message == (
        "Kubeflow v1.11.0, step 1 of 4 (objects): its pod demo-kubeflow-x is not Ready: its container istio-proxy, "
        "which is not of this project, can't start: no such image."
    )


def test_a_worker_leaves_with_the_image_of_the_master() -> None:
    world = replace(injected(running_world(), "m"), spec=spec(nodes=[node("m", "master")]))
    (job,) = (child for child in world.sync().children if child["kind"] == "Job")
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGE


@pytest.mark.parametrize(("image", "goes"), [(IMAGE, False), (f"{IMAGE}-former", True)], ids=["edit", "former"])
def test_a_pod_that_finds_no_image_holds_others_back_only_with_the_image_of_the_edit(image: str, goes: bool) -> None:  # noqa: FBT001
    world = injected(running_world(), "w", containerStatuses=statuses("node", PULLING))
    worker = world.children[POD]["w"]
    containers = [PROXY, {**worker["spec"]["containers"][1], "image": image}]
    world = world.with_child(POD, "w", {**worker, "spec": {**worker["spec"], "containers": containers}})
    edited = [node("m", "master", tolerations=[{"operator": "Exists"}]), node("w", "worker")]
    assert ("Pod/m" not in names(replace(world, spec=spec(nodes=edited)).sync())) is goes


def test_a_job_that_installs_kubeflow_is_not_made_again() -> None:
    world = installing()
    template = world.children[JOB]["demo-kubeflow"]["spec"]["template"]
    containers = [PROXY, *template["spec"]["containers"]]
    changed = with_job(world, spec={"template": {**template, "spec": {**template["spec"], "containers": containers}}})
    assert "Job/demo-kubeflow" in names(changed.sync())


def test_images_of_the_containers_of_others_are_not_those_of_the_virtual_cluster() -> None:
    world = injected(with_note(only_good(running_world(spec=with_images())), f'["{GOOD}"]'), "m")
    assert not is_accepted(replace(world, spec=with_images(worker=str(PROXY["image"]))))
