"""`make up` next to another testbed, then `make down`: the machine is as it was."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import host_cluster
from testbed.layout import LEAK_TESTS, ROOT
from testbed.waiting import wait_for
from tests.nested.firewall import read_rules
from tests.nested.virtual import VirtualCluster

pytestmark = pytest.mark.exclusive

COMMAND = [sys.executable, "-m", "testbed", f"--testbed={LEAK_TESTS.name}"]
# The kernel takes network namespaces apart in the background.
SECONDS = 30
# Where a testbed is, and where containerd and kubelet write by default.
ROOTS = (
    "etc/netns", "opt", "run", "usr/libexec/kubernetes", "var/lib/cni", "var/lib/kubelet", "var/lib/vk8s-testbed",
    "var/log",
)  # fmt: skip
SETTINGS = ("kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory", "net/ipv4/ip_forward")


@pytest.fixture
def no_testbed() -> Iterator[None]:
    host_cluster.remove(LEAK_TESTS)
    yield
    host_cluster.remove(LEAK_TESTS)


@pytest.mark.nightly("tests/nested/test_delete.py")
@pytest.mark.usefixtures("machine", "no_testbed")
def test_nothing_is_left_on_the_machine(running: VirtualCluster) -> None:
    pods = [running.kubectl.get("pod", node)["metadata"]["uid"] for node in running.nodes]
    before = describe_machine()
    up = subprocess.run([*COMMAND, "up"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert up.returncode == 0, up.stdout + up.stderr
    # Else there would be nothing to leave behind.
    meanwhile = describe_machine()
    assert all(meanwhile[what] - before[what] for what in ("cgroups", "interfaces", "files", "namespaces"))
    subprocess.run([*COMMAND, "down"], cwd=ROOT, capture_output=True, check=True)
    wait_for(
        "the machine to be as it was", lambda: not list_changes(before), SECONDS, lambda: describe(list_changes(before))
    )
    # The other testbed has not noticed.
    assert [running.kubectl.get("pod", node)["metadata"]["uid"] for node in running.nodes] == pods
    running.wait_for_nodes()


def describe(changes: dict[str, set[str]]) -> str:
    """The first few of each kind: one pod that is left has hundreds of cgroups."""
    return "; ".join(f"{len(found)} {what}: {', '.join(sorted(found)[:5])}" for what, found in changes.items())


def list_changes(before: dict[str, set[str]]) -> dict[str, set[str]]:
    """What is there now and was not before, or the other way round."""
    now = describe_machine()
    changes = {what: now[what] ^ before[what] for what in before}
    return {what: found for what, found in changes.items() if found}


def describe_machine() -> dict[str, set[str]]:
    """Everything that a testbed could leave behind; what is below the other testbed's own places is left out."""
    return {
        "cgroups": {directory for directory, _, _ in os.walk("/sys/fs/cgroup") if "/vk8s-nested/" not in directory},
        "interfaces": {path.name for path in Path("/sys/class/net").iterdir()},
        "mounts": set(Path("/proc/self/mounts").read_text().splitlines()),
        "namespaces": {path.name for path in Path("/run/netns").iterdir()},
        "nftables": read_rules(),
        "files": {str(path) for root in ROOTS for path in list_files(root)},
        "programs": set(list_programs()),
        "settings": {f"{name}={Path('/proc/sys', name).read_text().strip()}" for name in SETTINGS},
    }


def list_files(root: str) -> Iterator[Path]:
    """Entries of the upper levels: what is in a directory that goes, goes with it."""
    for pattern in ("*", "*/*"):
        yield from Path("/", root).glob(pattern)


def list_programs() -> Iterator[str]:
    """Command lines of processes that a testbed could have started, outside of the other testbed."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            group = (process / "cgroup").read_text()
        except OSError:
            continue
        if command and "/vk8s-nested/" not in group and LEAK_TESTS.name in command + group:
            yield command
