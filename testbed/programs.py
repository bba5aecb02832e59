"""Programs of a testbed: each in the network namespace, in a cgroup of its own, with a log file of its own."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from testbed import cgroups
from testbed.layout import ROOT, Testbed

# Enters the cgroups before anything of the program runs, so that no process of it is ever outside.
_ENTER = 'for file in $1; do echo $$ >"$file"; done; shift; exec "$@"'
_TAIL_LINES = 15
_SHIM = "containerd-shim"


@dataclass(frozen=True)
class Program:
    """A program to run in `directory`. `in_mounts`: it makes mounts, or needs those of others of the testbed."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    in_mounts: bool = False
    directory: Path = ROOT


def start(testbed: Testbed, program: Program) -> None:
    """Starts a program that goes on when this process ends; nothing if it runs already."""
    if is_running(testbed, program.name):
        return
    entries = " ".join(str(path) for path in cgroups.prepare_program(testbed.network, program.name))
    enter = ["nsenter", f"--net=/run/netns/{testbed.network}"]
    mounts = [f"--mount={testbed.mounts}"] if program.in_mounts else []
    testbed.logs.mkdir(parents=True, exist_ok=True)
    # setsid forks when all of that is done: the program is in its cgroup when this returns, and is nobody's child.
    command = [*enter, *mounts, "--", "setsid", "--fork", *program.command]
    with (testbed.logs / f"{program.name}.log").open("ab") as log:
        subprocess.run(
            ["/bin/sh", "-c", _ENTER, "sh", entries, *command],
            cwd=program.directory,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/root"), **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )


def stop(testbed: Testbed, name: str) -> None:
    """Asks a program to end, and ends it where it does not."""
    cgroups.kill(testbed.network, name, signal.SIGTERM)


def is_running(testbed: Testbed, name: str) -> bool:
    """Whether a process of the program is there."""
    return bool(list_processes(testbed, name))


def list_processes(testbed: Testbed, name: str) -> set[int]:
    """Ids of the processes of a program, without those that outlive it: a containerd's shims hold the containers."""
    return {each for each in cgroups.list_processes(testbed.network, name) if _is_own(each)}


def read_log(testbed: Testbed, name: str) -> str:
    """The last lines of a program's log."""
    path = testbed.logs / f"{name}.log"
    lines = path.read_text(errors="replace").splitlines()[-_TAIL_LINES:] if path.exists() else []
    return "\n".join([f"--- {path}", *lines])


def _is_own(process: int) -> bool:
    try:
        return not Path("/proc", str(process), "comm").read_text().startswith(_SHIM)
    except OSError:
        return False  # ended meanwhile
