"""GPUs of the host's node: written into its status, or offered by NVIDIA's device plugin with a fake driver."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from hooks.kubernetes.manifest import Manifest
from testbed import programs
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.layout import HOST_NODE
from testbed.waiting import wait_for

RESOURCE = "nvidia.com/gpu"
SECONDS = 60
_SOCKETS = Path("/var/lib/kubelet/device-plugins")
_POD = "nvidia-device-plugin"


@contextmanager
def offering_gpus(machine: HostCluster, image: str, count: int) -> Iterator[None]:
    """Meanwhile, the plugin of that image offers as many GPUs; afterwards, the kubelet knows of none."""
    machine.kubectl.apply(_build_pod(image))
    try:
        is_offered = partial(_offers, machine, str(count))
        wait_for(f"{count} GPUs on the host", is_offered, SECONDS, lambda: _read_log(machine))
        yield
    finally:
        machine.kubectl.run("delete", "pod", _POD, f"--timeout={SECONDS}s")
        _forget_plugin(machine)


def advertise(kubectl: Kubectl, count: int) -> None:
    """Makes the host say that it has as many GPUs, with no plugin that knows of any."""
    _patch_capacity(kubectl, {"op": "add", "value": str(count)})


def withdraw(kubectl: Kubectl) -> None:
    """Makes the host say nothing of GPUs, whatever it has said."""
    if RESOURCE in kubectl.get("node", HOST_NODE)["status"]["capacity"]:
        _patch_capacity(kubectl, {"op": "remove"})


def _patch_capacity(kubectl: Kubectl, change: Manifest) -> None:
    patch = json.dumps([{**change, "path": f"/status/capacity/{RESOURCE.replace('/', '~1')}"}])
    kubectl.run("patch", "node", HOST_NODE, "--subresource=status", "--type=json", f"--patch={patch}")


def _build_pod(image: str) -> Manifest:
    """As the plugin's own DaemonSet makes one; the list of libraries is rewritten, as by the host's toolkit."""
    container = {
        "name": "plugin",
        "image": image,
        "command": ["sh", "-c", "ldconfig && exec nvidia-device-plugin"],
        "env": [
            {"name": "DEVICE_LIST_STRATEGY", "value": "envvar"},
            # The driver shows the UUID of a device in /proc, where nothing can be faked.
            {"name": "DEVICE_ID_STRATEGY", "value": "index"},
        ],
        "securityContext": {"privileged": True},
        "volumeMounts": [{"name": "sockets", "mountPath": str(_SOCKETS)}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": _POD},
        "spec": {
            "containers": [container],
            "terminationGracePeriodSeconds": 1,
            "volumes": [{"name": "sockets", "hostPath": {"path": str(_SOCKETS)}}],
        },
    }


def _offers(machine: HostCluster, count: str) -> bool:
    return bool(machine.kubectl.get("node", HOST_NODE)["status"]["allocatable"].get(RESOURCE, "0") == count)


def _read_log(machine: HostCluster) -> str:
    return machine.kubectl.run("logs", _POD, "--ignore-errors")


def _forget_plugin(machine: HostCluster) -> None:
    """A kubelet answers for a plugin until five minutes after its end, and after a restart from its own record."""
    programs.stop(machine.testbed, "kubelet")
    shutil.rmtree(machine.testbed.get_own(_SOCKETS))
    machine.start_node()
    withdraw(machine.kubectl)
    wait_for("the host without GPUs", partial(_offers, machine, "0"), SECONDS)
