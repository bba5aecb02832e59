"""What a guest needs of the machine, beyond the packages that testbed/vm/install.sh installs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from testbed.vm.hardware import HARDWARE, Hardware
from testbed.vm.machine import MEMORY_MIB

MIB = 1024 * 1024
# QEMU itself, and what it translates instructions into where it has no KVM.
BESIDE_MIB = 1536
# The tree of files, and the disk that is made of it.
DISK_MIB = 10 * 1024
TOOLS = {"mke2fs": "e2fsprogs", "debugfs": "e2fsprogs"}


def list_problems(directory: Path, architecture: str) -> list[str]:
    """One sentence for each thing that is missing; none, where a guest can run with its disk in `directory`."""
    if architecture not in HARDWARE:
        return [f"architecture: there are guests of {' and '.join(HARDWARE)}, and {architecture} is none of them"]
    return list(_explain_obstacles(directory, HARDWARE[architecture]))


def _explain_obstacles(directory: Path, hardware: Hardware) -> Iterator[str]:
    if os.geteuid() != 0:
        yield "root: the guest's files belong to root and others, so only root can write them"
    for tool, package in {hardware.qemu: hardware.package, **TOOLS}.items():
        if not shutil.which(tool):
            yield f"{tool}: it is not installed; Debian has it in package {package}"
    memory = _read_available_memory() // MIB
    if memory < MEMORY_MIB + BESIDE_MIB:
        yield f"memory: {memory} MiB are available, and the guest takes {MEMORY_MIB + BESIDE_MIB} MiB"
    disk = shutil.disk_usage(directory).free // MIB
    if disk < DISK_MIB:
        yield f"disk: {directory} has {disk} MiB left, and the guest takes up to {DISK_MIB} MiB there"


def _read_available_memory() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("MemAvailable:"))
    return int(line.split()[1]) * 1024
