"""Rules for the networks of a virtual cluster: kubeadm accepts them, they can be routed, and all nodes fit in."""

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Network
from typing import Final

from hooks.vk8s.spec.model import Spec

# A field, and what to write there, without a full stop.
Fault = tuple[str, str]

PODS, SERVICES = "podNetworkCidr", "serviceCidr"
# The form that the API server accepts. Python would also accept masks such as 255.255.0.0, and single addresses.
_FORM: Final = re.compile(r"[0-9.]+/(0|[1-9][0-9]?)")
# The default size of the part of the pod network that each node gets.
_NODE_PREFIX: Final = 24
# kubeadm accepts no other prefixes: cmd/kubeadm/app/apis/kubeadm/validation, and the constants next to it.
_PREFIXES: Final = {PODS: range(8, _NODE_PREFIX + 1), SERVICES: range(12, 29)}
_PREFIX_ADVICE: Final = {
    PODS: "write a network from /8 to /24: each node takes a /24 of it",
    SERVICES: "write a network from /12 to /28",
}
# RFC 6890, RFC 5771, RFC 1112: packets to or from there are not routed.
_UNUSABLE: Final = [IPv4Network(text) for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")]
_UNUSABLE_ADVICE: Final = (
    "write a network that shares no address with 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16 and 224.0.0.0/3: "
    "those are loopback, link-local, multicast or reserved"
)


def parse_networks(spec: Spec) -> dict[str, IPv4Network | None]:
    """The networks of the virtual cluster by field; None for a value that is no IPv4 network."""
    kubernetes = spec.kubernetes
    return {PODS: _parse_network(kubernetes.pod_network_cidr), SERVICES: _parse_network(kubernetes.service_cidr)}


def check_networks(spec: Spec) -> Iterator[Fault]:
    """What is wrong with the networks of a new Vk8s. Values that are no networks are ignored here."""
    for field, network in parse_networks(spec).items():
        path = f"spec.kubernetes.{field}"
        if network is not None and network.prefixlen not in _PREFIXES[field]:
            yield path, _PREFIX_ADVICE[field]
        if network is not None and any(network.overlaps(other) for other in _UNUSABLE):
            yield path, _UNUSABLE_ADVICE


def check_crowding(spec: Spec) -> Iterator[Fault]:
    """The problem of a new Vk8s whose pod network is too small for its nodes."""
    room, count = _compute_room(spec), len(spec.nodes)
    if room is not None and count > room:
        needed = _NODE_PREFIX - (count - 1).bit_length()
        advice = f"and you have {count}; write a /{needed} or a larger network"
        yield f"spec.kubernetes.{PODS}", f"{_describe_room(spec, room)}, {advice}"


def check_lasting_crowding(spec: Spec) -> Iterator[Fault]:
    """The same for an existing Vk8s, whose networks can't be changed."""
    room = _compute_room(spec)
    if room is not None and len(spec.nodes) > room:
        yield "spec.nodes", f"{_describe_room(spec, room)}, and can't be changed; write {room} at most"


def has_room(spec: Spec, count: int) -> bool:
    """Whether `count` nodes fit into the pod network, or their number is not limited by it."""
    room = _compute_room(spec)
    return room is None or count <= room


def _compute_room(spec: Spec) -> int | None:
    """How many nodes fit into the pod network; None if it does not limit them, as with a CNI other than flannel."""
    network = parse_networks(spec)[PODS]
    if network is None or network.prefixlen not in _PREFIXES[PODS] or spec.kubernetes.cni == "none":
        return None
    return 1 << (_NODE_PREFIX - network.prefixlen)


def _describe_room(spec: Spec, room: int) -> str:
    """`10.9.0.0/24 has room for 1 node (each takes a /24)`."""
    nodes = "1 node" if room == 1 else f"{room} nodes"
    return f"{spec.kubernetes.pod_network_cidr} has room for {nodes} (each takes a /{_NODE_PREFIX})"


# Several rules parse the same two.
@lru_cache(1024)
def _parse_network(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text) if _FORM.fullmatch(text) else None
    except ValueError:
        return None
