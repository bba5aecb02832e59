"""One tunnel: what it leads to, and its files, which only its user can read."""

import fcntl
import hashlib
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from kubectl_vk8s.kubectl import Kubectl

ADDRESS: Final = "127.0.0.1"
# Below the ports that systems give to outgoing connections.
_FIRST_PORT, _PORTS = 20000, 10000


@dataclass(frozen=True)
class Tunnel:
    """From a port of this machine to the API server of a Vk8s. `context`: that of the host cluster."""

    name: str
    namespace: str
    context: str = ""
    kubeconfig: str = ""
    port: int = 0

    @property
    def identity(self) -> str:
        """What its files are named after."""
        words = repr((self.context, self.kubeconfig, self.namespace, self.name))
        return hashlib.sha256(words.encode()).hexdigest()[:12]

    @property
    def kubectl(self) -> Kubectl:
        """Kubectl for the namespace in the host cluster."""
        given = (("kubeconfig", self.kubeconfig), ("context", self.context), ("namespace", self.namespace))
        return Kubectl(tuple(f"--{name}={value}" for name, value in given if value))

    @property
    def arguments(self) -> list[str]:
        """As `credential` and `tunnel` are given them."""
        return [f"--{name}={value}" for name, value in asdict(self).items() if value]

    def get_file(self, kind: str) -> Path:
        """One of its files."""
        return get_directory() / f"{self.identity}.{kind}"

    @property
    def is_served(self) -> bool:
        """Whether a process serves it now."""
        with self.get_file("lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def read_report(self) -> Mapping[str, Any]:
        """What the process that serves it says of itself; empty where it has not said anything."""
        try:
            report: dict[str, Any] = json.loads(self.get_file("report").read_text())
        except (OSError, ValueError):
            return {}
        return report

    def end(self) -> bool:
        """Ends the process that serves it, and deletes its files; whether there was one."""
        pid = self.read_report().get("pid")
        is_served = self.is_served
        if is_served and pid:
            os.kill(pid, signal.SIGTERM)
        for kind in ("report", "credential", "used"):
            self.get_file(kind).unlink(missing_ok=True)
        return is_served


def get_directory() -> Path:
    """Where the files are: in memory where the system has such a place, and for nobody else to read."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    directory = Path(runtime if runtime and os.access(runtime, os.W_OK) else state) / "vk8s"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def parse_tunnel(arguments: Sequence[str]) -> Tunnel:
    """The tunnel from `--name=demo --namespace=default …`."""
    given: dict[str, Any] = dict(argument.removeprefix("--").split("=", 1) for argument in arguments)
    return Tunnel(**{**given, "port": int(given.get("port", 0))})


def choose_port(tunnel: Tunnel, before: int = 0) -> int:
    """The port that it had before, or one that follows from its name and is free."""
    start = int(tunnel.identity, 16) % _PORTS
    candidates = [before, *(_FIRST_PORT + (start + step) % _PORTS for step in range(_PORTS))]
    return next(port for port in candidates if port and is_free(port))


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def write_private(path: Path, text: str) -> None:
    """Replaces a file in one step, by one that only its owner can read."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Waits until nobody else has the lock, and has it meanwhile."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build_program() -> tuple[list[str], dict[str, str]]:
    """How this program starts itself once more, and with which environment."""
    package = Path(__file__).parent.parent
    archive = next((parent for parent in package.parents if parent.is_file()), None)
    if archive:
        return [sys.executable, str(archive)], dict(os.environ)
    path = os.pathsep.join([str(package.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    return [sys.executable, "-m", "kubectl_vk8s"], {**os.environ, "PYTHONPATH": path}
