"""The machine's tree of cgroups, version 2, as it is seen from outside of all pods."""

import os
from pathlib import Path

from testbed.cgroups import MOUNT


def list_groups() -> set[str]:
    """All cgroups, by their paths in the tree, such as `/system.slice/dbus.service`."""
    return {directory.removeprefix(str(MOUNT)) for directory, _, _ in os.walk(MOUNT)}


def is_within(group: str, pod: str) -> bool:
    """Whether a cgroup is that of the pod with the uid `pod`, or below it."""
    name = f"-pod{pod.replace('-', '_')}.slice"
    return any(part.endswith(name) for part in group.split("/"))


def list_contained() -> dict[str, str]:
    """What is in containers, so in other PID namespaces than the machine: by `<id> <name>`, their cgroups."""
    own = Path("/proc/self/ns/pid").stat().st_ino
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns/pid").stat().st_ino != own:
                name = (process / "comm").read_text().strip()
                found[f"{process.name} {name}"] = (process / "cgroup").read_text().strip().removeprefix("0::")
        except OSError:
            continue  # ended meanwhile
    return found
