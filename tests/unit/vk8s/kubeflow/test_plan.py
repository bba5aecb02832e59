"""Kubeflow: which children it has at what time, and what its owner is told of it."""

from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.decide import decide_customize
from hooks.vk8s.kubeflow.job import STEPS
from hooks.vk8s.observed.children import JOB, POD, SECRET
from hooks.wire import CustomizeRequest, SyncResponse
from tests.namespace_world import quota, related
from tests.world import CONTEXT, IDENTITY, UID, World, condition, names, node, ready_status, running_world, spec

IMAGE = "registry.example.com/vk8s/kubeflow-installer"
SETTINGS = Settings(kubeflow_installer_image=f"{IMAGE}:{{version}}")
PORT = {"name": "kubeflow", "port": 30080, "targetPort": 30080}
NAME, JOB_NAME = "demo-kubeflow", "Job/demo-kubeflow"
DONE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {"conditions": [{"type": "Failed", "status": "True"}]}
OK = {"state": {"terminated": {"exitCode": 0, "message": "done"}}}
RUNNING: Manifest = {"state": {"running": {}}}


def kubeflow_spec(version: str = "v1.11.0", *, ports: list[Manifest] | None = None, **fields: Any) -> Manifest:
    """The spec of a master and a worker with Kubeflow; `fields` are its own."""
    return spec(kubeflow={"version": version, **fields}, ports=[PORT] if ports is None else ports)


def running(wanted: Manifest, settings: Settings = SETTINGS) -> World:
    """The world in which its nodes are Ready; the Job is there, if nothing stands in its way."""
    return running_world(spec=wanted, context=replace(CONTEXT, settings=settings))


def installing(wanted: Manifest | None = None) -> World:
    """The world in which the Job is there."""
    world = running(wanted or kubeflow_spec())
    assert NAME in world.children[JOB]
    return world


def with_job(world: World, **fields: Any) -> World:
    """The world in which the Job has those fields."""
    return world.with_child(JOB, NAME, {**world.children[JOB][NAME], **fields})


def with_pod(world: World, *containers: Manifest, **status: Any) -> World:
    """The world in which Metacontroller sends the Job's pod along: `containers` are the states of its first steps."""
    statuses = [{"name": step, **state} for step, state in zip(STEPS, containers, strict=False)]
    ours = [entry for entry in statuses if entry["name"] == STEPS[-1]]
    steps = [entry for entry in statuses if entry["name"] != STEPS[-1]]
    owners = [{"uid": world.children[JOB][NAME]["metadata"]["uid"], "controller": True}]
    metadata = {"name": f"{NAME}-x", "namespace": "team-a", "uid": "pod", "ownerReferences": owners}
    shown = {"initContainerStatuses": steps, "containerStatuses": ours, **status}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}, "status": shown}
    return replace(world, related={POD: {f"team-a/{NAME}-x": pod}})


def ended(message: str) -> Manifest:
    """A step that has told what is lacking, and waits for its next try."""
    last = {"terminated": {"exitCode": 1, "message": message, "reason": "Error"}}
    return {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}, "lastState": last}


def told(world: World) -> tuple[str, str, str]:
    """Status, reason and message of the condition."""
    entry = condition(world.sync(), "KubeflowReady")
    return entry["status"], entry["reason"], entry["message"]


def find_job(answer: SyncResponse) -> Manifest:
    """The Job in an answer."""
    (job,) = (child for child in answer.children if child["kind"] == "Job")
    return job


def has_condition(world: World) -> bool:
    """Whether status tells of Kubeflow at all."""
    return "KubeflowReady" in {entry["type"] for entry in world.sync().status["conditions"]}


def test_the_job_is_made_once_an_api_server_and_a_node_are_there() -> None:
    world = World(spec=kubeflow_spec(), context=replace(CONTEXT, settings=SETTINGS))
    for _ in range(4):
        status, reason, message = told(world)
        assert (status, reason) == ("False", "Waiting" if "are there" in message else "WaitingForNodes")
        assert JOB_NAME not in names(world.sync())
        world = world.step()
    world = world.with_pod_status("m", ready_status())
    assert JOB_NAME not in names(world.sync())
    world = world.with_pod_status("w", ready_status())
    assert JOB_NAME in names(world.sync())
    assert told(world)[:2] == ("False", "BeingMade")
    assert told(world.step())[:2] == ("False", "Installing")


