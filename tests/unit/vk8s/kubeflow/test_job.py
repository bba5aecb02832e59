"""The Job that installs Kubeflow: what it is given, and what its pods are selected by."""

from hooks.vk8s.kubeflow.job import STEPS
from tests.unit.vk8s.kubeflow.material import (
    DONE,
    IMAGE,
    NAME,
    get_job,
    kubeflow_spec,
    read_condition,
    running,
    with_job,
)
from tests.world import names


def test_job_has_the_spec_and_the_address_of_its_users() -> None:
    job = get_job(running(kubeflow_spec(email="jane@example.com")).sync())
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


def test_password_of_the_owner_is_mounted_and_none_created() -> None:
    wanted = kubeflow_spec(passwordSecretRef={"name": "mine", "key": "word"})
    world = running(wanted)
    assert f"Secret/{NAME}" not in names(world.sync())
    (volume,) = (
        each["secret"]
        for each in get_job(world.sync())["spec"]["template"]["spec"]["volumes"]
        if each["name"] == "password"
    )
    assert volume["secretName"] == "mine"
    assert volume["items"] == [
        {"key": "word", "path": "password"},
        {"key": "vk8s-kubeflow", "path": "vk8s-kubeflow"},
    ]
    (container,) = get_job(world.sync())["spec"]["template"]["spec"]["containers"]
    assert {"name": "KUBEFLOW_CONSENT_FILE", "value": "/vk8s/kubeflow/vk8s-kubeflow"} in container["env"]
    finished = with_job(world.step(), status=DONE)
    assert read_condition(finished)[2].endswith("Its user is user@example.com, with the password in Secret mine.")
