"""The workload: a pod on each node that writes to a volume, and writers into the virtual cluster's API.

Both are asked from here, one number at a time; a number counts as written when the answer is here.
"""

import json
import socket
import threading
from collections.abc import Callable
from typing import Protocol

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import Kubectl, KubectlError
from tests.nested.workload import PORT, build_claim, build_node_port_service, build_pinned_deployment, with_claim
from tests.soak.ledger import Ledger

SECONDS = 3
# Appends a number, and answers with it once the disk has it; or shows all.
_SCRIPT = """read -r word || exit
if [[ $word = all ]]; then
  { [[ ! -e /data/records ]] || cat /data/records; } && echo end
else
  echo "$word" >>/data/records && sync /data/records /data && echo "$word"
fi"""
_SERVE = ["/usr/bin/systemd-socket-activate", "--accept", "--inetd", f"--listen=0.0.0.0:{PORT}"]
LABEL = "soak"


class Target(Protocol):
    """Where numbers are written to."""

    def write(self, number: int) -> bool:
        """Whether the number was acknowledged."""

    def read(self) -> list[int] | None:
        """All numbers that are there; None while it does not answer."""


class Writer:
    """Writes one number after the other, `pause` seconds apart, until it is stopped."""

    def __init__(self, name: str, target: Target, pause: float) -> None:
        self.ledger = Ledger(name)
        self.target = target
        self._pause = pause
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def read(self) -> list[int] | None:
        """All numbers that are there; None while the target does not answer."""
        return self.target.read()

    def start(self) -> None:
        """Begins to write."""
        self._thread.start()

    def stop(self) -> None:
        """Returns when nothing more is written."""
        self._is_over.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._is_over.wait(self._pause):
            number = self.ledger.begin()
            if self.target.write(number):
                self.ledger.acknowledge(number)


class FileTarget:
    """The file of a writer's pod. `ask` sends it a line; its answer in lines, or None where there is none."""

    def __init__(self, ask: Callable[[str], list[str] | None]) -> None:
        self._ask = ask

    def write(self, number: int) -> bool:
        """Whether the pod says that its disk has the number."""
        return self._ask(str(number)) == [str(number)]

    def read(self) -> list[int] | None:
        """What the file holds."""
        lines = self._ask("all")
        # Without its last line, it is half an answer.
        return [int(line) for line in lines[:-1]] if lines and lines[-1] == "end" else None


def ask_port(address: str, port: int, word: str) -> list[str] | None:
    """What a writer's pod answers through a port of the Vk8s that can be reached from here."""
    try:
        with socket.create_connection((address, port), SECONDS) as connection, connection.makefile("rw") as file:
            file.write(f"{word}\n")
            file.flush()
            return file.read().splitlines()
    except OSError:
        return None


class ApiTarget:
    """ConfigMaps of the virtual cluster, and so its etcd."""

    def __init__(self, inside: Kubectl) -> None:
        self._inside = inside

    def write(self, number: int) -> bool:
        """Whether the API server says that it has made a ConfigMap of that number."""
        metadata = {"name": f"record-{number}", "labels": {"app": LABEL}}
        record = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        try:
            self._inside.run(
                *("create", "--raw=/api/v1/namespaces/default/configmaps", "--filename=-"), stdin=json.dumps(record)
            )
        except KubectlError:
            return False
        return True

    def read(self) -> list[int] | None:
        """The numbers of all ConfigMaps that are there."""
        try:
            names = self._inside.run("get", "configmaps", f"--selector=app={LABEL}", "--output=name").split()
        except KubectlError:
            return None
        return [int(name.rpartition("-")[2]) for name in names]


def name_writer(node: str) -> str:
    """Name of the writer's objects in the virtual cluster."""
    return f"writes-on-{node}"


def build_writer(node: str, port: int) -> list[Manifest]:
    """Claim, Deployment and Service of a pod on `node` that stores what is posted to `port` of every node."""
    name = name_writer(node)
    deployment = with_claim(build_pinned_deployment(name, node), name)
    template = deployment["spec"]["template"]
    (container,) = template["spec"]["containers"]
    # Without a probe: each would be a connection.
    fields = {key: value for key, value in container.items() if key != "readinessProbe"}
    containers = [{**fields, "name": "writer", "command": [*_SERVE, "/usr/bin/bash", "-c", _SCRIPT]}]
    pod = {**template, "spec": {**template["spec"], "containers": containers}}
    spec = {**deployment["spec"], "template": pod}
    return [build_claim(name), {**deployment, "spec": spec}, build_node_port_service(name, port)]
