"""The hosts of the kind cluster as machines: power, network cable, and the programs on them."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from hooks.kubernetes.manifest import Manifest
from testbed.kind import daemon
from testbed.kind.docker import Docker
from testbed.kubectl import Kubectl, has_condition
from testbed.layout import KIND
from testbed.waiting import wait_for

UP_SECONDS = 180
_LEASES = "--namespace=kube-node-lease"


@dataclass(frozen=True)
class Machine:
    """One host. `kubectl`: for the host cluster."""

    name: str
    kubectl: Kubectl

    @property
    def docker(self) -> Docker:
        """The Docker that it is a container of."""
        return daemon.describe() if daemon.is_running() else Docker()

    def fail(self) -> None:
        """Takes its power away, after its network: else, its kernel would still end the connections of its pods."""
        self.unplug()
        self.docker.run("kill", self.name)

    def shut_down(self) -> None:
        """Shuts it down, as before maintenance."""
        self.docker.run("stop", self.name)

    def turn_on(self) -> None:
        """Gives it power, and a network; it boots."""
        self.docker.run("start", self.name)

    def start(self) -> None:
        """Turns it on, if it is off, and returns when it is Ready."""
        since = datetime.now(UTC)
        self.turn_on()
        self.wait_until_ready(since)

    def freeze(self) -> None:
        """Stops all that runs on it, but its kernel: that still answers for connections."""
        self.docker.run("pause", self.name)

    def thaw(self) -> None:
        """Lets it go on."""
        self.docker.run("unpause", self.name)

    def restart_program(self, unit: str) -> None:
        """Restarts a systemd unit, and returns when the host is Ready after that."""
        since = datetime.now(UTC)
        self.run("systemctl", "restart", unit)
        self.wait_until_ready(since)

    def wait_until_ready(self, since: datetime) -> None:
        """Waits until its kubelet has reported something since then, and the host is Ready."""
        wait_for(f"host {self.name}", lambda: self._has_renewed(since) and self._is_ready(), UP_SECONDS, self._describe)

    def wait_until_lost(self) -> None:
        """Waits until the host cluster knows that it does not answer."""
        wait_for(f"the loss of {self.name}", lambda: not self._is_ready(), UP_SECONDS, self._describe)

    @contextmanager
    def unplugged(self) -> Iterator[None]:
        """Without network meanwhile, for itself and the pods on it; Ready again afterwards."""
        self.unplug()
        try:
            yield
        finally:
            since = datetime.now(UTC)
            self.plug_in()
            self.wait_until_ready(since)

    def unplug(self) -> None:
        """Takes its network away, and that of the pods on it."""
        self._set_link("down")

    def plug_in(self) -> None:
        """Gives them their network again."""
        self._set_link("up")

    def run(self, *command: str) -> str:
        """What a command on it prints; the network is not needed for that."""
        return self.docker.run("exec", self.name, *command)

    def list_containers(self) -> list[Manifest]:
        """The containers that run on it, as its container runtime knows them."""
        containers: list[Manifest] = json.loads(self.run("crictl", "ps", "--output=json"))["containers"]
        return containers

    def _has_renewed(self, since: datetime) -> bool:
        lease = self.kubectl.find("lease", self.name, _LEASES)
        return lease is not None and datetime.fromisoformat(lease["spec"]["renewTime"]) > since

    def _is_ready(self) -> bool:
        return has_condition(self.kubectl.find("node", self.name))

    def _set_link(self, state: str) -> None:
        # The other end of its only cable is a port of Docker's bridge: its own end keeps addresses and routes.
        index = int(self.run("cat", "/sys/class/net/eth0/iflink"))
        (port,) = (link["ifname"] for link in json.loads(_run_ip("-json", "link")) if link["ifindex"] == index)
        _run_ip("link", "set", "dev", port, state)

    def _describe(self) -> str:
        return self.kubectl.run("get", "nodes", "--output=wide")


def list_node_containers(machines: Mapping[str, Machine], namespace: str) -> list[str]:
    """The pods of that namespace that have a node container on any of the machines: one entry for each container."""
    labels = (container["labels"] for machine in machines.values() for container in machine.list_containers())
    return sorted(
        each["io.kubernetes.pod.name"] for each in labels
        if each["io.kubernetes.pod.namespace"] == namespace and each["io.kubernetes.container.name"] == "node"
    )  # fmt: skip


def _run_ip(*arguments: str) -> str:
    network = ["-netns", KIND.network] if daemon.is_running() else []
    return subprocess.run(["ip", *network, *arguments], capture_output=True, text=True, check=True).stdout
