"""What is found out about the host cluster."""

from typing import Any

import pytest

from hooks.setup.api import Api, ApiError
from hooks.setup.networks import find_cluster_domain, has_kube_ovn, list_host_cidrs
from tests.unit.setup.fake_api import FakeApi

CONFIG_MAPS = "/api/v1/namespaces/kube-system/configmaps"
SERVICES = "POST /api/v1/namespaces/vk8s-system/services"
KUBEADM = """apiServer: {}
networking:
  dnsDomain: example.org
  podSubnet: %s
  serviceSubnet: 10.96.0.0/12
"""


def put_node(server: FakeApi, name: str, address: str, **spec: Any) -> None:
    addresses = [{"type": "Hostname", "address": name}, {"type": "InternalIP", "address": address}]
    server.put(f"/api/v1/nodes/{name}", spec=spec, status={"addresses": addresses})


def put_service_cidr(server: FakeApi, *cidrs: str, version: str = "v1") -> None:
    server.put(f"/apis/networking.k8s.io/{version}/servicecidrs/kubernetes", spec={"cidrs": list(cidrs)})


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_networks_of_services_and_of_nodes_are_found(server: FakeApi, api: Api, version: str) -> None:
    put_node(server, "one", "192.168.7.9", podCIDRs=["10.244.0.0/24", "fd00::/64"])
    put_node(server, "two", "192.168.8.10", podCIDRs=["10.244.1.0/24"])
    put_node(server, "three", "fd00::1")
    put_service_cidr(server, "10.96.0.0/12", "fd01::/112", version=version)
    expected = ["10.244.0.0/24", "10.244.1.0/24", "10.96.0.0/12", "192.168.7.0/24", "192.168.8.0/24"]
    assert list_host_cidrs(api, "vk8s-system") == expected


def test_network_of_services_is_read_from_a_rejection_before_1_33(server: FakeApi, api: Api) -> None:
    message = b'{"message": "failed to allocate IP 192.0.2.1: The range of valid IPs is 10.96.0.0/12"}'
    server.instead[SERVICES] = lambda: (422, message)
    assert list_host_cidrs(api, "vk8s-system") == ["10.96.0.0/12"]


def test_cluster_that_takes_any_service_says_nothing_of_its_network(api: Api) -> None:
    assert list_host_cidrs(api, "vk8s-system") == []


def test_missing_right_is_reported(server: FakeApi, api: Api) -> None:
    server.instead[SERVICES] = lambda: (403, b'{"message": "services is forbidden"}')
    with pytest.raises(ApiError, match="services is forbidden"):
        list_host_cidrs(api, "vk8s-system")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/apis/crd.projectcalico.org/v1/ippools/default", {"spec": {"cidr": "10.1.0.0/16"}}),
        ("/apis/kubeovn.io/v1/subnets/ovn-default", {"spec": {"cidrBlock": "10.1.0.0/16,fd00::/64"}}),
        (f"{CONFIG_MAPS}/cilium-config", {"data": {"cluster-pool-ipv4-cidr": "10.1.0.0/16"}}),
        (f"{CONFIG_MAPS}/kubeadm-config", {"data": {"ClusterConfiguration": KUBEADM % "10.1.0.0/16"}}),
        (f"{CONFIG_MAPS}/kubeadm-config", {"data": {"ClusterConfiguration": KUBEADM % '"10.1.0.0/16,fd00::/48"'}}),
    ],
    ids=["Calico", "Kube-OVN", "Cilium", "kubeadm", "kubeadm with two families"],
)
def test_network_of_pods_is_that_of_the_cluster_and_not_of_its_nodes(
    server: FakeApi, api: Api, path: str, fields: dict[str, Any]
) -> None:
    server.put(path, **fields)
    assert list_networks_beside_a_node(server, api) == ["10.1.0.0/16", "10.96.0.0/12", "192.168.7.0/24"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/apis/kubeovn.io/v1/subnets/vlan", {"spec": {}}),
        (f"{CONFIG_MAPS}/cilium-config", {}),
        (f"{CONFIG_MAPS}/kubeadm-config", {"data": {"ClusterConfiguration": KUBEADM % '""'}}),
    ],
    ids=["a subnet without a block", "no data", "nothing in quotes"],
)
def test_network_of_pods_that_nobody_names_is_that_of_the_nodes(
    server: FakeApi, api: Api, path: str, fields: dict[str, Any]
) -> None:
    server.put(path, **fields)
    assert list_networks_beside_a_node(server, api) == ["10.1.3.0/24", "10.96.0.0/12", "192.168.7.0/24"]


def list_networks_beside_a_node(server: FakeApi, api: Api) -> list[str]:
    """What is found where there is also a node, with a block of its own for pods, and a network of Services."""
    put_service_cidr(server, "10.96.0.0/12")
    put_node(server, "one", "192.168.7.9", podCIDRs=["10.1.3.0/24"])
    return list_host_cidrs(api, "vk8s-system")


@pytest.mark.parametrize(
    ("kubelet", "domain"),
    [
        ("clusterDNS:\n- 10.96.0.10\nclusterDomain: example.org\n", "example.org"),
        ('clusterDomain: "a.b"\n', "a.b"),
        ("", None),
    ],
)
def test_domain_is_the_one_that_kubeadm_has_recorded(
    server: FakeApi, api: Api, kubelet: str, domain: str | None
) -> None:
    server.put(f"{CONFIG_MAPS}/kubelet-config", data={"kubelet": kubelet})
    assert find_cluster_domain(api) == domain


def test_domain_is_not_known_without_kubeadm(api: Api) -> None:
    assert find_cluster_domain(api) is None


def test_kube_ovn_is_known_by_its_kinds(server: FakeApi, api: Api) -> None:
    assert not has_kube_ovn(api)
    server.objects["/apis/kubeovn.io/v1"] = {"kind": "APIResourceList"}
    assert has_kube_ovn(api)
