"""The processes that a fault can hit: which belong to a node, and to a host, by the kernel's own account."""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from testbed import cgroups
from testbed.waiting import wait_for
from tests.soak.faults import INIT, Victims

# The kernel keeps so much of a name.
NAME_LENGTH = 15
KILL_SECONDS = 30


@dataclass(frozen=True)
class Process:
    """A process of the machine. `pod`: the host's pod that it is in. `node`: where it is the first one of a node."""

    number: int
    name: str
    pod: str
    node: str | None
    host: str = ""


def list_processes(hosts: Mapping[str, str], depth: int) -> list[Process]:
    """The processes of hosts as they are now. `hosts`: their names, by that of their cgroup.

    `depth`: how many namespaces of processes a node is in.
    """
    return list(_read_processes(hosts, depth))


def choose(processes: Sequence[Process], node: str, program: str) -> frozenset[int]:
    """Those of a program in a node, or in a pod of it."""
    inits = [process for process in processes if process.node == node]
    if program == INIT:
        return frozenset(process.number for process in inits)
    pods = {process.pod for process in inits}
    return frozenset(
        process.number for process in processes if process.pod in pods and process.name == program[:NAME_LENGTH]
    )


def choose_on_host(processes: Sequence[Process], host: str, program: str) -> frozenset[int]:
    """Those of a program on a host, and in none of its pods."""
    own = (process for process in processes if process.host == host and not process.pod)
    return frozenset(process.number for process in own if process.name == program)


def kill(victims: Victims) -> None:
    """Ends processes without asking them; returns when they are gone: what still ends would count as running."""
    numbers = [int(victim) for victim in victims]
    for number in numbers:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    wait_for("the end of what was killed", lambda: not any(map(_is_there, numbers)), KILL_SECONDS)


def _is_there(number: int) -> bool:
    """Whether the process is there, and not only its number, for its parent to read."""
    try:
        return Path("/proc", str(number), "stat").read_text().rpartition(") ")[2][0] not in "XZ"
    except OSError:
        return False


def _read_processes(hosts: Mapping[str, str], depth: int) -> Iterator[Process]:
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # ended meanwhile
            groups = _read_groups(path)
            host = next((hosts[group.name] for group in groups if group.name in hosts), None)
            if host is not None:
                # The outermost pod: those inside a node are below the node's.
                pod = next((group.name for group in groups if cgroups.is_pod(group)), "")
                node = _read_node(path, depth) if pod else None
                yield Process(int(path.name), (path / "comm").read_text().strip(), pod, node, host)


def _read_groups(path: Path) -> list[Path]:
    """The cgroups of a process in the first tree, outermost first."""
    group = Path((path / "cgroup").read_text().splitlines()[0].split(":", 2)[2])
    return [*reversed(group.parents), group]


def _read_node(path: Path, depth: int) -> str | None:
    numbers = next(line for line in (path / "status").read_text().splitlines() if line.startswith("NSpid:"))
    # One number for each namespace, from the machine to the node; what runs in a pod of the node has another.
    if numbers.split()[depth:] != ["1"]:
        return None
    variables = dict(line.partition("=")[::2] for line in (path / "environ").read_text(errors="replace").split("\0"))
    return variables.get("NODE_NAME")
