"""Killing what runs in a node, without asking it."""

import os
import signal
from pathlib import Path

from testbed import cgroups
from testbed.host_cluster import HostCluster
from tests.nested.virtual import VirtualCluster


def kill_in_node(virtual: VirtualCluster, node: str, program: str) -> None:
    """Ends every process of that name in a node at once; AssertionError where there is none."""
    assert virtual.kubectl.succeeds("exec", node, "--", "pkill", "-KILL", "--exact", program), program


def kill_node(virtual: VirtualCluster, node: str) -> None:
    """Ends the first process of a node pod at once, and with it all others: as a power cut does."""
    machine = virtual.host.machine
    if machine is None:
        # The kernel ends a process namespace that asks for this, the machine is not meant. Nothing is written before.
        virtual.kubectl.succeeds("exec", node, "--", "reboot", "--force", "--force", "-n")
        return
    (init,) = _list_inits(machine, node)
    os.kill(init, signal.SIGKILL)


def _list_inits(machine: HostCluster, node: str) -> list[int]:
    """The process of the host that is the first one in the node's container."""
    processes = cgroups.list_processes(machine.testbed.network)
    return [process for process in processes if _is_init_of(Path("/proc", str(process)), node)]


def _is_init_of(process: Path, node: str) -> bool:
    try:
        environment = (process / "environ").read_bytes().split(b"\0")
        numbers = next(line for line in (process / "status").read_text().splitlines() if line.startswith("NSpid:"))
    except OSError:
        return False  # ended meanwhile
    # Its number on the host, and in the node; what runs in a pod of the node has a third.
    return f"NODE_NAME={node}".encode() in environment and numbers.split()[2:] == ["1"]
