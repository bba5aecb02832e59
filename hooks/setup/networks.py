"""What the hooks should know of the host cluster, as metacontroller/install/networks.sh finds it.

The hooks have no permission to look for themselves.
"""

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.setup.api import Api, ApiError

_NODES: Final = "/api/v1/nodes"
_NETWORK: Final = re.compile(r"([0-9]+\.){3}[0-9]+/[0-9]+")
# Where networks write what they give to pods: the resource, and the field of its spec.
_RESOURCES: Final = {
    "/apis/crd.projectcalico.org/v1/ippools": "cidr",
    "/apis/kubeovn.io/v1/subnets": "cidrBlock",
}
# Of TEST-NET-1 (RFC 5737), which no cluster uses.
_IMPOSSIBLE_ADDRESS: Final = "192.0.2.1"


def list_host_cidrs(api: Api, namespace: str) -> list[str]:
    """The networks of Services, pods and nodes, IPv4 alone, sorted. `namespace`: where a Service may be tried."""
    nodes = list(api.list_items(_NODES))
    found = [*_list_service_cidrs(api, namespace), *_list_pod_cidrs(api, nodes), *_list_node_networks(nodes)]
    words = [word for text in found for word in text.replace(",", " ").split()]
    return sorted({word for word in words if _NETWORK.fullmatch(word)})


def find_cluster_domain(api: Api) -> str | None:
    """The DNS domain, if kubeadm has recorded it."""
    return _find_line(api, "kubelet-config", "kubelet", "clusterDomain")


def has_kube_ovn(api: Api) -> bool:
    """Whether the network is Kube-OVN."""
    return api.find("/apis/kubeovn.io/v1") is not None


def _list_service_cidrs(api: Api, namespace: str) -> list[str]:
    ranges = [each for version in ("v1", "v1beta1") for each in _list_ranges(api, version)]
    return ranges or _try_service(api, namespace)


def _list_ranges(api: Api, version: str) -> Iterator[str]:
    for each in api.list_items(f"/apis/networking.k8s.io/{version}/servicecidrs"):
        yield from each["spec"]["cidrs"]


def _try_service(api: Api, namespace: str) -> list[str]:
    """Before Kubernetes 1.33, only a rejection shows it: "The range of valid IPs is 10.96.0.0/12"."""
    spec = {"clusterIP": _IMPOSSIBLE_ADDRESS, "ports": [{"port": 80}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "vk8s-probe"}, "spec": spec}
    try:
        api.create(f"/api/v1/namespaces/{namespace}/services?dryRun=All", service)
    except ApiError as error:
        if error.code != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        return re.findall(r"range of valid IPs is ([0-9./]+[0-9])", error.message)
    return []


def _list_pod_cidrs(api: Api, nodes: Iterable[Manifest]) -> list[str]:
    """As the network of the cluster was set up; the ranges of the nodes that are there where nothing says it."""
    found = [
        each["spec"][field]
        for path, field in _RESOURCES.items()
        for each in api.list_items(path)
        if field in each.get("spec", {})
    ]
    cilium = _read_config_map(api, "cilium-config").get("cluster-pool-ipv4-cidr", "")
    kubeadm = _find_line(api, "kubeadm-config", "ClusterConfiguration", "podSubnet")
    found += [text for text in (cilium, kubeadm) if text]
    return found or [cidr for node in nodes for cidr in node.get("spec", {}).get("podCIDRs", [])]


def _list_node_networks(nodes: Iterable[Manifest]) -> Iterator[str]:
    """Nodes come and go: the /24 around each counts."""
    for node in nodes:
        for each in node.get("status", {}).get("addresses", []):
            try:
                address = IPv4Address(each["address"]) if each["type"] == "InternalIP" else None
            except AddressValueError:
                continue
            if address:
                yield str(IPv4Network((address, 24), strict=False))


def _find_line(api: Api, name: str, key: str, field: str) -> str | None:
    """A field of a YAML document in a ConfigMap of kube-system, without its quotes."""
    found = re.search(rf"^ *{field}: *(.*?) *$", _read_config_map(api, name).get(key, ""), re.MULTILINE)
    return found[1].strip("\"'") or None if found else None


def _read_config_map(api: Api, name: str) -> Manifest:
    """The data of a ConfigMap of kube-system; nothing if there is none."""
    found = api.find(f"/api/v1/namespaces/kube-system/configmaps/{name}") or {}
    data: Manifest = found.get("data") or {}
    return data
