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
    """Whether status tells of Kubeflow at all."""
    return "KubeflowReady" in {entry["type"] for entry in world.sync().status["conditions"]}


def test_job_is_created_once_an_api_server_and_a_node_are_there() -> None:
    world = World(spec=kubeflow_spec(), context=replace(CONTEXT, settings=SETTINGS))
    for _ in range(4):
<<<<<<< HEAD
        status, reason, message = read_condition(world)
        assert (status, reason) == ("False", "Waiting" if "these exist" in message else "WaitingForNodes")
=======
        status, reason, message = told(world)
        assert (status, reason) == ("False", "Waiting" if "these exist" in message else "WaitingForNodes")
>>>>>>> d381269 (State messages and docstrings of the hooks in plain English)
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


<<<<<<< HEAD
def test_job_without_resources_is_recreated_for_a_quota() -> None:
=======
def test_the_job_gets_what_the_spec_says_and_the_way_of_its_users() -> None:
    job = find_job(running(kubeflow_spec(email="jane@example.com")).sync())
    pod = job["spec"]["template"]["spec"]
    containers = [*pod["initContainers"], *pod["containers"]]
    assert [container["name"] for container in containers] == list(STEPS)
    for container in containers:
        assert container["image"] == f"{IMAGE}:v1.11.0"
        assert container["args"] == [container["name"]]
        env = {entry["name"]: entry["value"] for entry in container["env"]}
        assert env["KUBEFLOW_VERSION"] == "v1.11.0"
        assert env["KUBEFLOW_EMAIL"] == "jane@example.com"
        assert env["KUBEFLOW_PORT"] == "30080"
        assert env["KUBEFLOW_URL"] == "http://demo.team-a.svc.cluster.local:30080"


def test_user_and_password_are_made_once_and_the_user_follows_the_spec() -> None:
    world = installing()
    secret = world.children[SECRET][NAME]
    files = {key: b64decode(value).decode() for key, value in secret["data"].items()}
    assert files["username"] == "user@example.com"
    assert len(files["password"]) > 20
    other = replace(
        world, spec=kubeflow_spec(email="jane@example.com"), context=replace(world.context, entropy=32 * b"x")
    )
    (answered,) = (
        child for child in other.sync().children if child["metadata"]["name"] == NAME and child["kind"] == "Secret"
    )
    assert answered["data"]["password"] == secret["data"]["password"]
    assert b64decode(answered["data"]["username"]) == b"jane@example.com"


def test_a_password_of_the_owner_is_mounted_and_none_is_made() -> None:
    wanted = kubeflow_spec(passwordSecretRef={"name": "mine", "key": "word"})
    world = running(wanted)
    assert f"Secret/{NAME}" not in names(world.sync())
    (volume,) = (
        each["secret"]
        for each in find_job(world.sync())["spec"]["template"]["spec"]["volumes"]
        if each["name"] == "password"
    )
    assert volume["secretName"] == "mine"
    assert volume["items"] == [
        {"key": "word", "path": "password"},
        {"key": "vk8s-kubeflow", "path": "vk8s-kubeflow"},
    ]
    (container,) = find_job(world.sync())["spec"]["template"]["spec"]["containers"]
    assert {"name": "KUBEFLOW_CONSENT_FILE", "value": "/vk8s/kubeflow/vk8s-kubeflow"} in container["env"]
    finished = with_job(world.step(), status=DONE)
    assert told(finished)[2].endswith("Its user is user@example.com, with the password in Secret mine.")


def test_the_password_is_in_its_secret_and_nowhere_else_in_an_answer() -> None:
    world = installing()
    answer = world.sync()
    (secret,) = (child for child in answer.children if child["metadata"]["name"] == NAME and child["kind"] == "Secret")
    encoded = secret["data"]["password"]
    others = str([child for child in answer.children if child is not secret]) + str(answer.status)
    assert encoded not in others
    assert b64decode(encoded).decode() not in others


