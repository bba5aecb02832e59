"""The testbed's cgroups: a leaf per program, and below the same parent what the kubelet makes for pods.

They tell which processes belong to a testbed, without files of process ids that can go stale.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from testbed.waiting import wait_for

_MOUNT = Path("/sys/fs/cgroup")
_PROGRAMS = "programs"
_KILL_SECONDS = 60
# Empty in a new cgroup of version 1, and no process may enter until they are not.
_CPUSET_FILES = ("cpuset.cpus", "cpuset.mems")


def is_version_2() -> bool:
    """Whether the machine has the one tree of version 2, and not a tree per controller."""
    return (_MOUNT / "cgroup.controllers").exists()


def prepare_program(testbed: str, program: str) -> list[Path]:
    """Makes the program's cgroup in every tree; the files to which a process writes its id to enter."""
    paths = []
    for tree in _trees():
        group = tree
        for part in (testbed, _PROGRAMS, program):
            _delegate(group)
            group = group / part
            group.mkdir(exist_ok=True)
            _inherit_cpuset(group)
        _delegate(tree / testbed)
        paths.append(group / "cgroup.procs")
    return paths


def find_processes(testbed: str, program: str | None = None) -> set[int]:
    """Ids of the processes of one program, or of everything in the testbed, pods included."""
    inner = Path(testbed) / _PROGRAMS / program if program else Path(testbed)
    return {
        int(line)
        for tree in _trees()
        for group in _find_groups(tree / inner)
        for line in _read(group / "cgroup.procs").split()
    }


def find_pods(testbed: str) -> list[Path]:
    """The cgroups of the host cluster's pods, in every tree."""
    groups = (group for tree in _trees() for group in _find_groups(tree / testbed / "kubepods"))
    return [group for group in groups if group.name.startswith("pod")]


def kill(testbed: str, program: str | None = None, first: signal.Signals = signal.SIGKILL) -> None:
    """Ends the processes, with `first` as the first try, and returns when none is left."""
    _signal(testbed, program, first)
    if first != signal.SIGKILL:
        with suppress(TimeoutError):
            wait_for(f"the end of {program}", lambda: not find_processes(testbed, program), 5)

    what = f"the end of the processes in {testbed}"
    wait_for(what, lambda: not _signal(testbed, program, signal.SIGKILL), _KILL_SECONDS)


def remove(testbed: str) -> None:
    """Removes the testbed's cgroups from every tree; no process may be left in them."""
    for tree in _trees():
        for group in reversed(_find_groups(tree / testbed)):
            _remove_group(group)


def _signal(testbed: str, program: str | None, number: signal.Signals) -> set[int]:
    """Sends the signal to all processes that are there; their ids."""
    processes = find_processes(testbed, program)
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)
    return processes


def _trees() -> Iterator[Path]:
    """The root of each tree: one with version 2; with version 1 one per controller, without the links between them."""
    if is_version_2():
        yield _MOUNT
    else:
        yield from (
            path for path in sorted(_MOUNT.iterdir()) if not path.is_symlink() and (path / "cgroup.procs").exists()
        )


def _find_groups(top: Path) -> list[Path]:
    """The group and all below it, parents first; what goes away meanwhile is passed over."""
    return [Path(directory) for directory, _, _ in os.walk(top)]


def _delegate(group: Path) -> None:
    """Version 2: children of the group may use every controller that it has."""
    control = group / "cgroup.subtree_control"
    if is_version_2() and control.exists() and group.name != _PROGRAMS:
        for controller in _read(group / "cgroup.controllers").split():
            with suppress(OSError):
                control.write_text(f"+{controller}")


def _inherit_cpuset(group: Path) -> None:
    for name in _CPUSET_FILES:
        if (group / name).exists() and not is_version_2() and not _read(group / name).strip():
            (group / name).write_text(_read(group.parent / name))


def _remove_group(group: Path) -> None:
    def is_gone() -> bool:
        # Busy for a moment after its last process has ended.
        with suppress(OSError):
            group.rmdir()
        return not group.exists()

    wait_for(f"the removal of {group}", is_gone, _KILL_SECONDS)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
