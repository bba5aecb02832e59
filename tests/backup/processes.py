"""The processes of these tests, on loopback: etcd, an S3 server, and what takes a backup."""

import json
import os
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.backup.certificates import Material

ABOUT = {
    "name": "demo",
    "namespace": "team-a",
    "uid": "11111111-1111-1111-1111-111111111111",
    "podNetworkCidr": "198.18.0.0/16",
    "serviceCidr": "198.19.0.0/16",
    "clusterDomain": "cluster.local",
}
ACCESS_KEY, SECRET_KEY = "the-access-key", "the-secret-key"


def choose_port() -> int:
    """A port that nothing listens on."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def run_server(command: Sequence[str], log: Path, is_up: Callable[[], bool]) -> Iterator[subprocess.Popen[bytes]]:
    """A process, once `is_up`; it ends with the context."""
    with log.open("wb") as said, subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT) as process:
        try:
            deadline = time.monotonic() + 60
            while not is_up():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
            yield process
        finally:
            process.kill()


def answers(port: int, address: str = "127.0.0.1") -> bool:
    """Whether something accepts connections there."""
    with closing(socket.socket()) as tried:
        return tried.connect_ex((address, port)) == 0


@dataclass(frozen=True)
class Etcd:
    """A member alone, as that of a virtual cluster."""

    programs: Path
    url: str
    material: Material

    def run(self, *arguments: str, stdin: str = "") -> str:
        """What etcdctl prints."""
        files = self.material.directory
        access = (f"--cacert={files / 'ca.crt'}", f"--cert={files / 'server.crt'}", f"--key={files / 'server.key'}")
        command = [str(self.programs / "etcdctl"), "--endpoints", self.url, *access, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, input=stdin).stdout


@contextmanager
def run_etcd(programs: Path, material: Material, directory: Path, *, put: bool = True) -> Iterator[Etcd]:
    """An etcd with the certificates, as kubeadm has them: it asks each client for one. `put`: with data."""
    client, peer = (f"https://127.0.0.1:{choose_port()}" for _ in range(2))
    files = material.directory
    arguments = {
        "name": "demo-master",
        "data-dir": directory,
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"demo-master={peer}",
        "unsafe-no-fsync": "true",
        "client-cert-auth": "true",
        "cert-file": files / "server.crt",
        "key-file": files / "server.key",
        "trusted-ca-file": files / "ca.crt",
        "peer-cert-file": files / "server.crt",
        "peer-key-file": files / "server.key",
        "peer-trusted-ca-file": files / "ca.crt",
    }
    command = [str(programs / "etcd"), *(f"--{name}={value}" for name, value in arguments.items())]
    found = Etcd(programs, client, material)
    with run_server(command, directory.with_suffix(".log"), lambda: answers(int(client.rpartition(":")[2]))):
        # More than restic stores as one piece: snapshots have most of it in common.
        for number in range(6 if put else 0):
            value = random.Random(number).randbytes(500_000).hex()  # noqa: S311 nobody has to guess it
            found.run("put", f"large/{number}", stdin=value)
        yield found


@contextmanager
def run_s3(program: Path, directory: Path, tls: Material | None = None) -> Iterator[str]:
    """The URL of an S3 server whose buckets are the directories in `directory`."""
    port = choose_port()
    more = [f"--cert={tls.directory / 'server.crt'}", f"--key={tls.directory / 'server.key'}"] if tls else []
    command = [
        str(program),
        f"--port=127.0.0.1:{port}",
        f"--access={ACCESS_KEY}",
        f"--secret={SECRET_KEY}",
        "--quiet",
        *more,
        "posix",
        str(directory),
    ]
    with run_server(command, directory.with_suffix(".log"), lambda: answers(port)):
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"


@dataclass(frozen=True)
class Ended:
    """How a run ended: its code, the JSON of its termination message, and what it said."""

    code: int
    result: dict[str, Any]
    said: str

    @property
    def error(self) -> str:
        """Why it failed."""
        assert self.code == 1, self.said
        return str(self.result["error"])

    @property
    def snapshot(self) -> str:
        """The snapshot that it stored."""
        assert self.code == 0, self.said
        return str(self.result["snapshot"])


@dataclass(frozen=True)
class Backup:
    """What takes a backup: programs, a directory of its own, and the arguments that stay."""

    programs: Path
    directory: Path
    arguments: Mapping[str, object]
    about: Mapping[str, str] = field(default_factory=lambda: ABOUT)
    subcommand: Sequence[str] = ()

    def build_command(self, **changed: object) -> list[str]:
        """The command, with some arguments changed; None is without."""
        log = self.directory / "termination"
        given = {"restic": self.programs / "restic", "work": self.directory, "termination-log": log, "keep": 7}
        wanted = {**given, "about": json.dumps(dict(self.about)), **self.arguments}
        wanted |= {name.replace("_", "-"): value for name, value in changed.items()}
        flags = (f"--{name}={value}" for name, value in wanted.items() if value is not None)
        return [str(self.programs / "vk8s-backup"), *self.subcommand, *flags]

    def take(self, *, within: Sequence[str] = (), **changed: object) -> Ended:
        """Runs it to its end; `within`: the beginning of its command."""
        log = self.directory / "termination"
        log.unlink(missing_ok=True)
        command = [*within, *self.build_command(**changed)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        return Ended(ended.returncode, json.loads(log.read_text()) if log.exists() else {}, ended.stderr)

    def run_restic(self, repository: str, *arguments: str, password: str = "", directory: Path | None = None) -> bytes:
        """What restic prints, as its user would call it, in a directory."""
        more = [] if password else ["--insecure-no-password"]
        environment = {
            **os.environ,
            "RESTIC_REPOSITORY": repository,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            **({"RESTIC_PASSWORD": password} if password else {}),
        }
        command = [str(self.programs / "restic"), "--no-cache", "--quiet", *more, *arguments]
        return subprocess.run(command, capture_output=True, check=True, env=environment, cwd=directory).stdout

    def list_snapshots(self, repository: str) -> list[str]:
        """The short names of the snapshots there, the oldest first."""
        found = json.loads(self.run_restic(repository, "snapshots", "--json"))
        return [entry["short_id"] for entry in sorted(found, key=lambda each: str(each["time"]))]
