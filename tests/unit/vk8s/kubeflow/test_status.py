"""Condition KubeflowReady: how far the installation is, and what to do when it does not go on."""

from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import JOB, POD, SECRET
from tests.namespace_world import quota, related
from tests.simulation.statuses import TRIED
from tests.unit.vk8s.kubeflow.material import (
    DONE,
    JOB_NAME,
    NAME,
    PORT,
    SETTINGS,
    installing,
    kubeflow_spec,
    read_condition,
    with_job,
    with_pod,
)
from tests.unit.vk8s.observed.injected import PULLING
from tests.world import CONTEXT, World, names, spec


def test_sidecar_that_blocks_the_installation_is_reported() -> None:
    world = with_pod(installing(), {"state": {"waiting": {"reason": "PodInitializing"}}})
    (pod,) = world.related[POD].values()
    first = [{"name": "istio-proxy", **PULLING}, *pod["status"]["initContainerStatuses"]]
    shown = {**pod, "status": {**pod["status"], "initContainerStatuses": first}}
    status, reason, message = read_condition(replace(world, related={POD: {"team-a/demo-kubeflow-x": shown}}))
    assert (status, reason) == ("False", "ImagePullBackOff")
    assert message == (
        "Kubeflow v1.11.0, step 1 of 4 (objects): its pod demo-kubeflow-x is not Ready: its container istio-proxy, "
        "which is not from this project, can't start: no such image."
    )


OK = {"state": {"terminated": {"exitCode": 0, "message": "done"}}}
RUNNING: Manifest = {"state": {"running": {}}}


def ended(message: str) -> Manifest:
    """A step that has reported what is missing, and waits for its next try."""
    last = {"terminated": {"exitCode": 1, "message": message, "reason": "Error"}}
    return {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}, "lastState": last}


def test_suspended_job_is_reported() -> None:
    job = installing().children[JOB][NAME]
    status, reason, message = read_condition(with_job(installing(), spec={**job["spec"], "suspend": True}))
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
def test_condition_has_the_step_and_its_last_message(containers: list[Manifest], reason: str, words: str) -> None:
    status, shown, message = read_condition(with_pod(installing(), *containers))
    assert (status, shown) == ("False", reason)
    assert message.endswith(words)


def test_unschedulable_pod_is_reported() -> None:
    lacking = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]
    assert read_condition(with_pod(installing(), conditions=lacking))[1] == "Unschedulable"


def test_condition_says_where_to_look_without_a_pod() -> None:
    assert read_condition(installing())[2].endswith("kubectl logs -n team-a job/demo-kubeflow --all-containers.")
    other = with_pod(installing(), RUNNING)
    assert read_condition(with_job(other, metadata={**other.children[JOB][NAME]["metadata"], "uid": "another"}))[
        2
    ].endswith("containers.")


def test_quota_that_refuses_the_pod_of_the_job_is_reported() -> None:
    tried = with_job(installing(), status=TRIED)
    world = replace(tried, related=related(quota(limits_memory="512Mi")))
    assert JOB_NAME in names(world.sync())
    status, reason, message = read_condition(world)
    assert (status, reason) == ("False", "QuotaExceeded")
    assert message == (
        "Kubeflow v1.11.0: Job demo-kubeflow can't create its pod: exceeded quota: q, requested: limits.memory=1Gi, "
        "used: limits.memory=0, limited: limits.memory=512Mi (raise ResourceQuota q or make room in it)."
    )


def test_finished_job_is_kept_and_the_login_reported() -> None:
    world = with_job(installing(), status=DONE)
    assert JOB_NAME in names(world.sync())
    assert read_condition(world) == (
        "True", "Installed", "Kubeflow v1.11.0 is installed. User and password are in Secret demo-kubeflow.",
    )  # fmt: skip
    assert world.sync().status["phase"] == "Running"


def test_kubeflow_of_another_version_of_the_hooks_stays() -> None:
    world = with_job(installing(), status=DONE, spec={"template": {"spec": {"containers": [{"image": "a"}]}}})
    assert read_condition(replace(world, spec=spec(ports=[PORT])))[2].startswith("Kubeflow stays installed")


def test_installed_kubeflow_is_reported_while_nodes_are_lost() -> None:
    world = with_job(installing(), status=DONE).with_pod_status("m", {})
    assert read_condition(world)[:2] == ("True", "Installed")


def test_lost_pki_is_reported_before_the_installation() -> None:
    new = World(spec=kubeflow_spec(), context=replace(CONTEXT, settings=SETTINGS)).steps(3)
    world = new.with_child(SECRET, "demo-pki", None)
    assert read_condition(world)[:2] == ("False", "PKILost")
    assert read_condition(with_job(installing(), status=DONE).with_child(SECRET, "demo-pki", None))[1] == "Installed"
