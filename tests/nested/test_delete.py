"""`kubectl delete vk8s`: seconds later nothing of it is left, in the host cluster or on the machine."""

import subprocess
import time
from collections.abc import Iterator

import pytest

from testbed import cgroups
from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.virtual import VirtualCluster

pytestmark = pytest.mark.quiet

SECONDS = 30
# A kubelet clears away the records of containers that have ended once a minute.
HOUSEKEEPING_SECONDS = 90


def test_nothing_is_left_thirty_seconds_after_the_deletion(running: VirtualCluster) -> None:
    # Else this test would find nothing for want of looking.
    assert all(list(find(running)) for find in (find_objects, find_processes, find_mounts, find_records))
    start = time.monotonic()
    running.kubectl.run("delete", "vk8s", "local", "--wait=false")

    def find_remains() -> list[str]:
        return [*find_objects(running), *find_processes(running), *find_mounts(running)]

    wait_for("nothing to be left", lambda: not find_remains(), SECONDS, lambda: "\n".join(find_remains()))
    record("delete_s", time.monotonic() - start)
    wait_for("the kubelet's housekeeping", lambda: not list(find_records(running)), HOUSEKEEPING_SECONDS)


def find_objects(virtual: VirtualCluster) -> Iterator[str]:
    """Objects of the host cluster, and what volumes are on its disk."""
    testbed = virtual.host.testbed
    yield from virtual.find_objects()
    for directory in (testbed.state / "volumes", testbed.state / "kubelet" / "pods"):
        yield from (str(path) for path in directory.glob("*"))


def find_processes(virtual: VirtualCluster) -> Iterator[str]:
    """Running containers, and cgroups of pods; no other pods run in this host cluster."""
    yield from run_containerd(virtual, "tasks")
    yield from (str(path) for path in cgroups.find_pods(virtual.host.testbed.network))


def find_mounts(virtual: VirtualCluster) -> Iterator[str]:
    """What containerd and kubelet have mounted for pods."""
    mounts = run("nsenter", f"--mount={virtual.host.testbed.run}/mounts", "cat", "/proc/self/mounts")
    yield from (line.split()[1] for line in mounts if "/pods/" in line or "/io.containerd." in line)


def find_records(virtual: VirtualCluster) -> Iterator[str]:
    """Containers, also those that have ended."""
    yield from run_containerd(virtual, "containers")


def run_containerd(virtual: VirtualCluster, what: str) -> list[str]:
    socket = f"--address={virtual.host.testbed.run}/containerd.sock"
    return run("ctr", socket, "--namespace=k8s.io", what, "list", "--quiet")


def run(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
