"""A Docker daemon for the cluster alone, in the namespaces and the cgroup of a testbed: it leaves nothing behind."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from testbed import host_cluster, kernel, mounts, network, programs
from testbed.commands import run
from testbed.kind import runc_lax
from testbed.kind.docker import Docker
from testbed.layout import KIND
from testbed.programs import Program
from testbed.waiting import wait_for

NAME = "dockerd"
START_SECONDS = 60
_CAP_SYS_RESOURCE = 24
# Where Docker and its containerd write, whatever their settings say: they see directories of their own there.
_FIXED = tuple(map(Path, ("/etc/docker", "/opt/containerd", "/run/docker")))


def is_running() -> bool:
    """Whether the daemon is there."""
    return programs.is_running(KIND, NAME)


def describe() -> Docker:
    """The daemon, running or not. What it publishes is at the testbed's address, for this machine alone."""
    # Without what the user has set for a Docker of theirs.
    environment = {"DOCKER_HOST": f"unix://{_get_socket()}", "DOCKER_CONFIG": str(KIND.state), "DOCKER_CONTEXT": ""}
    return Docker(environment, KIND.address)


def start() -> Docker:
    """Starts it, and returns when it answers; nothing if it runs."""
    kernel.prepare(KIND)
    _create_mounts()
    network.create(KIND)
    settings = KIND.state / "daemon.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(json.dumps(build_settings(may_set_limits=has_capability(_read_status()))))
    # Debian has dockerd and iptables where only root's login shells look.
    environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    programs.start(KIND, Program(NAME, [NAME, f"--config-file={settings}"], environment, in_mounts=True))
    docker = describe()
    wait_for("Docker", lambda: docker.succeeds("version"), START_SECONDS, lambda: programs.read_log(KIND, NAME))
    return docker


def remove() -> None:
    """Ends it with all containers, and removes whatever it has made: interfaces, rules, mounts, files, settings."""
    host_cluster.remove(KIND)
    for directory in _FIXED:
        mounts.remove_if_empty(directory)


def build_settings(*, may_set_limits: bool) -> Mapping[str, object]:
    """The daemon's configuration, for a root that may set limits of its processes as it likes, or not."""
    return {
        "hosts": [f"unix://{_get_socket()}"],
        "data-root": str(KIND.state / "docker"),
        "exec-root": str(KIND.run / "docker"),
        "pidfile": str(KIND.run / "docker.pid"),
        # kind makes its own.
        "bridge": "none",
        "storage-driver": "overlay2",
        # In the testbed's cgroup, where it is found again; systemd's part of the tree is nobody else's.
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        "cgroup-parent": f"/{KIND.network}/containers",
        **({} if may_set_limits else {"runtimes": {"lax": {"path": runc_lax.__file__}}, "default-runtime": "lax"}),
    }


def has_capability(status: str) -> bool:
    """Whether a process with this /proc/<pid>/status has CAP_SYS_RESOURCE."""
    (mask,) = (line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(mask, 16) >> _CAP_SYS_RESOURCE & 1)


def _create_mounts() -> None:
    if KIND.mounts.exists():
        return
    mounts.create(KIND)
    for directory in _FIXED:
        own = KIND.get_own(directory)
        for each in (directory, own):
            each.mkdir(parents=True, exist_ok=True)
        run("nsenter", f"--mount={KIND.mounts}", "mount", "--bind", str(own), str(directory))


def _read_status() -> str:
    return Path("/proc/self/status").read_text()


def _get_socket() -> Path:
    return KIND.run / "docker.sock"
