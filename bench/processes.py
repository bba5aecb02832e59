"""What the kernel tells of processes."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_KIB_PER_MB: Final = 1e6 / 1024


def read_memory(processes: Iterable[int]) -> float:
    """Resident memory of the processes together, in MB."""
    return sum(_read_field(process, "VmRSS") for process in processes) / _KIB_PER_MB


def _read_field(process: int, field: str) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) if found else 0
