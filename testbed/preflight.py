"""What a testbed needs of the machine and can't install: rights and kernel features, asked for by trying."""

import os
import subprocess
from collections.abc import Iterator

# Each in namespaces of its own, so that trying leaves nothing behind.
_NFTABLES_TRIAL = (
    "add table ip t; add chain ip t c { type nat hook postrouting priority 0; }; "
    "add rule ip t c fib daddr type local masquerade"
)
_NETWORK_TRIALS: dict[str, str] = {
    "veth: the kernel can't make pairs of virtual interfaces (modprobe veth)": "ip link add try type veth",
    "vxlan: the kernel has no VXLAN, which carries the traffic between nodes (modprobe vxlan)": (
        "ip link add try type vxlan id 1 dstport 8475"
    ),
    "nftables: the kernel has no nat, masquerade or fib (modprobe -a nf_tables nft_chain_nat nft_masq nft_fib_ipv4)": (
        f"nft '{_NFTABLES_TRIAL}'"
    ),
}
_MOUNT_TRIAL = (
    "mount -t tmpfs tmpfs /mnt && mkdir /mnt/lower /mnt/upper /mnt/work /mnt/merged && "
    "mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/merged"
)


def list_problems() -> list[str]:
    """A message for each thing that is missing; none if a testbed with virtual clusters can run."""
    return list(_explain_obstacles())


def _explain_obstacles() -> Iterator[str]:
    if os.geteuid() != 0:
        yield "root: namespaces, cgroups and mounts can only be made by root"
        return
    if not _works("unshare", "--net", "--mount", "--cgroup", "true"):
        yield "namespaces: this process may not create namespaces for network, mounts and cgroups"
        return
    for sentence, command in _NETWORK_TRIALS.items():
        if not _works("unshare", "--net", "sh", "-c", command):
            yield sentence
    if not _works("unshare", "--mount", "sh", "-c", _MOUNT_TRIAL):
        yield "overlayfs: it can't be mounted (modprobe overlay), or mounting is not allowed"
    if not os.access("/sys/fs/cgroup", os.W_OK):
        yield "cgroups: /sys/fs/cgroup can't be written to"


def _works(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
