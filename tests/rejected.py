"""Specs that no new Vk8s may have, each with the sentence that `kubectl apply` and the hooks reject it with."""

from typing import Any, Final

from tests.world import node

MASTER: Final = node("m", "master")
_UNUSABLE: Final = (
    "write a network that shares no address with 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16 and 224.0.0.0/3: "
    "those are loopback, link-local, multicast or reserved"
)
_PODS: Final = "spec.kubernetes.podNetworkCidr: "
_SERVICES: Final = "spec.kubernetes.serviceCidr: "


def build_nodes(count: int) -> list[dict[str, Any]]:
    """A control-plane node and workers, `count` in all."""
    return [MASTER, *(node(f"w{number}", "worker") for number in range(1, count))]


def _networks(pods: str = "198.18.0.0/16", services: str = "198.19.0.0/16", count: int = 1) -> dict[str, Any]:
    return {"nodes": build_nodes(count), "kubernetes": {"podNetworkCidr": pods, "serviceCidr": services}}


REJECTED_NETWORKS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "pods smaller than one node's part": (
        _networks("198.18.0.0/25"),
        f"{_PODS}write a network from /8 to /24: each node takes a /24 of it",
    ),
    "pods larger than kubeadm takes": (
        _networks("10.0.0.0/7"),
        f"{_PODS}write a network from /8 to /24: each node takes a /24 of it",
    ),
    "services larger than kubeadm takes": (
        _networks(services="10.0.0.0/11"),
        f"{_SERVICES}write a network from /12 to /28",
    ),
    "services smaller than kubeadm takes": (
        _networks(services="198.19.0.0/29"),
        f"{_SERVICES}write a network from /12 to /28",
    ),
    "loopback": (_networks("127.0.0.0/8"), _PODS + _UNUSABLE),
    "a part of loopback": (_networks(services="127.1.0.0/16"), _SERVICES + _UNUSABLE),
    "link-local": (_networks("169.254.0.0/16"), _PODS + _UNUSABLE),
    "what has link-local in it": (_networks("169.0.0.0/8"), _PODS + _UNUSABLE),
    "multicast": (_networks("224.0.0.0/8"), _PODS + _UNUSABLE),
    "class E": (_networks(services="240.0.0.0/16"), _SERVICES + _UNUSABLE),
    "this network": (_networks("0.0.0.0/8"), _PODS + _UNUSABLE),
    "room for one node, and three": (
        _networks("10.9.0.0/24", count=3),
        f"{_PODS}10.9.0.0/24 has room for 1 node (each takes a /24), and you have 3; write a /22 or a larger network",
    ),
    "room for four nodes, and five": (
        _networks("10.9.0.0/22", count=5),
        f"{_PODS}10.9.0.0/22 has room for 4 nodes (each takes a /24), and you have 5; write a /21 or a larger network",
    ),
    "room for 64 nodes, and 99": (
        _networks("10.9.0.0/18", count=99),
        _PODS
        + "10.9.0.0/18 has room for 64 nodes (each takes a /24), and you have 99; write a /17 or a larger network",
    ),
}
_RESOURCES: Final = "spec.nodes[0].resources"
_NAMES: Final = (
    "write cpu, memory, ephemeral-storage, huge pages such as hugepages-2Mi, or a device such as nvidia.com/gpu"
)
_WHOLE: Final = "write a whole number of each device"
_PAGES: Final = "write a multiple of the page's size for huge pages, such as 4Mi for hugepages-2Mi"
_SAME: Final = "write the same request as limit for huge pages, or only limits"
_ALONE: Final = "write cpu or memory, too: with huge pages, one of the two is needed"
# All of them break a rule that API servers have for pods.
REJECTED_RESOURCES: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "a misspelt resource": ({"limits": {"cpus": 1}}, f"{_RESOURCES}.limits: {_NAMES}"),
    "a resource of quotas": ({"requests": {"pods": 1}}, f"{_RESOURCES}.requests: {_NAMES}"),
    "storage, which is that of claims": ({"requests": {"storage": "1Gi"}}, f"{_RESOURCES}.requests: {_NAMES}"),
    "a device in the form of quotas": ({"limits": {"requests.nvidia.com/gpu": 1}}, f"{_RESOURCES}.limits: {_NAMES}"),
    "a device with two slashes": ({"limits": {"nvidia.com/gpu/0": 1}}, f"{_RESOURCES}.limits: {_NAMES}"),
    "a device of nobody": ({"limits": {"/gpu": 1}}, f"{_RESOURCES}.limits: {_NAMES}"),
    "a device whose owner has capitals": ({"limits": {"NVIDIA.com/gpu": 1}}, f"{_RESOURCES}.limits: {_NAMES}"),
    "a device with a long name": ({"limits": {f"nvidia.com/{'g' * 64}": 1}}, f"{_RESOURCES}.limits: {_NAMES}"),
    "a device with two dots": ({"limits": {"nvidia..com/gpu": 1}}, f"{_RESOURCES}.limits: {_NAMES}"),
    "huge pages of no size": ({"limits": {"cpu": 1, "hugepages-": "2Mi"}}, f"{_RESOURCES}.limits: {_NAMES}"),
    "huge pages of size 0": ({"limits": {"cpu": 1, "hugepages-0Mi": 0}}, f"{_RESOURCES}.limits: {_NAMES}"),
    "a limit below 0": ({"limits": {"cpu": "-1"}}, f"{_RESOURCES}.limits[cpu]: write 0 or more"),
    "a request below 0": ({"requests": {"memory": -1}}, f"{_RESOURCES}.requests[memory]: write 0 or more"),
    "half a device": ({"limits": {"nvidia.com/gpu": "0.5"}}, f"{_RESOURCES}.limits: {_WHOLE}"),
    "thousandths of a device": ({"limits": {"nvidia.com/gpu": "1001m"}}, f"{_RESOURCES}.limits: {_WHOLE}"),
    "half a page": ({"limits": {"memory": "1Gi", "hugepages-2Mi": "3Mi"}}, f"{_RESOURCES}.limits: {_PAGES}"),
    "a page of another size": ({"limits": {"memory": "1Gi", "hugepages-1Gi": "2Mi"}}, f"{_RESOURCES}.limits: {_PAGES}"),
    "fewer huge pages as request": (
        {"requests": {"cpu": 1, "hugepages-2Mi": "4Mi"}, "limits": {"hugepages-2Mi": "8Mi"}},
        f"{_RESOURCES}: {_SAME}",
    ),
    "huge pages as request alone": ({"requests": {"cpu": 1, "hugepages-2Mi": "4Mi"}}, f"{_RESOURCES}: {_SAME}"),
    "nothing but huge pages": ({"limits": {"hugepages-2Mi": "4Mi"}}, f"{_RESOURCES}: {_ALONE}"),
}
ACCEPTED_RESOURCES: Final[dict[str, dict[str, Any]]] = {
    "nothing at all": {},
    "disk": {"requests": {"ephemeral-storage": "1Gi"}, "limits": {"ephemeral-storage": "2Gi"}},
    "devices": {"limits": {"nvidia.com/gpu": "2", "rdma/hca_shared_devices_a": 1, "example.com/a-b_c.d": "1k"}},
    "a whole number with a fraction": {"limits": {"a.b/c": "2000m", "a.b/d": "1.0", "a.b/e": "20e-1"}},
    "devices as requests, too": {"requests": {"nvidia.com/gpu": "2"}, "limits": {"nvidia.com/gpu": 2}},
    "as long a name as there may be": {"limits": {f"example.com/{'g' * 63}": 1}},
    "no device": {"limits": {"nvidia.com/gpu": 0}},
    "huge pages": {"limits": {"cpu": 1, "hugepages-2Mi": "4Mi", "hugepages-1Gi": "1Gi"}},
    "huge pages and a request for memory": {
        "requests": {"memory": "1Gi"},
        "limits": {"hugepages-2Mi": 4194304},
    },
    "huge pages as requests, too": {
        "requests": {"cpu": "500m", "hugepages-2Mi": "4096Ki"},
        "limits": {"cpu": 1, "hugepages-2Mi": "4Mi"},
    },
    "no cpu": {"requests": {"cpu": 0}},
}
REJECTED_NAMES: Final = ("demo-api", "demo-access-svc", "a-api-api", "a-access-svc-api")
NAME_SENTENCE: Final = (
    "metadata.name: write a name that ends in none of -api, -etcd, -access-svc: Services of other virtual clusters end "
    "so"
)
ACCEPTED_NAMES: Final = ("api", "demoapi", "access-svc", "api-demo", "demo-apis", "demo-access")
# What can't be read as a network is rejected of whatever lives, too.
BAD_FORMS: Final = (
    "10.0.0.0",
    "10.0.0.0/",
    "10.0.0.0/255.0.0.0",
    "10.0.0.0/0.0.0.255",
    "10.0.0.0/08",
    "10.0.0.0/+8",
    "010.0.0.0/8",
    "10.0.0.1/8",
    "10.0.0/8",
    " 10.0.0.0/8",
    "fd00::/64",
    "",
)
ACCEPTED_NETWORKS: Final[dict[str, dict[str, Any]]] = {
    "the largest": _networks("10.0.0.0/8", "172.16.0.0/12"),
    "the smallest": _networks("10.9.0.0/24", "10.9.1.0/28"),
    "as many nodes as there is room for": _networks("10.9.0.0/22", count=4),
    "room for all that there may be": _networks("10.9.0.0/17", count=100),
    "more nodes than /24s with a network of the owner's": {
        "nodes": build_nodes(3),
        "kubernetes": {"podNetworkCidr": "10.9.0.0/24", "cni": "none"},
    },
}
