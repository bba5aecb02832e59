"""What a kind cluster could leave on the machine; other testbeds may come and go meanwhile."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from testbed.layout import KIND
from tests.nested.firewall import read_rules

OWN = (KIND.state, KIND.run, KIND.resolv_conf.parent, Path("/run/netns", KIND.network))
# Where Docker and kind write by default, and what they mount.
_NAMES = (
    "/etc/docker",
    "/lib/modules",
    "/opt/containerd",
    "/root/.docker",
    "/root/.kube",
    "/run/docker",
    "/var/lib/docker",
)
ROOTS = tuple(map(Path, _NAMES))


def list_traces() -> frozenset[str]:
    """All that is the cluster's by its name, and all that could be Docker's."""
    parts = (_list_cgroups(), _list_mounts(), _list_interfaces(), _list_processes(), _list_files())
    return frozenset([*(f"rule {rule}" for rule in read_rules()), *(trace for part in parts for trace in part)])


def _list_cgroups() -> Iterator[str]:
    yield from (f"cgroup {path}" for path, _, _ in os.walk("/sys/fs/cgroup") if KIND.network in path)


def _list_mounts() -> Iterator[str]:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        if any(str(path) in line for path in OWN):
            yield f"mount {line}"


def _list_interfaces() -> Iterator[str]:
    listed = subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        if line.startswith((KIND.network, "br-", "docker", "veth")):
            yield f"interface {line}"


def _list_processes() -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if KIND.network in (process / "cgroup").read_text():
                yield f"process {process.name}"
        except OSError:
            continue  # ended meanwhile


def _list_files() -> Iterator[str]:
    for path in (*OWN, *ROOTS):
        if path.exists():
            yield f"file {path}"
    for root in ROOTS:
        yield from (f"file {path}" for path in root.glob("*"))
