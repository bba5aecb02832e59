"""Nodes with GPUs, on a host that has none: a resource that it only says it has, and devices that stand in for GPUs.

There is no driver, so the image for GPUs says what it misses; then a library stands in for the driver, too.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed import builds
from testbed.host_cluster import HostCluster
from testbed.layout import HOST_NODE
from testbed.waiting import wait_for
from tests.nested.driver import import_image_with_driver
from tests.nested.host import read_example_images
from tests.nested.host_gpus import RESOURCE, SECONDS, advertise, offering_gpus, withdraw
from tests.nested.virtual import BOOT_SECONDS, VirtualCluster
from tests.nested.workload import build_web_pod

PRODUCT = "nvidia.com/gpu.product"
# What is read from them is what is read from /dev/null.
DEVICES = [Path(f"/dev/nvidia{number}") for number in range(2)]
NULL = os.makedev(1, 3)
TAINT = f"{RESOURCE}=present:NoSchedule"
# As NVIDIA's toolkit brings one; this one is the runtime that there is.
RUNTIME_CLASS: Manifest = {
    "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "stand-in"}, "handler": "runc",
}  # fmt: skip
PROGRAMS = ["nvidia-device-plugin", "nvidia-cdi-hook", "nvidia-container-runtime"]


@pytest.fixture
def devices(machine: HostCluster) -> Iterator[None]:  # noqa: ARG001 on its /dev
    """The devices of two GPUs."""
    if any(device.exists() for device in DEVICES):
        pytest.skip("This machine has GPUs, and the test would put its devices in their place.")
    for device in DEVICES:
        os.mknod(device, 0o666 | stat.S_IFCHR, NULL)
    yield
    for device in DEVICES:
        device.unlink()


@pytest.fixture
def with_gpu(lonely: VirtualCluster, machine: HostCluster) -> VirtualCluster:
    """A virtual cluster whose only node asks for both GPUs, and for a host with that label and taint; not applied yet.

    Its image is that for GPUs.
    """
    machine.import_image(builds.build_gpu_node_image())
    (node,) = lonely.manifest["spec"]["nodes"]
    limits = {**node["resources"]["limits"], RESOURCE: str(len(DEVICES))}
    tolerations = [{"key": RESOURCE, "operator": "Exists", "effect": "NoSchedule"}]
    node = {
        **node, "image": f"{node['image']}-gpu", "nodeSelector": {PRODUCT: "stand-in"},
        "resources": {**node["resources"], "limits": limits}, "runtimeClassName": "stand-in",
        "tolerations": tolerations,
    }  # fmt: skip
    return replace(lonely, manifest={**lonely.manifest, "spec": {**lonely.manifest["spec"], "nodes": [node]}})


@pytest.fixture
def host_node(with_gpu: VirtualCluster) -> Iterator[str]:
    """The host's node, which has nothing to offer yet, and nothing afterwards."""
    kubectl = with_gpu.kubectl
    kubectl.apply(RUNTIME_CLASS)
    yield HOST_NODE
    kubectl.run("delete", "runtimeclass", "stand-in")
    withdraw(kubectl)
    kubectl.succeeds("label", "node", HOST_NODE, f"{PRODUCT}-")
    kubectl.succeeds("taint", "node", HOST_NODE, f"{TAINT}-")


@pytest.fixture(scope="module")
def image_with_driver(machine: HostCluster) -> str:
    """The image for GPUs with a driver's library in it, as the host's toolkit would put it there."""
    reference = f"{read_example_images().node}-gpu-with-driver"
    import_image_with_driver(machine, reference)
    return reference


@pytest.fixture
def gpus_of_host(machine: HostCluster, image_with_driver: str, devices: None) -> Iterator[None]:  # noqa: ARG001 of them
    """A host whose device plugin offers both GPUs."""
    with offering_gpus(machine, image_with_driver, len(DEVICES)):
        yield


