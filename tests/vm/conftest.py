"""The host cluster in the guest of `make vm-test`, and a small virtual cluster in it."""

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from testbed import controller, host_cluster
from testbed.follow_boot import BootError, follow_boot
from testbed.host_cluster import HostCluster
from testbed.layout import ROOT, UP
from testbed.vm.disk import BINARIES, RESULTS
from testbed.waiting import patient, wait_for
from tests.figures import record
from tests.nested.host import build_testbed_host
from tests.nested.virtual import VirtualCluster
from tests.vm.tree import list_groups

# Set in the guest.
IN_GUEST = "VK8S_VM"
# What the names of figures begin with: those of another guest than the default have names of their own.
_PROCESSORS, _RELEASES = {"aarch64": "_arm64"}, {"13": "_debian13"}
_RELEASE = platform.freedesktop_os_release().get("VERSION_ID", "")
FIGURES = f"vm{_PROCESSORS.get(platform.machine(), '')}{_RELEASES.get(_RELEASE, '')}"
# What the result depends on, and how each of these says which version it is.
_VERSIONS = (["uname", "-r"], ["systemctl", "--version"], ["containerd", "--version"], ["runc", "--version"])
# The worker has little memory, so that a hungry pod soon has it all.
RESOURCES = {
    "master": {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"cpu": "4", "memory": "2Gi"}},
    "worker": {"requests": {"cpu": "100m", "memory": "768Mi"}, "limits": {"cpu": "4", "memory": "768Mi"}},
}


@dataclass(frozen=True)
class Guest:
    """The host cluster. `groups`: all cgroups of the machine when nothing was in it yet."""

    host: HostCluster
    groups: frozenset[str]


def say(line: str) -> None:
    """Reports to the runner, outside of the guest, how far the tests are."""
    sys.stdout.write(f"{line}\n")


@pytest.fixture(scope="package")
def guest() -> Iterator[Guest]:
    """The host cluster and the controller; its logs are kept among the results, with those of the nodes."""
    if not os.environ.get(IN_GUEST):
        pytest.skip("this is for the guest of `make vm-test`")
    try:
        yield start_host()
    finally:
        keep_logs()
        host_cluster.remove(UP)


@pytest.fixture(scope="package")
def virtual(guest: Guest, tmp_path_factory: pytest.TempPathFactory) -> VirtualCluster:
    """A virtual cluster like that of examples/local.yaml, smaller; it has been Running."""
    manifest = yaml.safe_load((ROOT / "examples" / "local.yaml").read_text())
    nodes = [{**node, "resources": RESOURCES[node["role"]]} for node in manifest["spec"]["nodes"]]
    manifest = {**manifest, "spec": {**manifest["spec"], "nodes": nodes}}
    directory: Path = tmp_path_factory.mktemp("kubeconfigs")
    virtual = VirtualCluster(build_testbed_host(guest.host), manifest, directory)
    start = time.monotonic()
    try:
        # One after the other: together they would take the guest's processors from each other.
        for count in range(1, len(nodes) + 1):
            say(f"kubectl apply of a Vk8s with {count} of its {len(nodes)} nodes")
            virtual.kubectl.apply({**manifest, "spec": {**manifest["spec"], "nodes": nodes[:count]}})
            follow_boot(virtual.kubectl, virtual.name, say)
            record(f"{FIGURES}_{count}_nodes_running_s", time.monotonic() - start)
    except BootError:
        say(virtual.describe())
        raise
    return virtual


def start_host() -> Guest:
    """Starts everything that a testbed has but a virtual cluster; its images are on the disk already."""
    say(f"\nGuest: {describe_versions()}.")
    start = time.monotonic()
    host = HostCluster(UP, BINARIES)
    say("Host cluster: starting the control plane.")
    host.start_control_plane()
    say("Host cluster: starting the node.")
    host.start_node()
    say("Controller: starting the hooks and Metacontroller.")
    controller.start(host)
    controller.start_hooks(host, settings={"VK8S_SETTING_NODE_PROBE_SECONDS": str(patient(1))})
    wait_for("the slices of both classes of pods", lambda: len(list_classes()) == 2, 30)
    record(f"{FIGURES}_host_cluster_s", time.monotonic() - start)
    return Guest(host, frozenset(list_groups()))


def describe_versions() -> str:
    """The guest's Debian, and the first line of what else a host cluster may depend on."""
    answers = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for command in _VERSIONS]
    return ", ".join([f"Debian {_RELEASE}", *(answer.partition("\n")[0] for answer in answers)])


def list_classes() -> list[str]:
    """The slices below which the kubelet puts pods, which it makes soon after it has started."""
    return [group for group in list_groups() if group.endswith(("-besteffort.slice", "-burstable.slice"))]


def keep_logs() -> None:
    """Copies the logs of the testbed's programs and of the nodes to where the runner looks for results."""
    shutil.copytree(UP.logs, RESULTS / "logs", dirs_exist_ok=True)
    for log in (UP.state / "volumes").rglob("kubeadm.log*"):
        volume = log.relative_to(UP.state / "volumes").parts[0]
        shutil.copy2(log, RESULTS / "logs" / f"{volume}-{log.name}")
