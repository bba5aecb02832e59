"""What the machine under the host cluster has on its disk of a node."""

from pathlib import Path

from testbed.host_cluster import HostCluster


def find_volume(machine: HostCluster, node: str) -> Path | None:
    """Where the state of a node is, once there is a volume for it."""
    claim = machine.kubectl.find("pvc", f"{node}-state") or {"spec": {}}
    name = claim["spec"].get("volumeName")
    return machine.testbed.state / "volumes" / name if name else None


def get_stamp(machine: HostCluster) -> Path:
    """The file on the state volume of `local-master` that says which Kubernetes has written it."""
    volume = find_volume(machine, "local-master")
    assert volume
    return volume / "vk8s" / "kubernetes-version"
