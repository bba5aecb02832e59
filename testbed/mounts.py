"""The testbed's mount namespace: what its containerd and kubelet mount is seen in there alone, and goes with it."""

import shutil
from pathlib import Path

from testbed.commands import run
from testbed.layout import Testbed

# Where containerd and kubelet write, whatever their settings say: sockets of shims, what CNI remembers, sockets of
# device plugins, links to logs. Each testbed has its own.
_FIXED = tuple(map(Path, ("/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers")))
_MOUNT_OWN = 'for directory; do mount --bind "$0$directory" "$directory"; done'


def create(testbed: Testbed) -> None:
    """Makes the namespace, which lives as long as its file; nothing if it is there."""
    if testbed.mounts.exists():
        return
    testbed.run.mkdir(parents=True, exist_ok=True)
    # The kernel refuses to pin a mount namespace on a mount that is shared with it.
    run("mount", "--bind", str(testbed.run), str(testbed.run))
    run("mount", "--make-private", str(testbed.run))
    for directory in _FIXED:
        directory.mkdir(parents=True, exist_ok=True)
        testbed.get_own(directory).mkdir(parents=True)
    testbed.mounts.touch()
    enter = ["unshare", f"--mount={testbed.mounts}", "--propagation", "private"]
    run(*enter, "sh", "-ec", _MOUNT_OWN, str(testbed.get_own(Path("/"))), *map(str, _FIXED))


def remove(testbed: Testbed) -> None:
    """Takes it away, with what lives in it; no process may be left inside."""
    unmount(testbed.mounts)
    unmount(testbed.run)
    shutil.rmtree(testbed.run, ignore_errors=True)
    remove_if_empty(testbed.run.parent)
    # Not while there are others: the kernel would take their mounts on these away.
    if not testbed.run.parent.exists():
        for directory in _FIXED:
            remove_if_empty(directory)


def unmount(path: Path) -> None:
    """Undoes every mount on `path`; nothing where there is none. A bind mount is seen in the kernel's list only."""
    table = Path("/proc/self/mounts").read_text().splitlines()
    for _ in filter(lambda line: line.split()[1] == str(path), table):
        run("umount", str(path))


def remove_if_empty(directory: Path) -> None:
    """Removes the directory; nothing where something is in it, or it is not there."""
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()
