"""What status says of things that go wrong, as a real API server and its controllers let them go wrong."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed import control_plane, programs
from testbed.host_cluster import HostCluster
from testbed.waiting import wait_for
from tests.cluster.conftest import Lenient
from tests.cluster.owner import SECONDS, Owner, build_vk8s, read_condition
from tests.world import node

WEB = {"name": "web", "port": 30000, "targetPort": 30000}
MISSING_SECONDS = 60


def set_container_state(owner: Owner, pod: str, state: Manifest, last_state: Manifest | None = None) -> None:
    """Makes the pod's status say what a kubelet says of its container, which has run where it has a last state."""
    container = {
        "name": "node",
        "image": "x",
        "imageID": "",
        "ready": False,
        "restartCount": 3 if last_state else 0,
        "state": state,
        **({"lastState": last_state} if last_state else {}),
    }
    scheduled = {"type": "PodScheduled", "status": "True"}
    patch = {"status": {"phase": "Pending", "conditions": [scheduled], "containerStatuses": [container]}}
    owner.kubectl.run("patch", "pod", pod, "--subresource=status", "--type=merge", f"--patch={json.dumps(patch)}")


def wait_for_pods(owner: Owner, **spec: Any) -> None:
    owner.kubectl.apply(build_vk8s(**spec))
    owner.wait_for_children("Pod/m", "Pod/w")


@pytest.fixture
def without_scheduler(controlled: HostCluster) -> Iterator[None]:
    """No scheduler changes a pod's status after the test has written it in place of a kubelet."""
    programs.stop(controlled.testbed, "kube-scheduler")
    yield
    programs.start(controlled.testbed, control_plane.build_scheduler(controlled.testbed, controlled.binaries))


def test_first_status_replaces_the_one_of_no_generation(owner: Owner) -> None:
    owner.kubectl.apply(build_vk8s())
    wait_for("a phase", lambda: owner.status().get("phase"), SECONDS)
    vk8s = owner.kubectl.get("vk8s", "demo")
    assert vk8s["status"]["observedGeneration"] == vk8s["metadata"]["generation"]
    assert (
        read_condition(vk8s["status"], "Reconciling")["message"] == read_condition(vk8s["status"], "Ready")["message"]
    )


@pytest.mark.nightly("tests/unit/vk8s/observed/test_pod_state.py")
@pytest.mark.usefixtures("without_scheduler")
def test_image_that_cannot_be_pulled_is_named(owner: Owner) -> None:
    wait_for_pods(owner)
    message = 'Back-off pulling image "registry.example.com/vk8s/kink:v1.34.4": not found'
    set_container_state(owner, "m", {"waiting": {"reason": "ImagePullBackOff", "message": message}})
    condition = owner.wait_for_reason("ControlPlaneReady", "ImagePullBackOff")
    assert condition["message"] == f"m can't start: {message}."
    assert owner.status()["nodes"][0]["reason"] == "ImagePullBackOff"


@pytest.mark.usefixtures("without_scheduler")
def test_sentence_of_a_boot_that_gave_up_is_shown(owner: Owner) -> None:
    wait_for_pods(owner)
    sentence = "The host's kernel has no vxlan: run `modprobe vxlan` on the host."
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "message": sentence}}
    set_container_state(owner, "w", {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}}, ended)
    condition = owner.wait_for_reason("WorkersReady", "CrashLoopBackOff")
    assert condition["message"] == f"w has stopped: {sentence}"


@pytest.mark.usefixtures("small_host")
def test_resource_that_no_host_has_is_named(owner: Owner) -> None:
    large = {"requests": {"cpu": "8"}, "limits": {"cpu": "8"}}
    # Neither finds a place: nobody would end a pod that has one.
    nodes = [node("m", "master", resources=large), node("w", "worker", resources=large)]
    wait_for_pods(owner, nodes=nodes, storage={"ephemeral": True})

    def message() -> str:
        return str(owner.wait_for_reason("ControlPlaneReady", "Unschedulable")["message"])

    # A scheduler that still knows the node with the taint of a new one says that first.
    wait_for("the reason", lambda: "Insufficient cpu" in message(), SECONDS, message)


