"""Step deployments of the Kubeflow installer, with a fake cluster."""

import pytest

from tests.images.installer import Installer

READY = {
    "dex": "Deployment auth dex 2 2 1 1 1",
    "jupyter": "Deployment kubeflow jupyter 1 1 2 2 2",
    "metacontroller": "StatefulSet kubeflow metacontroller 1 1 1 0 1",
    "other": "Deployment other other 1 1 1 0 0",
}


@pytest.mark.parametrize(
    ("changes", "waits"),
    [
        (
            {"dex": "Deployment auth dex 2 1 1 1 1"},
            "2 of 3 Deployments and StatefulSets are available; waits for auth/dex",
        ),
        (
            {"dex": "Deployment auth dex 2 2 1 0 1"},
            "2 of 3 Deployments and StatefulSets are available; waits for auth/dex",
        ),
        (
            {"jupyter": "Deployment kubeflow jupyter 1 1 2 2 1", "metacontroller": ""},
            "1 of 3 Deployments and StatefulSets are available; waits for kubeflow/jupyter, kubeflow/metacontroller",
        ),
    ],
    ids=["not observed", "not updated", "some pods, and none"],
)
def test_workloads_are_waited_for(installer: Installer, changes: dict[str, str], waits: str) -> None:
    installer.set("deployments,statefulsets", "".join(f"{line}\n" for line in {**READY, **changes}.values() if line))
    assert installer.run_in_vain("deployments") == waits


def test_workloads_are_there(installer: Installer) -> None:
    installer.set("deployments,statefulsets", "".join(f"{line}\n" for line in READY.values()))
    assert installer.run("deployments") == (0, "Step deployments is done.\n")


@pytest.mark.parametrize(
    ("pods", "obstacle"),
    [
        ("auth/b\nauth/c ContainerCreating x\nmine/d ErrImagePull r/i:v2\n", ""),
        (
            "mine/d ErrImagePull x\nauth/c ContainerCreating x ImagePullBackOff r/i:v1\n",
            "; the image r/i:v1 of pod auth/c could not be pulled",
        ),
        (
            "auth/b unschedulable 0/2 nodes are available: 2 Insufficient cpu. preemption: none.\n",
            "; no node has room for pod auth/b: 0/2 nodes are available: 2 Insufficient cpu",
        ),
    ],
    ids=["none", "an image", "no room"],
)
def test_problem_that_needs_a_fix_is_reported(installer: Installer, pods: str, obstacle: str) -> None:
    installer.set("pods", pods)
    assert installer.run_in_vain("deployments").endswith(
        f"waits for auth/dex, kubeflow/jupyter, kubeflow/metacontroller{obstacle}"
    )