@pytest.fixture
def each_with_one(gpus_of_host: None, lonely: VirtualCluster, image_with_driver: str) -> VirtualCluster:  # noqa: ARG001
    """A virtual cluster of two nodes that ask for one GPU each; not applied yet. The host offers GPUs for longer."""
    (master,) = lonely.manifest["spec"]["nodes"]
    limits = {**master["resources"]["limits"], RESOURCE: "1"}
    master = {**master, "image": image_with_driver, "resources": {**master["resources"], "limits": limits}}
    nodes = [master, {**master, "name": "lonely-worker", "role": "worker"}]
    return replace(lonely, manifest={**lonely.manifest, "spec": {**lonely.manifest["spec"], "nodes": nodes}})


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_devices.py")
def test_each_node_has_that_gpu_alone_which_the_host_assigned_to_it(each_with_one: VirtualCluster) -> None:
    virtual = each_with_one
    virtual.ensure_running()
    seen = {node: list_devices(virtual, node) for node in virtual.nodes}
    for node, devices in seen.items():
        assigned = virtual.kubectl.run("exec", node, "--", "printenv", "NVIDIA_VISIBLE_DEVICES").strip()
        assert devices == [f"nvidia{assigned}"]
    assert sorted(chain.from_iterable(seen.values())) == [device.name for device in DEVICES]
    worker = virtual.nodes[1]
    wait_for_offer(virtual, worker, 1)
    assert_pods_inside_get_them(virtual, worker)


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_gpus.py")
@pytest.mark.usefixtures("devices")
def test_node_waits_for_gpus_and_offers_them(
    with_gpu: VirtualCluster, host_node: str, running: VirtualCluster, image_with_driver: str
) -> None:
    kubectl = with_gpu.kubectl
    kubectl.apply(with_gpu.manifest)
    wait_for_message(with_gpu, "didn't match Pod's node affinity/selector")
    kubectl.run("label", "node", host_node, f"{PRODUCT}=stand-in")
    wait_for_message(with_gpu, f"Insufficient {RESOURCE}")
    advertise(kubectl, len(DEVICES))
    kubectl.run("taint", "node", host_node, TAINT)
    with_gpu.ensure_running()
    pod = kubectl.get("pod", with_gpu.nodes[0])["spec"]
    assert pod["runtimeClassName"] == "stand-in"
    (container,) = pod["containers"]
    assert container["resources"]["requests"][RESOURCE] == container["resources"]["limits"][RESOURCE] == "2"
    # There is no device plugin that would say which ones.
    assert "does not say which GPUs are this node's" in kubectl.run("logs", with_gpu.nodes[0])
    assert_boots_without_a_driver(with_gpu, with_gpu.nodes[0])
    assert list_devices(with_gpu, with_gpu.nodes[0]) == [device.name for device in DEVICES]
    assert_pods_inside_get_them(put_in_driver(with_gpu, image_with_driver), with_gpu.nodes[0])
    kubectl.run("taint", "node", host_node, f"{TAINT}-")
    assert_hidden_from_others(running)


def assert_boots_without_a_driver(virtual: VirtualCluster, node: str) -> None:
    """A node of the image for GPUs says that it misses the driver's library, and has all programs but runs none."""
    assert "the driver's library libnvidia-ml.so.1 is not in this node" in virtual.kubectl.run("logs", node)
    for program in PROGRAMS:
        assert " version v" in virtual.kubectl.run("exec", node, "--", program, "--version")
    status = ["exec", node, "--", "systemctl", "show", "--property=ActiveState", "nvidia-device-plugin"]
    assert virtual.kubectl.run(*status).strip() == "ActiveState=inactive"


def put_in_driver(virtual: VirtualCluster, image: str) -> VirtualCluster:
    """The virtual cluster with an image that has a driver's library; its only node offers GPUs."""
    (node,) = virtual.manifest["spec"]["nodes"]
    node = {**node, "image": image}
    virtual = replace(virtual, manifest={**virtual.manifest, "spec": {**virtual.manifest["spec"], "nodes": [node]}})
    virtual.kubectl.apply(virtual.manifest)
    wait_for_offer(virtual, node["name"], len(DEVICES))
    return virtual


def wait_for_offer(virtual: VirtualCluster, node: str, gpus: int) -> None:
    """Waits until the Node inside has as many GPUs for pods."""
    inside = virtual.inside

    def is_offered() -> bool:
        shown = inside.find("node", node) or {}
        return bool(shown.get("status", {}).get("allocatable", {}).get(RESOURCE) == str(gpus))

    wait_for(f"a Node with {RESOURCE}", is_offered, BOOT_SECONDS, virtual.describe)


def assert_pods_inside_get_them(virtual: VirtualCluster, node: str) -> None:
    """A pod inside has as many GPUs as it asked for, with no class of runtime or the like."""
    inside = virtual.inside
    wait_for("the service account", lambda: inside.find("serviceaccount", "default"), SECONDS)
    for gpus in (0, 1):
        pod = build_web_pod(f"with-{gpus}", node)
        (web,) = pod["spec"]["containers"]
        web = {**web, "resources": {"limits": {RESOURCE: str(gpus)}}}
        inside.apply({**pod, "spec": {**pod["spec"], "containers": [web]}})
        inside.run("wait", "--for=condition=Ready", f"pod/with-{gpus}", f"--timeout={SECONDS}s")
        listed = inside.run("exec", f"with-{gpus}", "--", "/usr/bin/ls", "/dev").split()
        assert len({device.name for device in DEVICES} & set(listed)) == gpus


def assert_hidden_from_others(virtual: VirtualCluster) -> None:
    """A node that boots now, and has asked for no GPU, has none."""
    worker = virtual.nodes[1]
    virtual.replace_pod(worker, SECONDS)
    assert list_devices(virtual, worker) == []


def list_devices(virtual: VirtualCluster, node: str) -> list[str]:
    """Devices of GPUs that a node has."""
    listed = virtual.kubectl.run("exec", node, "--", "ls", "/dev").split()
    return [name for name in listed if name.startswith("nvidia")]


def wait_for_message(virtual: VirtualCluster, words: str) -> None:
    """Waits until the status says so of the only node."""

    def says_so() -> bool:
        status: Manifest = virtual.kubectl.get("vk8s", virtual.name).get("status", {})
        messages = {each["type"]: each["message"] for each in status.get("conditions", [])}
        return words in messages.get("ControlPlaneReady", "")

    wait_for(words, says_so, SECONDS, virtual.describe)
