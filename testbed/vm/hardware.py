"""The machines that a guest can be: one for each architecture that images are built for."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Hardware:
    """A machine of QEMU.

    - `processor`: what such a machine is called by uname; `platform` by the names of Python's packages.
    - `package`: where Debian has this QEMU.
    - `emulated`: the arguments for a processor that QEMU emulates.
    - `console`, `progress`: the devices of the guest's two serial ports; `second_port` makes QEMU have the latter.
    - `debian`: the directory with the list of the guest's packages, as seen from images/.
    - `kernel_arguments`: more of them, where the processor is emulated.
    """

    processor: str
    qemu: str
    package: str
    board: str
    emulated: tuple[str, ...]
    console: str
    progress: str
    second_port: tuple[str, ...]
    debian: str
    kernel_arguments: str = ""


HARDWARE: Final[Mapping[str, Hardware]] = {
    "amd64": Hardware(
        processor="x86_64",
        qemu="qemu-system-x86_64",
        package="qemu-system-x86",
        board="q35",
        # Level 5 of page tables costs time and serves nobody here. QEMU 7.2 emulates AVX by calls, and `rep stosb` byte
        # by byte: what Go, libc and the kernel use instead clears memory, searches and hashes in a half to a fifth of
        # the time.
        emulated=("-cpu", "max,la57=off,avx=off,avx2=off,erms=off,fsrm=off"),
        console="ttyS0",
        progress="ttyS1",
        second_port=("-serial", "chardev:progress"),
        debian="../testbed/vm",
        # Or the kernel would mistrust the counter, and ask a device for the time: Kubernetes does so all the time, and
        # one processor at a time may ask. The counter is that of the machine below, the same for all processors.
        kernel_arguments="tsc=reliable clocksource=tsc",
    ),
    "arm64": Hardware(
        processor="aarch64",
        qemu="qemu-system-aarch64",
        package="qemu-system-arm",
        board="virt,gic-version=max",
        # That of many servers. The one that has all features has some that are slow to emulate.
        emulated=("-cpu", "neoverse-n1"),
        console="ttyAMA0",
        # This machine has one serial port; others are cards.
        progress="ttyS0",
        second_port=("-device", "pci-serial,chardev=progress"),
        debian="../testbed/vm/arm64",
    ),
}


def read_own_architecture() -> str:
    """That of this machine, or the name of its processor if no guest has it."""
    processor = platform.machine()
    return next((name for name, each in HARDWARE.items() if each.processor == processor), processor)
