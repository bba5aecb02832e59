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
    """A master and workers, `count` in all."""
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
REJECTED_NAMES: Final = ("demo-api", "demo-access-svc", "a-api-api", "a-access-svc-api")
NAME_SENTENCE: Final = (
    "metadata.name: write a name that ends in neither -api nor -access-svc: Services of other virtual clusters end so"
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
