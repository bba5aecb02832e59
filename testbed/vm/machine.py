"""The guest as a machine: how QEMU is called, what it says meanwhile, and its end."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testbed.vm import clock
from testbed.vm.disk import Disk
from testbed.vm.hardware import HARDWARE, Hardware, read_own_architecture

MEMORY_MIB = 6144
MOST_CPUS = 4
# What a kernel that has started says first.
_SIGN_OF_LIFE = b"Linux version"
_LIFE_SECONDS = 60
_POLL_SECONDS = 0.5
# The root is the disk itself. With `panic` and QEMU's -no-reboot, a kernel that fails ends the guest.
_KERNEL_ARGUMENTS = "root=/dev/vda rw net.ifnames=0 systemd.unified_cgroup_hierarchy=1 mitigations=off panic=5"


@dataclass(frozen=True)
class Accelerator:
    """What runs the guest's instructions. `patience`: how many times slower than the machine it is."""

    name: str
    arguments: tuple[str, ...]
    patience: int


KVM = Accelerator("KVM", ("-accel", "kvm", "-cpu", "host"), 1)
# The buffer is for all that a Kubernetes translates into.
TCG = Accelerator("TCG", ("-accel", "tcg,thread=multi,tb-size=1024"), 8)


@dataclass(frozen=True)
class Guest:
    """A guest to be started. `console`, `progress`: files that get what the guest writes to its two serial ports."""

    architecture: str
    disk: Disk
    console: Path
    progress: Path

    @property
    def hardware(self) -> Hardware:
        """The machine that it is."""
        return HARDWARE[self.architecture]

    def list_accelerators(self) -> list[Accelerator]:
        """What may run it here, the best first."""
        own = self.architecture == read_own_architecture()
        return [KVM, TCG] if own and os.access("/dev/kvm", os.R_OK | os.W_OK) else [TCG]

    def build_command(self, accelerator: Accelerator) -> list[str]:
        """The call of QEMU."""
        return [
            # QEMU ends with this program, even where that is killed.
            *("setpriv", "--pdeathsig", "KILL"),
            *(self.hardware.qemu, "-machine", self.hardware.board, *accelerator.arguments),
            *(self.hardware.emulated if accelerator is TCG else ()),
            *("-smp", str(min(os.cpu_count() or 1, MOST_CPUS)), "-m", str(MEMORY_MIB)),
            *("-nodefaults", "-display", "none", "-no-reboot", "-nic", "none"),
            *("-kernel", str(self.disk.kernel), "-initrd", str(self.disk.initrd)),
            *("-append", self._build_kernel_arguments(accelerator)),
            *("-drive", f"file={self.disk.image},format=raw,if=virtio,cache=unsafe"),
            *("-device", "virtio-rng-pci"),
            *(*_build_output("console", self.console), "-serial", "chardev:console"),
            *(*_build_output("progress", self.progress), *self.hardware.second_port),
        ]

    def _build_kernel_arguments(self, accelerator: Accelerator) -> str:
        own, patience = "", accelerator.patience
        if accelerator is TCG:
            slow = clock.list_kernel_arguments(self.architecture)
            own = " ".join([self.hardware.kernel_arguments, *slow])
            patience //= clock.SLOWNESS if slow else 1
        environment = f"systemd.setenv=VK8S_PATIENCE={patience} systemd.setenv=VK8S_VM={accelerator.name}"
        return f"{_KERNEL_ARGUMENTS} console={self.hardware.console} {own} {environment}"


def _build_output(name: str, file: Path) -> list[str]:
    # Appended to: QEMU itself may have something to say in the same file.
    return ["-chardev", f"file,id={name},path={file},append=on"]


@contextmanager
def start(guest: Guest) -> Iterator[tuple[subprocess.Popen[bytes], Accelerator]]:
    """The guest with KVM if it comes to life with that, else without; QEMU has ended afterwards, whatever happens."""
    for accelerator in guest.list_accelerators():
        with _run(guest.build_command(accelerator), guest.console) as process:
            if _comes_to_life(process, guest.console, _LIFE_SECONDS * accelerator.patience):
                yield process, accelerator
                return
    raise RuntimeError(f"the guest's kernel says nothing; what QEMU said is in {guest.console}")


def follow(process: subprocess.Popen[bytes], progress: Path, say: Callable[[str], None], seconds: float) -> bool:
    """Says each line that the guest writes, as it comes; whether the guest ends within so many seconds."""
    end = time.monotonic() + seconds
    with progress.open(errors="replace") as lines:
        while True:
            ended = process.poll() is not None
            for line in lines.read().splitlines():
                say(line)
            if ended or time.monotonic() > end:
                return ended
            time.sleep(_POLL_SECONDS)


@contextmanager
def _run(command: list[str], console: Path) -> Iterator[subprocess.Popen[bytes]]:
    console.write_bytes(b"")
    with (
        console.open("ab") as log,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def _comes_to_life(process: subprocess.Popen[bytes], console: Path, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if _SIGN_OF_LIFE in console.read_bytes():
            return True
        time.sleep(_POLL_SECONDS)
    return False
