"""What kubeadm is given, of a control plane and of a worker. Kubernetes' own check of it is in tests/cluster."""

import yaml

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.node_config.boot_files import build_boot_files
from tests.world import CONTEXT, World, spec


def load(world: World, name: str) -> dict[str, Manifest]:
    """The documents in a file, by their kinds."""
    documents = list(yaml.safe_load_all(build_boot_files(world.cluster, CONTEXT.scripts).files[name]))
    return {document["kind"]: document for document in documents}


def test_control_plane_is_what_the_spec_says() -> None:
    world = World(spec=spec(kubernetes={"podNetworkCidr": "10.244.0.0/16", "serviceCidr": "10.96.0.0/12"}))
    documents = load(world, "kubeadm-init.yaml")
    assert list(documents) == [
        "InitConfiguration", "ClusterConfiguration", "KubeletConfiguration", "KubeProxyConfiguration",
    ]  # fmt: skip
    configuration = documents["ClusterConfiguration"]
    assert configuration["networking"] == {"podSubnet": "10.244.0.0/16", "serviceSubnet": "10.96.0.0/12"}
    assert configuration["controlPlaneEndpoint"] == "demo-api.team-a.svc.cluster.local:6443"


def test_certificate_of_the_api_server_has_all_names_that_lead_to_it() -> None:
    configuration = load(World(), "kubeadm-init.yaml")["ClusterConfiguration"]
    assert configuration["apiServer"]["certSANs"] == [
        "localhost", "127.0.0.1", "demo-api", "demo-api.team-a", "demo-api.team-a.svc",
        "demo-api.team-a.svc.cluster.local",
    ]  # fmt: skip


def test_worker_discovers_its_cluster_at_the_endpoint() -> None:
    control_plane = load(World(), "kubeadm-init.yaml")["ClusterConfiguration"]["controlPlaneEndpoint"]
    kubeconfig = load(World(), "discovery.yaml")["Config"]
    assert kubeconfig["clusters"][0]["cluster"]["server"] == f"https://{control_plane}"
    discovery = load(World(), "kubeadm-join.yaml")["JoinConfiguration"]["discovery"]
    assert discovery["file"]["kubeConfigPath"] == "${RUN}/discovery.yaml"
