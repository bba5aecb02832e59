"""Addresses of the host cluster's network for the nodes of one virtual cluster. `ippool` allocates them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.settings import HostCni

# Our own annotation of a pod with its address, whatever network the host cluster has.
ADDRESS: Final = "vk8s.sktelecom.com/address"
# https://docs.tigera.io/calico/latest/networking/ipam/use-specific-ip
CALICO_ADDRESSES: Final = "cni.projectcalico.org/ipAddrs"
# https://kubeovn.github.io/docs/stable/en/guide/static-ip-mac/
KUBE_OVN_ADDRESS: Final = "ovn.kubernetes.io/ip_address"

NO_POOL: Final = "NoPool"


@dataclass(frozen=True)
class Network:
    """The addresses of the nodes, by name, and the pool that allocates more.

    `pool`: the IPPool whose addresses the nodes need; None if they need none. `problem` continues a sentence that ends
    with its name, and says why it allocates none; `reason` is the CamelCase reason for that, or for having no pool.
    """

    addresses: Mapping[str, str] = field(default_factory=dict)
    pool: str | None = None
    reason: str = NO_POOL
    problem: str = ""
    cni: HostCni = "calico"

    def explain_missing_address(self, node: str) -> str | None:
        """The address for which the pod of `node` has to wait, in words; None if the pod may be created."""
        if self.pool is None or node in self.addresses:
            return None
        return f"an address of IPPool {self.pool}{self.problem}"

    def build_annotations(self, node: str) -> dict[str, str]:
        """The annotations that give a new pod of `node` its address; none if it has no address."""
        address = self.addresses.get(node)
        if address is None:
            return {}
        if self.cni == "kube-ovn":
            return {ADDRESS: address, KUBE_OVN_ADDRESS: address}
        return {ADDRESS: address, CALICO_ADDRESSES: json.dumps([address])}

    def has_moved(self, node: str, pod: Manifest) -> bool:
        """Whether the pod of `node` was created with another address than the node has now.

        A pod that was created without an address stays, and so does one whose node no longer has an address.
        """
        noted = read_pod_address(pod)
        return noted is not None and self.addresses.get(node, noted) != noted


def read_pod_address(pod: Manifest) -> str | None:
    """The address that the pod was created with, if any."""
    address: str | None = (pod["metadata"].get("annotations") or {}).get(ADDRESS)
    return address
