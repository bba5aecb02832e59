"""Kubeflow: which children it has at what time, and what its owner sees of it."""

from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.decide import decide_customize
from hooks.vk8s.observed.children import JOB, SECRET
from hooks.wire import CustomizeRequest
from tests.namespace_world import quota, related
from tests.simulation.statuses import TRIED
from tests.unit.vk8s.kubeflow.material import (
    DONE,
    JOB_NAME,
    NAME,
    PORT,
    SETTINGS,
    get_job,
    installing,
    kubeflow_spec,
    read_condition,
    running,
    with_job,
)
from tests.world import CONTEXT, IDENTITY, UID, World, names, node, ready_status, spec

FAILED = {"conditions": [{"type": "Failed", "status": "True"}]}


def has_condition(world: World) -> bool:
    """Whether the status reports about Kubeflow at all."""
    return "KubeflowReady" in {entry["type"] for entry in world.sync().status["conditions"]}


def test_job_is_created_once_an_api_server_and_a_node_are_there() -> None:
    world = World(spec=kubeflow_spec(), context=replace(CONTEXT, settings=SETTINGS))
    for _ in range(4):
        status, reason, message = read_condition(world)
        assert (status, reason) == ("False", "Waiting" if "these exist" in message else "WaitingForNodes")
        assert JOB_NAME not in names(world.sync())
        world = world.step()
    world = world.with_pod_status("m", ready_status())
    assert JOB_NAME not in names(world.sync())
    world = world.with_pod_status("w", ready_status())
    assert JOB_NAME in names(world.sync())
    assert read_condition(world)[:2] == ("False", "BeingMade")
    assert read_condition(world.step())[:2] == ("False", "Installing")


def test_broken_worker_holds_nothing_up_while_another_is_ready() -> None:
    nodes = [node("m", "master"), node("w", "worker"), node("v", "worker")]
    world = running({**kubeflow_spec(), "nodes": nodes}).with_pod_status("v", {})
    assert JOB_NAME in names(world.sync())


def test_control_plane_node_alone_is_enough() -> None:
    assert JOB_NAME in names(running({**kubeflow_spec(), "nodes": [node("m", "master")]}).sync())


def test_job_without_resources_is_recreated_for_a_quota() -> None:
    world = installing()
    job = world.children[JOB][NAME]["spec"]
    pod = job["template"]["spec"]
    bare = [{key: value for key, value in step.items() if key != "resources"} for step in pod["containers"]]
    bare_job = {**job, "template": {**job["template"], "spec": {**pod, "containers": bare}}}
    world = with_job(world, spec=bare_job, status=TRIED)
    world = replace(world, related=related(quota(limits_memory="4Gi")))
    assert JOB_NAME not in names(world.sync())
    assert JOB_NAME in names(with_job(world, status={**TRIED, "active": 1}).sync())
    assert JOB_NAME in names(with_job(world, status={**TRIED, "succeeded": 1}).sync())
    assert JOB_NAME in names(with_job(world, status=DONE).sync())


@pytest.mark.parametrize("status", [{}, DONE], ids=["under way", "done"])
@pytest.mark.parametrize(
    "wanted",
    [
        kubeflow_spec("v1.11.1"),
        kubeflow_spec(email="jane@example.com"),
        kubeflow_spec(passwordSecretRef={"name": "mine"}),
        kubeflow_spec(ports=[{**PORT, "port": 30081, "targetPort": 30081}]),
    ],
    ids=["version", "user", "password", "port"],
)
def test_edit_makes_another_job(wanted: Manifest, status: Manifest) -> None:
    world = replace(with_job(installing(), status=status), spec=wanted)
    assert JOB_NAME not in names(world.sync())
    assert read_condition(world)[:2] == ("False", "BeingMade")
    world = world.step()
    assert JOB_NAME in names(world.sync())
    assert read_condition(world.step())[1] == "Installing"


def test_job_that_is_going_is_waited_for() -> None:
    world = installing()
    going = {
        **world.children[JOB][NAME]["metadata"],
        "deletionTimestamp": "2026-01-02T03:04:05Z",
        "finalizers": ["x/y"],
    }
    world = replace(with_job(world, metadata=going), spec=kubeflow_spec("v1.11.1"))
    assert JOB_NAME in names(world.sync())
    assert read_condition(world)[2] == "Job demo-kubeflow is being created, held by its finalizers x/y."


def test_moved_image_fixes_a_job_and_repeats_none() -> None:
    moved = replace(CONTEXT, settings=Settings(kubeflow_installer_image="registry.example.com/moved:{version}"))
    world = replace(installing(), context=moved)
    assert JOB_NAME not in names(world.sync())
    assert JOB_NAME in names(with_job(world, status=DONE).sync())


