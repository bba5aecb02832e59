"""The testbed's network namespace: one link to the machine, no way further out."""

import shutil
import subprocess
from pathlib import Path

from testbed.commands import run
from testbed.layout import DNS_ADDRESS, HOOKS_HOST, SERVICE_CIDR, Testbed
from testbed.mounts import remove_if_empty, unmount

# How long connections through Services are kept, in seconds: kube-proxy's defaults.
_TIMEOUTS = [
    f"net.netfilter.nf_conntrack_tcp_timeout_{state}={seconds}"
    for state, seconds in (("established", 86400), ("close_wait", 3600))
]


def create(testbed: Testbed) -> None:
    """Makes the namespace; nothing if it is there."""
    if not _has_network(testbed):
        _create_network(testbed)


def remove(testbed: Testbed) -> None:
    """Takes it away, with what lives in it; no process may be left inside."""
    shutil.rmtree(testbed.resolv_conf.parent, ignore_errors=True)
    if _has_network(testbed):
        # Here, not with the namespace: the kernel would take its time, and the next testbed needs the name.
        subprocess.run(["ip", "link", "delete", testbed.network], check=False, capture_output=True)
        run("ip", "netns", "delete", testbed.network)
    _remove_empty_netns_directory()
    remove_if_empty(testbed.resolv_conf.parents[1])


def _has_network(testbed: Testbed) -> bool:
    return Path("/run/netns", testbed.network).exists()


def _remove_empty_netns_directory() -> None:
    """`ip netns` makes a mount of this directory for the first namespace, and leaves it after the last."""
    directory = Path("/run/netns")
    if directory.is_dir() and not any(directory.iterdir()):
        unmount(directory)
        directory.rmdir()


def _create_network(testbed: Testbed) -> None:
    name, inside = testbed.network, ["ip", "-netns", testbed.network]
    run("ip", "netns", "add", name)
    run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
    run("ip", "address", "add", f"{testbed.gateway}/30", "dev", name)
    run("ip", "link", "set", name, "up")
    run(*inside, "link", "set", "lo", "up")
    run(*inside, "address", "add", f"{testbed.address}/30", "dev", "eth0")
    run(*inside, "link", "set", "eth0", "up")
    run(*inside, "route", "add", "default", "via", testbed.gateway)
    enter = ["nsenter", f"--net=/run/netns/{name}", "sysctl", "-qw"]
    run(*enter, "net.ipv4.ip_forward=1")
    # Best effort, and not left to kube-proxy, which would end where it can't write them.
    subprocess.run([*enter, *_TIMEOUTS], check=False, capture_output=True)
    testbed.resolv_conf.parent.mkdir(parents=True, exist_ok=True)
    testbed.hosts.write_text(f"127.0.0.1 localhost\n127.0.0.1 {HOOKS_HOST}\n")
    testbed.resolv_conf.write_text(f"# Service kube-dns in {SERVICE_CIDR}\nnameserver {DNS_ADDRESS}\n")
