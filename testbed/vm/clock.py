"""A clock for an emulated guest that is as slow as its processors.

Programs in an emulated guest are ten times as slow as on the machine itself, but their time limits are the same: the
API server of a virtual cluster ends because etcd has not answered in time, starts again, and never gets anywhere. So
the guest's seconds are longer, too. Its kernel counts the ticks of the machine's own counter, which QEMU passes on,
and believes that a second has more of them. It gets no other device by which it could find out.
"""

import re
from pathlib import Path
from typing import Final

from testbed.vm.hardware import read_own_architecture

# How long a second of the guest takes.
SLOWNESS: Final = 4
_FREQUENCY: Final = re.compile(r"^cpu MHz\s*: ([0-9.]+)$", re.MULTILINE)


def list_kernel_arguments(architecture: str, processors: Path = Path("/proc/cpuinfo")) -> list[str]:
    """Those that make the clock of a guest slow; none where the counter is not that of this machine, or unknown.

    `processors`: where the kernel says how fast the counter is.
    """
    found = _FREQUENCY.search(processors.read_text())
    if not found or {architecture, read_own_architecture()} != {"amd64"}:
        return []
    return [f"tsc_early_khz={round(float(found[1]) * 1000) * SLOWNESS}", "pmtmr=0", "hpet=disable"]
