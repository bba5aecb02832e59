"""The host cluster of the nested tests: the testbed's, or any other that a kubeconfig leads to."""

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from hooks.kubernetes.manifest import Manifest
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.layout import ROOT
from tests.nested.place import Place

NODE_IMAGE, ACCESS_IMAGE = "VK8S_NODE_IMAGE", "VK8S_ACCESS_IMAGE"


@dataclass(frozen=True)
class Images:
    """What the tests run: references that the nodes of the host cluster have, or can pull."""

    node: str
    access: str


@dataclass(frozen=True)
class Client:
    """From where virtual clusters are reached. `address`: a node of the host cluster, where NodePorts are.

    `network` is in the host cluster's network, with its DNS and `kubectl`; `outside` has curl, and `ssh` has ssh.
    """

    address: str
    network: Place
    kubectl: str
    outside: Place
    ssh: Place


@dataclass(frozen=True)
class Host:
    """A host cluster. `kubectl`: for the namespace of the tests; `environment`: with which a shell has that, too.

    `machine` is the one under it, with its processes, disks and network; only a testbed shows that.
    """

    kubectl: Kubectl
    namespace: str
    environment: Mapping[str, str]
    images: Images
    client: Client
    machine: HostCluster | None = None


def build_testbed_host(cluster: HostCluster) -> Host:
    """The testbed's host cluster, with all that its machine shows."""
    machine = Place()
    kubectl = cluster.kubectl.command[0]
    network = Place(cluster.in_network([]))
    return Host(
        kubectl=cluster.kubectl,
        namespace="default",
        environment={
            "PATH": f"{cluster.binaries}:/usr/bin:/bin",
            "KUBECONFIG": str(cluster.testbed.kubeconfig),
            # Without one, kubectl has its cache in the working directory.
            "HOME": str(cluster.testbed.state),
        },
        images=read_example_images(),
        client=Client(cluster.testbed.address, network, kubectl, machine, machine),
        machine=cluster,
    )


def read_example() -> Manifest:
    """examples/local.yaml."""
    manifest: Manifest = yaml.safe_load((ROOT / "examples" / "local.yaml").read_text())
    return manifest


def read_example_images() -> Images:
    """The images of examples/local.yaml, as `make node-image` and `make access-image` name them."""
    spec = read_example()["spec"]
    return Images(spec["nodes"][0]["image"], spec["accessPodImage"])


def with_images(manifest: Manifest, images: Images) -> Manifest:
    """The Vk8s with other images."""
    spec = manifest["spec"]
    nodes = [{**node, "image": images.node} for node in spec["nodes"]]
    return {**manifest, "spec": {**spec, "nodes": nodes, "accessPodImage": images.access}}


def list_ports(manifest: Manifest) -> set[int]:
    """The NodePorts of the host cluster that the Vk8s asks for."""
    spec = manifest["spec"]
    return {spec["accessPodPort"], *(port["port"] for port in spec["ports"])}
