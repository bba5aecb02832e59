"""The kernel's figures of the machine's memory, and of processes."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

KIB_PER_MB: Final = 1e6 / 1024
MB_PER_GIB: Final = 2**30 / 1e6
# Of a process's memory, by proc_pid_smaps(5): all that is mapped; with a share of what others map, too; what it alone
# maps; what is of no file.
_MAPS: Final[Mapping[str, tuple[str, ...]]] = {
    "rss": ("Rss",),
    "pss": ("Pss",),
    "private": ("Private_Clean", "Private_Dirty"),
    "anon": ("Anonymous",),
}


def read_memory(processes: Iterable[int]) -> float:
    """Resident memory of the processes together, in MB."""
    return sum(_read_field(process, "status", "VmRSS") for process in processes) / KIB_PER_MB


def read_maps(processes: Iterable[int]) -> dict[str, float]:
    """`rss`, `pss`, `private` and `anon` memory of the processes together, in MB."""
    found = list(processes)
    return {
        name: sum(_read_field(process, "smaps_rollup", field) for process in found for field in fields) / KIB_PER_MB
        for name, fields in _MAPS.items()
    }


def count_inotify(processes: Iterable[int]) -> int:
    """How many inotify instances the processes hold, of which the kernel gives each user so many."""
    return sum(_is_inotify(file) for process in processes for file in Path(f"/proc/{process}/fd").glob("*"))


def _is_inotify(file: Path) -> bool:
    try:
        return str(file.readlink()) == "anon_inode:inotify"
    except FileNotFoundError:
        return False  # closed meanwhile


def read_machine_memory(field: str) -> float:
    """A field of proc_meminfo(5), in MB; LookupError where there is no such field."""
    found = _find_kib(Path("/proc/meminfo").read_text(), field)
    if found is None:
        raise LookupError(f"/proc/meminfo has no field {field}")
    return found / KIB_PER_MB


def _read_field(process: int, file: str, field: str) -> int:
    try:
        return _find_kib(Path(f"/proc/{process}/{file}").read_text(), field) or 0
    except (FileNotFoundError, ProcessLookupError):
        return 0  # ended meanwhile


def _find_kib(text: str, field: str) -> int | None:
    found = re.search(rf"^{field}:\s+(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) if found else None
