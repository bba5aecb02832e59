"""hooks/vk8s/bootstrap/members.sh: the configuration of etcd on the only control-plane node, and on one of several."""

import pytest
import yaml

from hooks.kubernetes.manifest import Manifest
from tests.unit.vk8s.bootstrap.bench import Node
from tests.unit.vk8s.bootstrap.master import boot, make_booted, make_master

SERVICE = "demo-etcd.team-a.svc.cluster.local"
NAME = f"demo-master.{SERVICE}"


@pytest.fixture
def node(node: Node) -> Node:
    return make_booted(make_master(node))


def configure(node: Node) -> Manifest:
    """The part for the whole cluster, as kubeadm gets it."""
    assert boot(node).code == 0
    documents = yaml.safe_load_all(node.read("run/vk8s/kubeadm.yaml"))
    found: Manifest = next(each for each in documents if each["kind"] == "ClusterConfiguration")
    return found


def read_arguments(part: Manifest) -> dict[str, str]:
    return {each["name"]: each["value"] for each in part["extraArgs"]}


def test_etcd_of_a_node_alone_serves_only_its_own_api_server(node: Node) -> None:
    """And initializes no cluster: founding.sh has done that."""
    configuration = configure(node)
    etcd = configuration["etcd"]["local"]
    assert read_arguments(etcd) == {
        "listen-client-urls": "https://127.0.0.1:2379",
        "advertise-client-urls": "https://127.0.0.1:2379",
        "listen-peer-urls": "https://127.0.0.1:2380",
        "initial-advertise-peer-urls": "https://127.0.0.1:2380",
        "initial-cluster": "demo-master=https://127.0.0.1:2380",
        "initial-cluster-state": "existing",
    }
    assert (etcd["serverCertSANs"], etcd["peerCertSANs"]) == ([], [])
    assert read_arguments(configuration["scheduler"])["leader-elect"] == "false"
    assert read_arguments(configuration["controllerManager"])["leader-elect"] == "false"


@pytest.mark.parametrize(("address", "host"), [("10.0.0.7", "10.0.0.7"), ("fd00::7", "[fd00::7]")])
def test_etcd_of_one_of_several_serves_the_others_under_its_name(node: Node, address: str, host: str) -> None:
    configuration = configure(node.given(ETCD_SERVICE=SERVICE, POD_IP=address))
    etcd = configuration["etcd"]["local"]
    assert read_arguments(etcd) == {
        "peer-skip-client-san-verification": "true",
        "listen-client-urls": f"https://127.0.0.1:2379,https://{host}:2379",
        "advertise-client-urls": f"https://{NAME}:2379",
        "listen-peer-urls": f"https://{host}:2380",
        "initial-advertise-peer-urls": f"https://{NAME}:2380",
        # With no data, it has nobody to join, and ends.
        "initial-cluster": f"demo-master=https://{NAME}:2380",
        "initial-cluster-state": "existing",
    }
    assert (etcd["serverCertSANs"], etcd["peerCertSANs"]) == ([NAME], [NAME])


def test_control_plane_of_several_nodes_elects_its_leaders(node: Node) -> None:
    configuration = configure(node.given(ETCD_SERVICE=SERVICE))
    assert read_arguments(configuration["scheduler"])["leader-elect"] == "true"
    assert read_arguments(configuration["controllerManager"])["leader-elect"] == "true"
