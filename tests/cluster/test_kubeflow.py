"""Kubeflow on a real API server: the Job, the story of its pod in the status, edits. Nobody runs it: it is played."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.kubeflow.job import STEPS
from testbed import controller
from testbed.host_cluster import HostCluster
from testbed.waiting import wait_for
from tests.cluster.owner import SECONDS, Owner, build_vk8s

INSTALLER = "registry.example.com/vk8s/kubeflow-installer"
PORT = {"name": "kubeflow", "port": 30096, "targetPort": 30096}
DONE: Manifest = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": None, "finishedAt": None}}


@pytest.fixture(scope="module", autouse=True)
def with_installer(controlled: HostCluster) -> None:
    """The hooks know the image that installs Kubeflow; those of the next module are started again."""
    settings = {"VK8S_SETTING_KUBEFLOW_INSTALLER_IMAGE": f"{INSTALLER}:{{version}}"}
    controller.start_hooks(controlled, settings=settings)


def build(version: str = "v1.11.0", **fields: Any) -> Manifest:
    """A Vk8s with Kubeflow."""
    return build_vk8s(ports=[PORT], kubeflow={"version": version, **fields})


def find_pod(owner: Owner) -> Manifest | None:
    """The newest pod of the Job."""
    (job,) = (child for name, child in owner.children().items() if name == "Job/demo-kubeflow")
    pods = owner.kubectl.get("pods", f"--selector=batch.kubernetes.io/controller-uid={job['metadata']['uid']}")["items"]
    return next(iter(pods), None)


def play(owner: Owner, *states: Manifest, phase: str = "Pending") -> None:
    """The Job's pod as a kubelet would tell of it: `states` are those of its first steps."""
    pod = wait_for("the pod of the Job", lambda: find_pod(owner), SECONDS)
    common = {"image": INSTALLER, "imageID": "", "ready": False, "restartCount": 0}
    entries = [{"name": step, **common, **state} for step, state in zip(STEPS, states, strict=False)]
    status = {"phase": phase, "initContainerStatuses": entries[:3], "containerStatuses": entries[3:]}
    patch = json.dumps({"status": status})
    name = pod["metadata"]["name"]
    owner.kubectl.run("patch", "pod", name, "--subresource=status", "--type=merge", f"--patch={patch}")


def wait_for_words(owner: Owner, words: str) -> Manifest:
    """The condition, once its message has these words."""

    def find() -> Manifest | None:
        found = owner.condition("KubeflowReady")
        return found if words in found.get("message", "") else None

    return wait_for(words, find, SECONDS, lambda: json.dumps(owner.status()))


def install(owner: Owner) -> None:
    """All steps have done what they are for."""
    play(owner, *({"state": DONE} for _ in STEPS), phase="Succeeded")
    owner.wait_for_reason("KubeflowReady", "Installed")


def test_each_step_is_reported_and_the_last_one_is_ready(owner: Owner) -> None:
    owner.run_cluster(build())
    owner.wait_for_children("Job/demo-kubeflow", "Secret/demo-kubeflow")
    refused = {"terminated": {**DONE["terminated"], "exitCode": 1, "message": "3 of 9 objects are accepted."}}
    play(owner, {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": refused})
    wait_for_words(owner, "Kubeflow v1.11.0, step 1 of 4 (objects): 3 of 9 objects are accepted.")
    play(owner, {"state": DONE}, {"state": {"running": {}}})
    wait_for_words(owner, "step 2 of 4 (gateway) runs.")
    install(owner)
    assert owner.status()["phase"] == "Running"
    owner.check_stillness()


def test_new_version_gets_a_new_job_and_stays_once_installed(owner: Owner) -> None:
    owner.run_cluster(build())
    first = owner.wait_for_children("Job/demo-kubeflow")["Job/demo-kubeflow"]
    install(owner)
    owner.kubectl.apply(build("v1.11.1"))
    wait_for("another Job", lambda: owner.has_another(first), SECONDS, lambda: json.dumps(owner.status()))
    wait_for_words(owner, "v1.11.1")
    install(owner)
    owner.kubectl.apply(build_vk8s(ports=[PORT]))
    owner.wait_for_reason("KubeflowReady", "LeftInstalled")
    assert {"Job/demo-kubeflow", "Secret/demo-kubeflow"} <= set(owner.children())


def test_running_installation_ends_when_the_field_is_removed(owner: Owner) -> None:
    owner.run_cluster(build())
    owner.wait_for_children("Job/demo-kubeflow")
    owner.kubectl.apply(build_vk8s(ports=[PORT]))
    wait_for("the end of the Job", lambda: "Job/demo-kubeflow" not in owner.children(), SECONDS)
    assert owner.condition("KubeflowReady") == {}


def test_kubeflow_for_another_kubernetes_is_not_begun(owner: Owner) -> None:
    owner.run_cluster(build("v1.3.0"))
    assert "made for Kubernetes 1.17 to 1.21" in owner.wait_for_reason("KubeflowReady", "VersionMismatch")["message"]
    assert "Job/demo-kubeflow" not in owner.children()


def test_without_an_installer_nothing_is_begun(owner: Owner, other_hooks: None) -> None:  # noqa: ARG001
    owner.run_cluster(build())
    assert (
        "VK8S_SETTING_KUBEFLOW_INSTALLER_IMAGE" in owner.wait_for_reason("KubeflowReady", "InstallerNotSet")["message"]
    )


@pytest.fixture
def other_hooks(controlled: HostCluster) -> Iterator[None]:
    """Hooks that know no such image."""
    controller.start_hooks(controlled)
    yield
    controller.start_hooks(controlled, settings={"VK8S_SETTING_KUBEFLOW_INSTALLER_IMAGE": f"{INSTALLER}:{{version}}"})
