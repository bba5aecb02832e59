"""Volumes that are deleted while nodes run, or are gone: nothing is lost by our doing, and all comes back."""

import re
import shlex
import subprocess
from collections.abc import Sequence

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.nested.kept import NODES, Kept
from tests.nested.virtual import VirtualCluster
from tests.walkthrough.pages import read_commands

SECONDS = 60
PAGE = ROOT / "docs" / "how-to" / "lost-volumes.md"
DELETED, RETAINED = "The claim is being deleted", "Its volume was retained"


def read_condition(virtual: VirtualCluster, kind: str) -> Manifest:
    conditions: list[Manifest] = virtual.kubectl.get("vk8s", virtual.name)["status"]["conditions"]
    return next(entry for entry in conditions if entry["type"] == kind)


def wait_for_reason(virtual: VirtualCluster, reason: str) -> None:
    wait_for(reason, lambda: read_condition(virtual, "ChildrenObserved")["reason"] == reason, SECONDS, virtual.describe)


def list_pods(virtual: VirtualCluster, nodes: Sequence[str]) -> list[str]:
    """The uids of the nodes' pods."""
    return [virtual.kubectl.get("pod", node)["metadata"]["uid"] for node in nodes]


def follow_page(virtual: VirtualCluster, node: str) -> None:
    """Types in what the page says, for that node."""
    commands = [command.text for heading in (DELETED, RETAINED) for command in read_commands(PAGE, under=heading)]
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands).replace("local-master", node)],
        env=virtual.host.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.returncode == 0, f"{shell.stdout}\n{shell.stderr}\n{virtual.describe()}"


def edit(virtual: VirtualCluster, paused: str) -> None:
    """Writes whether it is paused, and waits until that is acted on."""
    virtual.kubectl.run("patch", "vk8s", virtual.name, "--type=merge", f'--patch={{"spec": {{"paused": {paused}}}}}')
    generation = virtual.kubectl.get("vk8s", virtual.name)["metadata"]["generation"]
    wanted = f"--for=jsonpath={{.status.observedGeneration}}={generation}"
    virtual.kubectl.run("wait", f"vk8s/{virtual.name}", wanted, f"--timeout={SECONDS}s")


@pytest.mark.nightly("tests/unit/vk8s/plan/test_state.py")
def test_claims_that_are_deleted_while_their_nodes_run_cost_nothing(kept: Kept) -> None:
    virtual = kept.virtual
    pods = list_pods(virtual, NODES)
    virtual.kubectl.run("delete", "pvc", *(f"{node}-state" for node in NODES), "--wait=false")
    wait_for_reason(virtual, "StateAtRisk")
    virtual.inside.run("create", "configmap", "written-at-risk")

    virtual.kubectl.run("annotate", "vk8s", virtual.name, "--overwrite", "vk8s.sktelecom.com/restart=at-risk")
    wait_for("the restart", lambda: ", ".join(NODES) in read_condition(virtual, "Accepted")["message"], SECONDS)
    edit(virtual, "true")
    assert virtual.kubectl.get("vk8s", virtual.name)["status"]["phase"] == "Degraded"
    edit(virtual, "false")
    assert list_pods(virtual, NODES) == pods
    kept.check()

    virtual.kubectl.run("annotate", "vk8s", virtual.name, "vk8s.sktelecom.com/restart-")
    for node in NODES:
        follow_page(virtual, node)
    virtual.wait_for_phase("Running")
    wait_for_reason(virtual, "AllObserved")
    kept.check()
    assert virtual.inside.find("configmap", "written-at-risk")
    virtual.inside.run("delete", "configmap", "written-at-risk")


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_founding.py")
def test_empty_cluster_is_initialized_only_if_its_owner_asks(lonely: VirtualCluster) -> None:
    lonely.ensure_running()
    before = lonely.inside.get("namespace", "kube-system")["metadata"]["uid"]
    lose_volume(lonely, "lonely-master")
    assert lonely.kubectl.get("vk8s", "lonely")["status"]["phase"] == "Fail"
    assert lonely.kubectl.find("pvc", "lonely-master-state") is None
    accept_loss(lonely)
    lonely.wait_for_phase("Running")
    lonely.wait_for_nodes()
    assert lonely.inside.get("namespace", "kube-system")["metadata"]["uid"] != before


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_worker_again.py")
def test_worker_without_its_volume_rejoins_if_its_owner_asks(running: VirtualCluster) -> None:
    running.wait_for_nodes()
    lose_volume(running, "local-worker")
    assert running.kubectl.get("vk8s", "local")["status"]["phase"] == "Degraded"
    accept_loss(running)
    running.wait_for_phase("Running")
    running.wait_for_nodes()


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_founding.py")
@pytest.mark.parametrize("node", ["lonely-master"])
def test_empty_replacement_claim_initializes_no_second_cluster(lonely: VirtualCluster, node: str) -> None:
    lonely.ensure_running()
    claim = lonely.kubectl.get("pvc", f"{node}-state")
    lose_volume(lonely, node)
    labels = {"controller-uid": lonely.kubectl.get("vk8s", "lonely")["metadata"]["uid"]}
    spec = {key: claim["spec"][key] for key in ("accessModes", "resources", "storageClassName")}
    metadata = {"name": f"{node}-state", "labels": labels}
    lonely.kubectl.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec})
    sentence = "this virtual cluster existed before"
    wait_for("the refusal", lambda: sentence in read_condition(lonely, "Ready")["message"], SECONDS * 2)
    assert lonely.kubectl.get("vk8s", "lonely")["status"]["phase"] != "Running"


def lose_volume(virtual: VirtualCluster, node: str) -> None:
    """Deletes claim and pod of a node, as the loss of its host's disk comes to."""
    virtual.kubectl.run("delete", "pvc", f"{node}-state", "--wait=false")
    virtual.kubectl.run("delete", "pod", node)
    wait_for_reason(virtual, "StateLost")


def accept_loss(virtual: VirtualCluster) -> None:
    """Types in the command that the status shows."""
    message = read_condition(virtual, "Ready")["message"]
    found = re.search(r"kubectl (annotate vk8s .*accept-state-loss=\S+?)\.", message)
    assert found, message
    virtual.kubectl.run(*shlex.split(found[1]))
