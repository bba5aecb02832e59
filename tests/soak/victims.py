"""The processes of a testbed that a fault can hit: which belong to a node, by the kernel's own account."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from testbed import cgroups, programs
from testbed.layout import Testbed
from testbed.waiting import wait_for
from tests.soak.faults import INIT, Fault, Place

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


@dataclass(frozen=True)
class Machine:
    """A testbed as it is at one moment: its pods' processes are looked at once."""

    testbed: Testbed
    processes: Sequence[Process]

    def select_victims(self, fault: Fault) -> frozenset[int]:
        """Ids of the processes that the fault is meant for; none where they are gone already."""
        program = fault.kind.program
        if fault.kind.place is Place.TESTBED:
            return frozenset(programs.list_processes(self.testbed, program))
        return choose(self.processes, fault.node, program)


def look_at(testbed: Testbed) -> Machine:
    """The testbed as it is now."""
    return Machine(testbed, list(_read_processes(testbed)))


def choose(processes: Sequence[Process], node: str, program: str) -> frozenset[int]:
    """Those of a program in a node, or in a pod of it."""
    inits = [process for process in processes if process.node == node]
    if program == INIT:
        return frozenset(process.number for process in inits)
    pods = {process.pod for process in inits}
    return frozenset(
        process.number for process in processes if process.pod in pods and process.name == program[:NAME_LENGTH]
    )


def kill(numbers: frozenset[int]) -> None:
    """Ends processes without asking them; returns when they are gone: what still ends would count as running."""
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


def _read_processes(testbed: Testbed) -> Iterator[Process]:
    tops = {testbed.network, cgroups.name_slice(testbed.network)}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # ended meanwhile
            groups = _read_groups(path)
            # The outermost pod: those inside a node are below the node's.
            pod = next((group.name for group in groups if cgroups.is_pod(group)), None)
            if pod and tops & {group.name for group in groups}:
                yield Process(int(path.name), (path / "comm").read_text().strip(), pod, _read_node(path))


def _read_groups(path: Path) -> list[Path]:
    """The cgroups of a process in the first tree, outermost first."""
    group = Path((path / "cgroup").read_text().splitlines()[0].split(":", 2)[2])
    return [*reversed(group.parents), group]


def _read_node(path: Path) -> str | None:
    numbers = next(line for line in (path / "status").read_text().splitlines() if line.startswith("NSpid:"))
    # Its number on the machine, and in the node; what runs in a pod of the node has a third.
    if numbers.split()[2:] != ["1"]:
        return None
    variables = dict(line.partition("=")[::2] for line in (path / "environ").read_text(errors="replace").split("\0"))
    return variables.get("NODE_NAME")