@pytest.mark.usefixtures("small_host")
def test_volume_that_nobody_makes_is_named(owner: Owner) -> None:
    storage_class = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "nobodys"}}
    owner.kubectl.apply({**storage_class, "provisioner": "example.com/none"})
    owner.kubectl.apply(build_vk8s(storage={"storageClassName": "nobodys"}))
    condition = owner.wait_for_reason("ControlPlaneReady", "VolumePending")
    assert condition["message"] == f"m waits for its volume: kubectl describe pvc -n {owner.namespace} m-state."


@pytest.mark.nightly("tests/unit/vk8s/status/test_progress.py")
def test_taken_pod_name_is_reported(owner: Owner) -> None:
    container = {"name": "c", "image": "x"}
    owner.kubectl.apply(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "w"}, "spec": {"containers": [container]}}
    )
    owner.kubectl.apply(build_vk8s())
    condition = owner.wait_for_reason("ChildrenObserved", "ChildMissing", MISSING_SECONDS)
    assert condition["message"].startswith("Pod w: not created yet; kubectl get ")
    command = condition["message"].split("kubectl ")[1].split(" shows")[0]
    assert "w " in owner.kubectl.run(*command.split())


def test_taken_node_port_is_reported_and_all_else_created(owner: Owner) -> None:
    ports = [{"port": 80, "nodePort": 30000}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "other"}}
    owner.kubectl.apply({**service, "spec": {"type": "NodePort", "ports": ports}})
    owner.kubectl.apply(build_vk8s(ports=[WEB]))
    condition = owner.wait_for_reason("ChildrenObserved", "ChildMissing", MISSING_SECONDS)
    assert condition["message"].startswith("Service demo: ")
    assert {"Pod/m", "Pod/w"} <= set(owner.children())
    command = condition["message"].split("kubectl ")[2].split(" shows")[0]
    assert "provided port is already allocated" in owner.kubectl.run(*command.split())
    owner.kubectl.run("delete", "service", "other")
    owner.wait_for_children("Service/demo")


def test_spec_that_gets_invalid_and_valid_again_changes_no_address(owner: Owner, lenient: Lenient) -> None:
    low = {"name": "low", "port": 8080, "targetPort": 8080}
    owner.run_cluster(build_vk8s(ports=[WEB, low]))
    before = describe_addresses(owner)
    lenient(build_vk8s(ports=[WEB, {**low, "targetPort": 80}]))
    condition = owner.wait_for_reason("Accepted", "InvalidSpec")
    assert "spec.ports[1].targetPort: write the same number as port." in condition["message"]
    assert owner.status()["phase"] == "Running"
    assert describe_addresses(owner) == before
    owner.kubectl.apply(build_vk8s(ports=[WEB, low]))
    owner.wait_for_reason("Accepted", "Valid")
    assert describe_addresses(owner) == before


def describe_addresses(owner: Owner) -> dict[str, object]:
    services = {name: child["spec"] for name, child in owner.children().items() if name.startswith("Service/")}
    return {name: (spec["clusterIP"], spec["ports"]) for name, spec in services.items()}


def test_endpoints_and_certificates_are_shown(owner: Owner) -> None:
    low = {"name": "low", "port": 8080, "targetPort": 8080}
    status = owner.run_cluster(build_vk8s(ports=[WEB, low], accessPodImage="x", accessPodPort=30099))["status"]
    services = {name: child["spec"]["ports"] for name, child in owner.children().items() if name.startswith("Service/")}
    assert status["endpoints"]["api"] == f"https://demo-api.{owner.namespace}.svc.cluster.local:6443"
    assert status["endpoints"]["ssh"] == 30099
    assert [port["nodePort"] for port in status["endpoints"]["ports"]] == [
        port["nodePort"] for port in services["Service/demo"]
    ]
    assert status["certificatesExpire"]["ca"] > status["certificatesExpire"]["kubeconfig"]


def test_wide_columns_show_where_the_cluster_is(owner: Owner) -> None:
    owner.run_cluster(build_vk8s(accessPodImage="x", accessPodPort=30098))
    header, line = owner.kubectl.run("get", "vk8s", "demo", "--output=wide").splitlines()
    assert header.split() == ["NAME", "PHASE", "NODES", "AGE", "VOTERS", "API", "SSH", "MESSAGE"]
    api = f"https://demo-api.{owner.namespace}.svc.cluster.local:6443"
    assert line.split()[4:] == [api, "30098", "2", "of", "2", "nodes", "are", "Ready."]