def test_a_broken_worker_holds_nothing_up_while_another_is_ready() -> None:
    nodes = [node("m", "master"), node("w", "worker"), node("v", "worker")]
    world = running({**kubeflow_spec(), "nodes": nodes}).with_pod_status("v", {})
    assert JOB_NAME in names(world.sync())


def test_a_master_alone_is_enough() -> None:
    assert JOB_NAME in names(running({**kubeflow_spec(), "nodes": [node("m", "master")]}).sync())


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
        "Kubeflow v1.11.0: Job demo-kubeflow gets no pod: exceeded quota: q, requested: limits.memory=1Gi, "
        "used: limits.memory=0, limited: limits.memory=512Mi (raise ResourceQuota q or make room in it)."
    )


def test_a_job_of_a_version_that_wrote_no_resources_is_made_again_where_a_quota_wants_them() -> None:
    world = installing()
    job = world.children[JOB][NAME]["spec"]
    pod = job["template"]["spec"]
    bare = [{key: value for key, value in step.items() if key != "resources"} for step in pod["containers"]]
    world = with_job(world, spec={**job, "template": {**job["template"], "spec": {**pod, "containers": bare}}})
    world = replace(world, related=related(quota(limits_memory="4Gi")))
    assert JOB_NAME not in names(world.sync())
    assert JOB_NAME in names(with_job(world, status={"active": 1}).sync())
    assert JOB_NAME in names(with_job(world, status=DONE).sync())


def test_a_finished_job_is_kept_and_says_who_may_log_in() -> None:
    world = with_job(installing(), status=DONE)
    assert JOB_NAME in names(world.sync())
    assert told(world) == (
        "True", "Installed", "Kubeflow v1.11.0 is installed. User and password are in Secret demo-kubeflow.",
    )  # fmt: skip
    assert world.sync().status["phase"] == "Running"


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
def test_an_edit_makes_another_job(wanted: Manifest, status: Manifest) -> None:
    world = replace(with_job(installing(), status=status), spec=wanted)
    assert JOB_NAME not in names(world.sync())
    assert told(world)[:2] == ("False", "BeingMade")
    world = world.step()
    assert JOB_NAME in names(world.sync())
    assert told(world.step())[1] == "Installing"


def test_a_job_that_is_going_is_waited_for() -> None:
    world = installing()
    going = {
        **world.children[JOB][NAME]["metadata"],
        "deletionTimestamp": "2026-01-02T03:04:05Z",
        "finalizers": ["x/y"],
    }
    world = replace(with_job(world, metadata=going), spec=kubeflow_spec("v1.11.1"))
    assert JOB_NAME in names(world.sync())
    assert told(world)[2] == "Job demo-kubeflow is being made, held by its finalizers x/y."


def test_another_place_of_the_image_mends_a_job_and_repeats_none() -> None:
    moved = replace(CONTEXT, settings=Settings(kubeflow_installer_image="registry.example.com/moved:{version}"))
    world = replace(installing(), context=moved)
    assert JOB_NAME not in names(world.sync())
    assert JOB_NAME in names(with_job(world, status=DONE).sync())


def test_a_job_that_somebody_has_ended_is_made_again() -> None:
    assert JOB_NAME not in names(with_job(installing(), status=FAILED).sync())


def test_a_deleted_secret_comes_back_with_another_password_which_another_job_sets() -> None:
    finished = with_job(installing(), status=DONE)
    world = finished.with_child(SECRET, NAME, None)
    assert JOB_NAME in names(world.sync())
    secret = {
        **finished.children[SECRET][NAME],
        "metadata": {**finished.children[SECRET][NAME]["metadata"], "uid": "new"},
    }
    assert JOB_NAME not in names(world.with_child(SECRET, NAME, secret).sync())


def test_a_secret_whose_data_somebody_has_taken_stays_one() -> None:
    world = installing()
    empty = {key: value for key, value in world.children[SECRET][NAME].items() if key != "data"}
    assert f"Secret/{NAME}" in names(world.with_child(SECRET, NAME, empty).sync())


