"""`kubectl delete vk8s`: seconds later nothing of it is left, in the host cluster or on the machine."""

import subprocess
import time
from collections.abc import Iterator

import pytest

from testbed import cgroups
from testbed.host_cluster import HostCluster
from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.virtual import VirtualCluster

pytestmark = pytest.mark.exclusive

SECONDS = 30
# A kubelet clears away the records of containers that have ended once a minute.
HOUSEKEEPING_SECONDS = 90


def test_nothing_is_left_thirty_seconds_after_the_deletion(running: VirtualCluster) -> None:
    machine = running.host.machine
    # Else this test would find nothing because it did not look.
    assert running.list_objects()
    assert machine is None or all(
        list(find(machine)) for find in (list_files, list_processes, list_mounts, list_records)
    )
    start = time.monotonic()
    running.kubectl.run("delete", "vk8s", "local", "--wait=false")

    def list_remains() -> list[str]:
        on_machine = [*list_files(machine), *list_processes(machine), *list_mounts(machine)] if machine else []
        return [*running.list_objects(), *on_machine]

    wait_for("nothing to be left", lambda: not list_remains(), SECONDS, lambda: "\n".join(list_remains()))
    record("delete_s", time.monotonic() - start)
    if machine is None:
        pytest.skip(
            "No object is left, but processes, mounts and files can only be looked for on the machine of a testbed."
        )
    wait_for("the kubelet's housekeeping", lambda: not list(list_records(machine)), HOUSEKEEPING_SECONDS)


def list_files(machine: HostCluster) -> Iterator[str]:
    """What volumes of clusters and of pods are on the disk."""
    for directory in (machine.testbed.state / "volumes", machine.testbed.state / "kubelet" / "pods"):
        yield from (str(path) for path in directory.glob("*"))


def list_processes(machine: HostCluster) -> Iterator[str]:
    """Running containers, and cgroups of pods; no other pods run in this host cluster."""
    yield from run_containerd(machine, "tasks")
    yield from (str(path) for path in cgroups.list_pods(machine.testbed.network))


def list_mounts(machine: HostCluster) -> Iterator[str]:
    """What containerd and kubelet have mounted for pods."""
    mounts = run("nsenter", f"--mount={machine.testbed.mounts}", "cat", "/proc/self/mounts")
    yield from (line.split()[1] for line in mounts if "/pods/" in line or "/io.containerd." in line)


def list_records(machine: HostCluster) -> Iterator[str]:
    """Containers, also those that have ended."""
    yield from run_containerd(machine, "containers")


def run_containerd(machine: HostCluster, what: str) -> list[str]:
    return run(*machine.ctr, what, "list", "--quiet")


def run(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
