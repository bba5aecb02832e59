"""Observed children, and our container in a pod, which is found by its name wherever a webhook puts its own."""

from dataclasses import replace

import pytest

from hooks.vk8s.observed.children import JOB, POD
from tests.unit.vk8s.kubeflow.material import installing, with_job
from tests.unit.vk8s.observed.injected import PROXY, PROXY_STATUS, PULLING, injected, statuses
from tests.unit.vk8s.plan.test_limits import GOOD, is_accepted, only_good, with_images, with_note
from tests.world import IMAGE, condition, names, node, running_world, spec


def test_container_of_a_node_is_found_after_a_sidecar() -> None:
    world = injected(running_world(), "m", containerStatuses=statuses("node", PULLING))
    entry = condition(world.sync(), "ControlPlaneReady")
    assert (entry["reason"], entry["message"]) == ("ImagePullBackOff", "m can't start: no such image.")


def test_container_of_an_access_pod_is_found_after_a_sidecar() -> None:
    world = running_world(spec=spec(accessPodImage="x", access={"authorizedKeys": ["ssh-ed25519 AAAA me"]})).steps(2)
    entry = condition(
        injected(world, "demo-access-pod", containerStatuses=statuses("access", PULLING)).sync(), "AccessReady"
    )
    assert (entry["reason"], entry["message"]) == ("ImagePullBackOff", "demo-access-pod can't start: no such image.")


def test_status_without_our_container_explains_nothing_yet() -> None:
    entry = condition(injected(running_world(), "m", containerStatuses=[PROXY_STATUS]).sync(), "ControlPlaneReady")
    assert (entry["reason"], entry["message"]) == ("Starting", "m is being started by its host.")


def test_worker_is_removed_with_the_control_planes_image() -> None:
    world = replace(injected(running_world(), "m"), spec=spec(nodes=[node("m", "master")]))
    (job,) = (child for child in world.sync().children if child["kind"] == "Job")
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGE


@pytest.mark.parametrize(("image", "goes"), [(IMAGE, False), (f"{IMAGE}-former", True)], ids=["edit", "former"])
def test_missing_image_holds_back_only_those_that_would_get_it(image: str, goes: bool) -> None:  # noqa: FBT001
    world = injected(running_world(), "w", containerStatuses=statuses("node", PULLING))
    worker = world.children[POD]["w"]
    containers = [PROXY, {**worker["spec"]["containers"][1], "image": image}]
    world = world.with_child(POD, "w", {**worker, "spec": {**worker["spec"], "containers": containers}})
    edited = [node("m", "master", tolerations=[{"operator": "Exists"}]), node("w", "worker")]
    assert ("Pod/m" not in names(replace(world, spec=spec(nodes=edited)).sync())) is goes


def test_sidecar_does_not_recreate_the_kubeflow_job() -> None:
    world = installing()
    template = world.children[JOB]["demo-kubeflow"]["spec"]["template"]
    containers = [PROXY, *template["spec"]["containers"]]
    changed = with_job(world, spec={"template": {**template, "spec": {**template["spec"], "containers": containers}}})
    assert "Job/demo-kubeflow" in names(changed.sync())


def test_images_of_sidecars_are_not_those_of_the_virtual_cluster() -> None:
    world = injected(with_note(only_good(running_world(spec=with_images())), f'["{GOOD}"]'), "m")
    assert not is_accepted(replace(world, spec=with_images(worker=str(PROXY["image"]))))
