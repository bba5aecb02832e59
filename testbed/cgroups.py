"""The testbed's cgroups: a leaf per program and, below the same parent, those that the kubelet creates for pods.

They identify the processes of a testbed, without files of process ids that can become stale. If systemd creates the
cgroups of pods, they are in a slice next to that parent, as nobody else may write to systemd's part of the tree.
"""

import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from testbed.waiting import wait_for

MOUNT = Path("/sys/fs/cgroup")
# There where systemd is the machine's first process (sd_booted(3)).
SYSTEMD = Path("/run/systemd/system")
_PROGRAMS = "programs"
# Eight times the default: of version 1, and of version 2.
_WEIGHTS = {"cpu.shares": "8192", "cpu.weight": "800"}
_KILL_SECONDS = 60
# Empty in a new cgroup of version 1, and no process may enter until they are not.
_CPUSET_FILES = ("cpuset.cpus", "cpuset.mems")


def is_version_2(mount: Path = MOUNT) -> bool:
    """Whether the machine has the one tree of version 2, and not a tree per controller."""
    return (mount / "cgroup.controllers").exists()


def choose_driver(mount: Path = MOUNT, systemd: Path = SYSTEMD) -> str:
    """Who makes the cgroups of pods: `systemd` with version 2, on a machine that it runs; else `cgroupfs`."""
    return "systemd" if is_version_2(mount) and systemd.is_dir() else "cgroupfs"


def list_trees(mount: Path = MOUNT) -> list[Path]:
    """The root of each tree: one with version 2; with version 1 one per controller, without the links between them."""
    if is_version_2(mount):
        return [mount]
    return [path for path in sorted(mount.iterdir()) if not path.is_symlink() and (path / "cgroup.procs").exists()]


def name_slice(testbed: str) -> str:
    """The slice that a kubelet with driver systemd takes for a `cgroupRoot` of this name."""
    return f"{testbed.replace('-', '_')}.slice"


def is_pod(group: Path) -> bool:
    """Whether a cgroup is that of a pod, by its name: `pod<uid>`, or `...-pod<uid>.slice` where systemd has made it."""
    return group.name.startswith("pod") or ("-pod" in group.name and group.suffix == ".slice")


def prepare_pods(testbed: str) -> None:
    """Makes the slice below which the kubelet asks systemd for those of pods; the kubelet makes the rest itself."""
    if choose_driver() == "systemd":
        subprocess.run(["systemctl", "start", name_slice(testbed)], check=True)


def prepare_program(testbed: str, program: str) -> list[Path]:
    """Makes the program's cgroup in every tree; the files to which a process writes its id to enter."""
    paths = []
    for tree in list_trees():
        group = tree
        for part in (testbed, _PROGRAMS, program):
            _delegate(group)
            group = group / part
            group.mkdir(exist_ok=True)
            _inherit_cpuset(group)
        _delegate(tree / testbed)
        _give_weight(tree / testbed)
        paths.append(group / "cgroup.procs")
    return paths


def _give_weight(group: Path) -> None:
    """Makes a testbed count as a machine with many programs next to the machine's own processes, and not as one."""
    for name, weight in _WEIGHTS.items():
        if (group / name).exists():
            (group / name).write_text(weight)


def list_processes(testbed: str, program: str | None = None) -> set[int]:
    """Ids of the processes of one program, or of everything in the testbed, pods included."""
    tops = _list_tops(testbed)
    parts = [top / _PROGRAMS / program for top in tops] if program else tops
    return _read_processes(parts)


def list_pods(testbed: str) -> list[Path]:
    """The cgroups of the host cluster's pods, in every tree."""
    return [group for top in _list_tops(testbed) for group in _list_groups(top) if is_pod(group)]


def list_pod_processes(testbed: str, uid: str) -> set[int]:
    """Ids of the processes of one of the host cluster's pods, those of pods inside it included."""
    return _read_processes(_list_pod_groups(testbed, uid))


def read_processor_seconds(testbed: str, uid: str) -> float:
    """For how long one of the host cluster's pods has used a processor so far, pods inside it included."""
    for group in _list_pod_groups(testbed, uid):
        version_1, version_2 = _read(group / "cpuacct.usage"), _read(group / "cpu.stat")
        if version_1:
            return int(version_1) / 1e9
        if version_2.startswith("usage_usec"):
            return int(version_2.split()[1]) / 1e6
    raise LookupError(f"no cgroup counts the processor time of pod {uid}")


def kill(testbed: str, program: str | None = None, first: signal.Signals = signal.SIGKILL) -> None:
    """Ends the processes, with `first` as the first try, and returns when none is left."""
    _signal(testbed, program, first)
    if first != signal.SIGKILL:
        with suppress(TimeoutError):
            wait_for(f"the end of {program}", lambda: not list_processes(testbed, program), 5)

    what = f"the end of the processes in {testbed}"
    wait_for(what, lambda: not _signal(testbed, program, signal.SIGKILL), _KILL_SECONDS)


def remove(testbed: str) -> None:
    """Removes the testbed's cgroups from every tree; no process may be left in them."""
    if (MOUNT / name_slice(testbed)).exists():
        subprocess.run(["systemctl", "stop", name_slice(testbed)], check=True)
    for top in _list_tops(testbed):
        for group in reversed(_list_groups(top)):
            _remove_group(group)


def _signal(testbed: str, program: str | None, number: signal.Signals) -> set[int]:
    """Sends the signal to all processes that are there; their ids."""
    processes = list_processes(testbed, program)
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)
    return processes


def _list_tops(testbed: str) -> list[Path]:
    """The testbed's part of every tree, and the slice of its pods; not all of them are there."""
    return [tree / name for tree in list_trees() for name in (testbed, name_slice(testbed))]


def _list_pod_groups(testbed: str, uid: str) -> list[Path]:
    """The cgroups of one pod, in every tree. systemd writes dashes of a uid as underscores."""
    return [group for group in list_pods(testbed) if any(name in group.name for name in (uid, uid.replace("-", "_")))]


def _list_groups(top: Path) -> list[Path]:
    """The group and all below it, parents first; what goes away meanwhile is passed over."""
    return [Path(directory) for directory, _, _ in os.walk(top)]


def _read_processes(tops: Iterable[Path]) -> set[int]:
    """Ids of the processes in these groups, and in all below them."""
    return {int(line) for top in tops for group in _list_groups(top) for line in _read(group / "cgroup.procs").split()}


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
