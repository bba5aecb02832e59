"""Nodes with GPUs, on a host that has none: a resource that it only says it has, and devices that stand in for GPUs."""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hooks.manifest import Manifest
from testbed.host_cluster import HostCluster
from testbed.layout import HOST_NODE
from testbed.waiting import wait_for
from tests.nested.virtual import VirtualCluster

RESOURCE, PRODUCT = "nvidia.com/gpu", "nvidia.com/gpu.product"
# What is read from them is what is read from /dev/null.
DEVICES = [Path(f"/dev/nvidia{number}") for number in range(2)]
NULL = os.makedev(1, 3)
TAINT = f"{RESOURCE}=present:NoSchedule"
SECONDS = 60


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
def with_gpu(lonely: VirtualCluster) -> VirtualCluster:
    """A virtual cluster whose only node asks for a GPU, and for a host with that label and taint; not applied yet."""
    (node,) = lonely.manifest["spec"]["nodes"]
    limits = {**node["resources"]["limits"], RESOURCE: "1"}
    tolerations = [{"key": RESOURCE, "operator": "Exists", "effect": "NoSchedule"}]
    node = {
        **node, "nodeSelector": {PRODUCT: "stand-in"}, "resources": {**node["resources"], "limits": limits},
        "tolerations": tolerations,
    }  # fmt: skip
    return replace(lonely, manifest={**lonely.manifest, "spec": {**lonely.manifest["spec"], "nodes": [node]}})


@pytest.fixture
def host_node(with_gpu: VirtualCluster) -> Iterator[str]:
    """The host's node, which has nothing to offer yet, and nothing afterwards."""
    kubectl = with_gpu.kubectl
    yield HOST_NODE
    patch = f'[{{"op": "remove", "path": "/status/capacity/{RESOURCE.replace("/", "~1")}"}}]'
    kubectl.succeeds("patch", "node", HOST_NODE, "--subresource=status", "--type=json", f"--patch={patch}")
    kubectl.succeeds("label", "node", HOST_NODE, f"{PRODUCT}-")
    kubectl.succeeds("taint", "node", HOST_NODE, f"{TAINT}-")


@pytest.mark.usefixtures("devices")
def test_a_node_waits_for_a_gpu_and_sees_it(with_gpu: VirtualCluster, host_node: str, running: VirtualCluster) -> None:
    kubectl = with_gpu.kubectl
    kubectl.apply(with_gpu.manifest)
    wait_for_message(with_gpu, "didn't match Pod's node affinity/selector")
    kubectl.run("label", "node", host_node, f"{PRODUCT}=stand-in")
    wait_for_message(with_gpu, f"Insufficient {RESOURCE}")
    patch = f'[{{"op": "add", "path": "/status/capacity/{RESOURCE.replace("/", "~1")}", "value": "2"}}]'
    kubectl.run("patch", "node", host_node, "--subresource=status", "--type=json", f"--patch={patch}")
    kubectl.run("taint", "node", host_node, TAINT)
    with_gpu.ensure_running()
    (container,) = kubectl.get("pod", with_gpu.nodes[0])["spec"]["containers"]
    assert container["resources"]["requests"][RESOURCE] == container["resources"]["limits"][RESOURCE] == "1"
    # There is no device plugin that would say which one.
    assert "does not say which GPUs are this node's" in kubectl.run("logs", with_gpu.nodes[0])
    assert list_devices(with_gpu, with_gpu.nodes[0]) == [device.name for device in DEVICES]
    kubectl.run("taint", "node", host_node, f"{TAINT}-")
    assert_hidden_from_others(running)


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

    def find() -> bool:
        status: Manifest = virtual.kubectl.get("vk8s", virtual.name).get("status", {})
        messages = {each["type"]: each["message"] for each in status.get("conditions", [])}
        return words in messages.get("ControlPlaneReady", "")

    wait_for(words, find, SECONDS, virtual.describe)
