"""The testbed's network namespace: one link to the machine, no way further out; and its mount namespace."""

import shutil
import subprocess
from pathlib import Path

from testbed.layout import DNS_ADDRESS, HOOKS_HOST, SERVICE_CIDR, Testbed

# Where a kubelet has the sockets of device plugins, whatever its --root-dir says.
_KUBELET = Path("/var/lib/kubelet")


def create(testbed: Testbed) -> None:
    """Makes both namespaces; nothing if they are there."""
    if not _has_network(testbed):
        _create_network(testbed)
    if not (testbed.run / "mounts").exists():
        _create_mounts(testbed)


def remove(testbed: Testbed) -> None:
    """Takes both away, with what lives in them; no process may be left inside."""
    mounts = testbed.run / "mounts"
    _unmount(mounts)
    _unmount(testbed.run)
    shutil.rmtree(testbed.run, ignore_errors=True)
    shutil.rmtree(testbed.resolv_conf.parent, ignore_errors=True)
    if _has_network(testbed):
        # Here, not with the namespace: the kernel would take its time, and the next testbed needs the name.
        subprocess.run(["ip", "link", "delete", testbed.network], check=False, capture_output=True)
        _run("ip", "netns", "delete", testbed.network)
    _remove_empty_netns_directory()
    for directory in (testbed.run.parent, testbed.resolv_conf.parents[1]):
        _remove_if_empty(directory)
    # Not while there are others: the kernel would take their mounts on it away.
    if not testbed.run.parent.exists():
        _remove_if_empty(_KUBELET)


def _remove_if_empty(directory: Path) -> None:
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()


def _has_network(testbed: Testbed) -> bool:
    return Path("/run/netns", testbed.network).exists()


def _remove_empty_netns_directory() -> None:
    """`ip netns` makes a mount of this directory for the first namespace, and leaves it after the last."""
    directory = Path("/run/netns")
    if directory.is_dir() and not any(directory.iterdir()):
        _unmount(directory)
        directory.rmdir()


def _create_network(testbed: Testbed) -> None:
    name, inside = testbed.network, ["ip", "-netns", testbed.network]
    _run("ip", "netns", "add", name)
    _run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
    _run("ip", "address", "add", f"{testbed.gateway}/30", "dev", name)
    _run("ip", "link", "set", name, "up")
    _run(*inside, "link", "set", "lo", "up")
    _run(*inside, "address", "add", f"{testbed.address}/30", "dev", "eth0")
    _run(*inside, "link", "set", "eth0", "up")
    _run(*inside, "route", "add", "default", "via", testbed.gateway)
    _run("nsenter", f"--net=/run/netns/{name}", "sysctl", "-qw", "net.ipv4.ip_forward=1")
    testbed.resolv_conf.parent.mkdir(parents=True, exist_ok=True)
    testbed.hosts.write_text(f"127.0.0.1 localhost\n127.0.0.1 {HOOKS_HOST}\n")
    testbed.resolv_conf.write_text(f"# Service kube-dns in {SERVICE_CIDR}\nnameserver {DNS_ADDRESS}\n")


def _create_mounts(testbed: Testbed) -> None:
    """A mount namespace that lives as long as the file: what containerd and kubelet mount goes away with it.

    In it, the kubelet has a directory for device plugins that is this testbed's.
    """
    testbed.run.mkdir(parents=True, exist_ok=True)
    # The kernel refuses to pin a mount namespace on a mount that is shared with it.
    _run("mount", "--bind", str(testbed.run), str(testbed.run))
    _run("mount", "--make-private", str(testbed.run))
    mounts = testbed.run / "mounts"
    mounts.touch()
    testbed.kubelet.mkdir()
    _KUBELET.mkdir(parents=True, exist_ok=True)
    own = ["mount", "--bind", str(testbed.kubelet), str(_KUBELET)]
    _run("unshare", f"--mount={mounts}", "--propagation", "private", *own)


def _unmount(path: Path) -> None:
    """Undoes every mount on `path`; nothing where there is none. A bind mount is seen in the kernel's list only."""
    table = Path("/proc/self/mounts").read_text().splitlines()
    for _ in filter(lambda line: line.split()[1] == str(path), table):
        _run("umount", str(path))


def _run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {result.stderr.strip()}")
