"""A testbed of its own, and in it the virtual cluster that the specs are about."""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hooks.kubernetes.manifest import Manifest
from testbed import builds, cgroups, host_cluster, preflight
from testbed.bring_up import bring_up
from testbed.layout import CONFORMANCE
from tests.nested.host import build_testbed_host, read_example_images
from tests.nested.virtual import VirtualCluster

NAME: Final = "conformance"
REMOVAL: Final = f"{sys.executable} -m testbed --testbed {CONFORMANCE.name} down"
# What Conformance asks for: some specs want pods on two nodes that differ.
WORKERS: Final = 2
_CONTROL_PLANE: Final = "node-role.kubernetes.io/control-plane"
# What a node may use, by its role, and what it asks for, which small hosts have.
_LIMITS: Final = {"master": {"cpu": "2", "memory": "3Gi"}, "worker": {"cpu": "2", "memory": "4Gi"}}
_REQUESTS: Final = {"cpu": "100m", "memory": "1Gi"}


@dataclass(frozen=True)
class Configuration:
    """What is tested: the modules of a Kubernetes (testbed/builds.py), and how many control-plane nodes it has."""

    modules: str = builds.OURS
    control_plane_nodes: int = 1


@dataclass(frozen=True)
class Site:
    """A virtual cluster that is Running, with the images that specs use on `nodes`. `programs`: e2e.test and ginkgo."""

    virtual: VirtualCluster
    nodes: Sequence[str]
    programs: Path
    kubectl: Path

    def describe(self) -> Mapping[str, str]:
        """What runs: of Kubernetes, of the container runtime, and of the machine."""
        nodes = self.virtual.inside.get("nodes")["items"]
        info = nodes[0]["status"]["nodeInfo"]
        version = json.loads(self.virtual.kubectl.run("get", "--raw", "/version"))
        return {
            "Kubernetes": info["kubeletVersion"],
            "host cluster": version["gitVersion"],
            "container runtime": info["containerRuntimeVersion"],
            "kernel": info["kernelVersion"].partition("-")[0],
            "cgroups": "v2" if Path("/sys/fs/cgroup/cgroup.controllers").exists() else "v1",
        }


def list_obstacles() -> list[str]:
    """Why this machine can't have the testbed now."""
    if cgroups.list_processes(CONFORMANCE.network):
        return [f"its place: these tests run, or their testbed is left over, which this ends: {REMOVAL}"]
    return preflight.list_problems()


def bring_up_site(configuration: Configuration) -> Site:
    """Builds what is missing, and returns when the virtual cluster is Running and has all images."""
    programs = builds.build_conformance_programs(configuration.modules)
    node_image = builds.build_node_image(configuration.modules)
    host = bring_up(CONFORMANCE)
    host.import_image(node_image)
    manifest = build_vk8s((programs / "version").read_text().strip(), configuration.control_plane_nodes)
    virtual = VirtualCluster(build_testbed_host(host), manifest, Path(tempfile.mkdtemp(dir=CONFORMANCE.state)))
    virtual.ensure_running()
    return prepare(virtual, configuration.modules)


def prepare(virtual: VirtualCluster, modules: str = builds.OURS) -> Site:
    """Gives a virtual cluster of that Kubernetes, which is Running, all images that specs use, where their pods run."""
    virtual.wait_for_nodes()
    images = builds.build_conformance_images(modules)
    nodes = list_schedulable(virtual.inside.get("nodes")["items"])
    for node in nodes:
        virtual.kubectl.feed(images, "exec", "-i", node, "--", "ctr", "-n", "k8s.io", "images", "import", "-")
    return Site(virtual, nodes, builds.build_conformance_programs(modules), builds.build_binaries(modules) / "kubectl")


def remove() -> None:
    """Removes all of it."""
    host_cluster.remove(CONFORMANCE)


def build_vk8s(version: str, control_plane_nodes: int) -> Manifest:
    """A virtual cluster of that version with so many control-plane nodes, and two workers."""
    image = f"{read_example_images().node.rpartition(':')[0]}:{version}"
    masters = [f"{NAME}-master-{number}" for number in range(1, control_plane_nodes + 1)]
    workers = [f"{NAME}-worker-{number}" for number in range(1, WORKERS + 1)]
    nodes = [
        {
            "name": name,
            "image": image,
            "role": role,
            "resources": {"requests": {**_REQUESTS}, "limits": {**_LIMITS[role]}},
        }
        for role, names in (("master", masters), ("worker", workers))
        for name in names
    ]
    return {
        "apiVersion": "vk8s.sktelecom.com/v1alpha1",
        "kind": "Vk8s",
        "metadata": {"name": NAME},
        "spec": {"nodes": nodes},
    }


def list_schedulable(nodes: Sequence[Manifest]) -> Sequence[str]:
    """Names of those that pods of specs run on: a control-plane node loses its taint with the last worker."""
    return [node["metadata"]["name"] for node in nodes if not _is_reserved(node)]


def _is_reserved(node: Manifest) -> bool:
    # A Node that has just become Ready has taints of the node controller for another moment.
    return any(taint["key"] == _CONTROL_PLANE for taint in node["spec"].get("taints", ()))