def test_failed_job_is_recreated() -> None:
    assert JOB_NAME not in names(with_job(installing(), status=FAILED).sync())


def test_deleted_secret_gets_a_new_password_and_a_new_job() -> None:
    finished = with_job(installing(), status=DONE)
    world = finished.with_child(SECRET, NAME, None)
    assert JOB_NAME in names(world.sync())
    secret = {
        **finished.children[SECRET][NAME],
        "metadata": {**finished.children[SECRET][NAME]["metadata"], "uid": "new"},
    }
    assert JOB_NAME not in names(world.with_child(SECRET, NAME, secret).sync())


def test_secret_whose_data_somebody_has_taken_stays_one() -> None:
    world = installing()
    empty = {key: value for key, value in world.children[SECRET][NAME].items() if key != "data"}
    assert f"Secret/{NAME}" in names(world.with_child(SECRET, NAME, empty).sync())


def test_installed_kubeflow_stays_when_the_field_is_gone() -> None:
    world = replace(with_job(installing(), status=DONE), spec=spec(ports=[PORT]))
    assert {JOB_NAME, f"Secret/{NAME}"} <= set(names(world.sync()))
    assert read_condition(world) == (
        "True",
        "LeftInstalled",
        "Kubeflow v1.11.0 stays installed, but is no longer managed: spec.kubeflow was removed.",
    )


def test_job_is_pruned_when_the_field_is_gone_too_early() -> None:
    world = replace(installing(), spec=spec())
    assert JOB_NAME not in names(world.sync())
    assert not has_condition(world)
    assert not has_condition(replace(running(spec()), spec=spec()))


@pytest.mark.parametrize(
    ("wanted", "reason", "words"),
    [
        (kubeflow_spec("v1.3.0"), "VersionMismatch", "v1.3.0 is made for Kubernetes 1.17 to 1.21, not for 1.34"),
        ({**kubeflow_spec(), "paused": True}, "Paused", "when the virtual cluster is resumed"),
    ],
    ids=["made for another Kubernetes", "paused"],
)
def test_impossible_installation_is_reported_and_not_tried(wanted: Manifest, reason: str, words: str) -> None:
    world = running(wanted)
    assert JOB_NAME not in names(world.sync())
    assert read_condition(world)[:2] == ("False", reason)
    assert words in read_condition(world)[2]
    edited = replace(with_job(installing(), status=DONE), spec=wanted)
    assert JOB_NAME in names(edited.sync())
    assert read_condition(edited)[:2] == ("False", reason)


def test_without_the_setting_nothing_is_created_and_status_says_why() -> None:
    world = running(kubeflow_spec(), Settings())
    assert not {JOB_NAME, f"Secret/{NAME}"} & set(names(world.step().sync()))
    assert read_condition(world)[1] == "InstallerNotSet"
    assert "VK8S_SETTING_KUBEFLOW_INSTALLER_IMAGE" in read_condition(world)[2]
    assert JOB_NAME in names(replace(installing(), context=CONTEXT).sync())


def test_installed_kubeflow_stays_installed_without_the_setting() -> None:
    world = replace(with_job(installing(), status=DONE), context=CONTEXT)
    assert {JOB_NAME, f"Secret/{NAME}"} <= set(names(world.sync()))
    assert read_condition(world)[:2] == ("True", "Installed")
    assert read_condition(replace(world, spec=kubeflow_spec("v1.11.1")))[1] == "InstallerNotSet"


@pytest.mark.parametrize(
    ("wanted", "settings", "count"),
    [(kubeflow_spec(), SETTINGS, 1), (kubeflow_spec(), Settings(), 0), (spec(), SETTINGS, 0), (None, SETTINGS, 0)],
    ids=["wanted", "no setting", "not wanted", "no spec"],
)
def test_pods_of_the_job_are_requested(wanted: Any, settings: Settings, count: int) -> None:
    metadata = {"name": "demo", "namespace": "team-a", "uid": UID}
    request = CustomizeRequest.model_validate({"parent": {**IDENTITY, "metadata": metadata, "spec": wanted}})
    rules = decide_customize(request, settings).related_resources
    assert len(rules) == count
    for rule in rules:
        labels = get_job(running(kubeflow_spec()).sync())["spec"]["template"]["metadata"]["labels"]
        assert rule["labelSelector"]["matchLabels"].items() <= labels.items()
        assert (rule["apiVersion"], rule["resource"], rule["namespace"]) == ("v1", "pods", "team-a")