def test_kubeflow_leaves_the_spec_and_stays_installed() -> None:
    world = replace(with_job(installing(), status=DONE), spec=spec(ports=[PORT]))
    assert {JOB_NAME, f"Secret/{NAME}"} <= set(names(world.sync()))
    assert told(world) == (
        "True",
        "LeftInstalled",
        "Kubeflow v1.11.0 stays installed, and is its owner's to keep: spec.kubeflow is gone.",
    )


def test_what_another_version_of_the_hooks_installed_stays_too() -> None:
    world = with_job(installing(), status=DONE, spec={"template": {"spec": {"containers": [{"image": "a"}]}}})
    assert told(replace(world, spec=spec(ports=[PORT])))[2].startswith("Kubeflow stays installed")


def test_kubeflow_leaves_the_spec_before_it_is_installed() -> None:
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
def test_what_can_not_be_installed_is_told_and_nothing_is_tried(wanted: Manifest, reason: str, words: str) -> None:
    world = running(wanted)
    assert JOB_NAME not in names(world.sync())
    assert told(world)[:2] == ("False", reason)
    assert words in told(world)[2]
    edited = replace(with_job(installing(), status=DONE), spec=wanted)
    assert JOB_NAME in names(edited.sync())
    assert told(edited)[:2] == ("False", reason)


def test_what_is_installed_stays_so_while_the_nodes_are_lost() -> None:
    world = with_job(installing(), status=DONE).with_pod_status("m", {})
    assert told(world)[:2] == ("True", "Installed")


def test_without_the_setting_nothing_is_made_and_status_says_why() -> None:
    world = running(kubeflow_spec(), Settings())
    assert not {JOB_NAME, f"Secret/{NAME}"} & set(names(world.step().sync()))
    assert told(world)[1] == "InstallerNotSet"
    assert "VK8S_SETTING_KUBEFLOW_INSTALLER_IMAGE" in told(world)[2]
    assert JOB_NAME in names(replace(installing(), context=CONTEXT).sync())


def test_a_lost_pki_is_told_where_nothing_is_installed_yet() -> None:
    new = World(spec=kubeflow_spec(), context=replace(CONTEXT, settings=SETTINGS)).steps(3)
    world = new.with_child(SECRET, "demo-pki", None)
    assert told(world)[:2] == ("False", "PKILost")
    assert told(with_job(installing(), status=DONE).with_child(SECRET, "demo-pki", None))[1] == "Installed"


@pytest.mark.parametrize(
    ("wanted", "settings", "count"),
    [(kubeflow_spec(), SETTINGS, 1), (kubeflow_spec(), Settings(), 0), (spec(), SETTINGS, 0), (None, SETTINGS, 0)],
    ids=["wanted", "no setting", "not wanted", "no spec"],
)
def test_the_pods_of_the_job_are_asked_for(wanted: Any, settings: Settings, count: int) -> None:
    metadata = {"name": "demo", "namespace": "team-a", "uid": UID}
    request = CustomizeRequest.model_validate({"parent": {**IDENTITY, "metadata": metadata, "spec": wanted}})
    rules = decide_customize(request, settings).related_resources
    assert len(rules) == count
    for rule in rules:
        labels = find_job(running(kubeflow_spec()).sync())["spec"]["template"]["metadata"]["labels"]
        assert rule["labelSelector"]["matchLabels"].items() <= labels.items()
        assert (rule["apiVersion"], rule["resource"], rule["namespace"]) == ("v1", "pods", "team-a")


def test_the_user_interface_has_a_url_at_the_master_s_host_or_any() -> None:
    world = running(kubeflow_spec())
    opened = [{"name": "kubeflow", "port": 30080, "nodePort": 30080}]
    world = world.with_child("Service.v1", "demo", {**world.children["Service.v1"]["demo"], "spec": {"ports": opened}})
    assert "kubeflow" not in world.sync().status["endpoints"]
    world = world.with_pod_status("w", {**ready_status(), "hostIP": "192.0.2.8"})
    assert world.sync().status["endpoints"]["kubeflow"] == "http://192.0.2.8:30080"
    world = world.with_pod_status("m", {**ready_status(), "hostIP": "192.0.2.7"})
    assert world.sync().status["endpoints"]["kubeflow"] == "http://192.0.2.7:30080"
