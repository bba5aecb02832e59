"""A disk of its own for the state of a node, in a file: what fills it does not fill the machine's."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hooks.kubernetes.manifest import Manifest
from testbed.commands import run
from testbed.host_cluster import HostCluster

SIZE = "2Gi"
_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class SmallDisk:
    """A file system of two gibibytes, which only the testbed's mount namespace shows."""

    machine: HostCluster
    folder: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command that sees it, and returns how it ended."""
        enter = ["nsenter", f"--mount={self.machine.testbed.mounts}", "--", *command]
        return subprocess.run(enter, capture_output=True, text=True, check=False)

    def fill(self, path: str) -> None:
        """Fills it with one file, to the last byte."""
        written = self.run("dd", "if=/dev/zero", f"of={self.folder / path}", "bs=1M", "conv=fsync")
        assert "No space left on device" in written.stderr, written.stderr

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return self.run("test", "-e", str(self.folder / path)).returncode == 0

    def build_volume(self, claim: str) -> Manifest:
        """The PersistentVolume that becomes that of a claim."""
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": f"small-{claim}"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": SIZE},
                "claimRef": {"namespace": "default", "name": claim},
                "hostPath": {"path": str(self.folder), "type": "Directory"},
                "persistentVolumeReclaimPolicy": "Retain",
                "storageClassName": "standard",
            },
        }


@contextmanager
def make_small_disk(machine: HostCluster, name: str) -> Iterator[SmallDisk]:
    """The disk, as long as it is needed; nothing may use it at the end."""
    folder = machine.testbed.state / f"small-{name}"
    file = folder.with_suffix(".img")
    disk = SmallDisk(machine, folder)
    folder.mkdir()
    with file.open("wb") as content:
        content.truncate(_BYTES)
    try:
        run("mkfs.ext4", "-q", "-m", "0", str(file))
        mounted = disk.run("mount", "-o", "loop", str(file), str(folder))
        assert mounted.returncode == 0, mounted.stderr
        yield disk
    finally:
        disk.run("umount", str(folder))
        file.unlink()
        folder.rmdir()
