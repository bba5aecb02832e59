"""Addresses of the host cluster's network for the nodes of one virtual cluster. Who hands them out: `ip_manager`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.settings import HostCni

# Noted on a pod when it is made, whatever network the host cluster has.
ADDRESS: Final = "vk8s.sktelecom.com/address"
# https://docs.tigera.io/calico/latest/networking/ipam/use-specific-ip
CALICO_ADDRESSES: Final = "cni.projectcalico.org/ipAddrs"
# https://kubeovn.github.io/docs/stable/en/guide/static-ip-mac/
KUBE_OVN_ADDRESS: Final = "ovn.kubernetes.io/ip_address"

NO_POOL: Final = "NoPool"


@dataclass(frozen=True)
class Network:
    """Which address each node has, by name, and who hands out more.

    `pool`: the IPPool whose addresses the nodes need; None where they need none. `obstacle` goes on where its name
    ends, and says why it hands out none; `reason` is the CamelCase word for that, or for why there is no pool.
    """

    addresses: Mapping[str, str] = field(default_factory=dict)
    pool: str | None = None
    reason: str = NO_POOL
    obstacle: str = ""
    cni: HostCni = "calico"

    def get_lack(self, node: str) -> str | None:
        """What the pod of `node` has to wait for before it is made, as `Kind name`; None where it may be made."""
        if self.pool is None or node in self.addresses:
            return None
        return f"an address of IPPool {self.pool}{self.obstacle}"

    def build_annotations(self, node: str) -> dict[str, str]:
        """What tells the network of the host cluster which address the new pod of `node` shall have, if any."""
        address = self.addresses.get(node)
        if address is None:
            return {}
        if self.cni == "kube-ovn":
            return {ADDRESS: address, KUBE_OVN_ADDRESS: address}
        return {ADDRESS: address, CALICO_ADDRESSES: json.dumps([address])}

    def has_moved(self, node: str, pod: Manifest) -> bool:
        """Whether the pod of `node` was given another address than the node has now.

        One that was made without an address stays as it is, and so does one whose node has none any more.
        """
        noted = read_noted_address(pod)
        return noted is not None and self.addresses.get(node, noted) != noted


def read_noted_address(pod: Manifest) -> str | None:
    """The address with which the pod was made, if any."""
    address: str | None = (pod["metadata"].get("annotations") or {}).get(ADDRESS)
    return address
