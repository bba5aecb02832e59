"""`kubectl delete vk8s`: seconds later nothing of it is left, in the host cluster or on the machine."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.virtual import VirtualCluster

SECONDS = 30


def test_nothing_is_left_thirty_seconds_after_the_deletion(running: VirtualCluster) -> None:
    # Else this test would find nothing for want of looking.
    assert len(list(find_remains(running))) > 20
    start = time.monotonic()
    running.kubectl.run("delete", "vk8s", "local", "--wait=false")
    wait_for(
        "nothing to be left",
        lambda: not list(find_remains(running)),
        SECONDS,
        lambda: "\n".join(find_remains(running)),
    )
    record("delete_s", time.monotonic() - start)


def find_remains(virtual: VirtualCluster) -> Iterator[str]:
    """Objects, volumes, containers, mounts, cgroups; only this virtual cluster runs pods in the host cluster."""
    testbed = virtual.host.testbed
    yield from virtual.find_objects()
    yield from (str(path) for path in (testbed.state / "volumes").glob("*"))
    socket = f"--address={testbed.run}/containerd.sock"
    yield from run("ctr", socket, "--namespace=k8s.io", "containers", "list", "--quiet")
    mounts = run("nsenter", f"--mount={testbed.run}/mounts", "cat", "/proc/self/mounts")
    yield from (line.split()[1] for line in mounts if "/pods/" in line or "/io.containerd." in line)
    yield from (str(path) for path in Path("/sys/fs/cgroup").glob(f"**/{testbed.network}/kubepods/**/pod*"))
    yield from (str(path) for path in (testbed.state / "kubelet" / "pods").glob("*"))


def run(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