def test_status_says_that_the_job_is_suspended() -> None:
    job = installing().children[JOB][NAME]
    status, reason, message = told(with_job(installing(), spec={**job["spec"], "suspend": True}))
    assert (status, reason) == ("False", "Suspended")
    assert message.startswith("Job demo-kubeflow is suspended (by Kueue or by hand): kubectl patch job -n team-a demo-")


@pytest.mark.parametrize(
    ("containers", "reason", "words"),
    [
        ([], "Starting", "step 1 of 4 (objects): its pod demo-kubeflow-x is being started by its host."),
        ([RUNNING], "Installing", "Kubeflow v1.11.0, step 1 of 4 (objects) runs."),
        ([ended("3 of 9 objects are accepted.\n")], "Installing", "(objects): 3 of 9 objects are accepted."),
        ([OK, {**ended("no port"), **RUNNING}], "Installing", "step 2 of 4 (gateway): no port."),
        ([OK, OK, {"state": {"terminated": {"exitCode": 1, "message": "4 of 30"}}}], "Installing", "): 4 of 30."),
        ([OK, OK, OK, ended("")], "Installing", "step 4 of 4 (login): Error."),
        ([OK, OK, OK, OK], "Installing", "step 4 of 4 (login): done."),
        (
            [{"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}],
            "ImagePullBackOff",
            "its pod demo-kubeflow-x can't start: no such image.",
        ),
    ],
    ids=["starting", "first try", "failure", "next try", "just ended", "no message", "about to complete", "no image"],
)  # fmt: skip
def test_the_condition_tells_the_step_and_what_it_said_last(
    containers: list[Manifest], reason: str, words: str
) -> None:
    status, shown, message = told(with_pod(installing(), *containers))
    assert (status, shown) == ("False", reason)
    assert message.endswith(words)


def test_a_pod_that_finds_no_place_is_told() -> None:
    lacking = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]
    assert told(with_pod(installing(), conditions=lacking))[1] == "Unschedulable"


def test_without_its_pod_the_condition_says_where_to_look() -> None:
    assert told(installing())[2].endswith("kubectl logs -n team-a job/demo-kubeflow --all-containers.")
    other = with_pod(installing(), RUNNING)
    assert told(with_job(other, metadata={**other.children[JOB][NAME]["metadata"], "uid": "another"}))[2].endswith(
        "containers."
    )


def test_a_job_whose_pod_a_quota_refuses_says_so() -> None:
    world = replace(installing(), related=related(quota(limits_memory="512Mi")))
    assert JOB_NAME in names(world.sync())
    status, reason, message = told(world)
    assert (status, reason) == ("False", "QuotaExceeded")
    assert message == (
        "Kubeflow v1.11.0: Job demo-kubeflow can't create its pod: exceeded quota: q, requested: limits.memory=1Gi, "
        "used: limits.memory=0, limited: limits.memory=512Mi (raise ResourceQuota q or make room in it)."
    )


def test_a_job_of_a_version_that_wrote_no_resources_is_made_again_where_a_quota_wants_them() -> None:
>>>>>>> d381269 (State messages and docstrings of the hooks in plain English)
    world = installing()
    job = world.children[JOB][NAME]["spec"]
    pod = job["template"]["spec"]
    bare = [{key: value for key, value in step.items() if key != "resources"} for step in pod["containers"]]
    world = with_job(world, spec={**job, "template": {**job["template"], "spec": {**pod, "containers": bare}}})
    world = replace(world, related=related(quota(limits_memory="4Gi")))
    assert JOB_NAME not in names(world.sync())
    assert JOB_NAME in names(with_job(world, status={"active": 1}).sync())
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
<<<<<<< HEAD
    assert read_condition(world)[2] == "Job demo-kubeflow is being created, held by its finalizers x/y."
=======
    assert told(world)[2] == "Job demo-kubeflow is being created, held by its finalizers x/y."
>>>>>>> d381269 (State messages and docstrings of the hooks in plain English)


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
