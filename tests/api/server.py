"""The hooks as a process of their own, on a free port of the loopback."""

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from hooks.settings import PREFIX
from testbed.waiting import wait_for
from tests.shared_material import ROOT

START_SECONDS = 30


@dataclass(frozen=True)
class Server:
    """The running process, where it listens, and where it writes. `tls`: how to connect to it, if with TLS."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """Where its routes are."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        """Whether it does."""
        try:
            return httpx.get(f"{self.url}/readyz", verify=self.tls or False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def wait_for_line(self, part: str) -> str:
        """The log, once it has a line with `part` in it."""
        return wait_for(
            part, lambda: (text := self.log.read_text()) * (part in text), START_SECONDS, self.log.read_text
        )

    def connect(self) -> socket.socket:
        """A connection to it, without TLS."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=START_SECONDS)


@contextmanager
def serve(
    log: Path, settings: Mapping[str, object] | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """`python -m hooks serve` while the context lasts, with these settings; its output goes to `log`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "hooks", "serve", f"--port={port}"]
    variables = {f"{PREFIX}{name.upper()}": str(value) for name, value in (settings or {}).items()}
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, env={**os.environ, **variables}, stdout=output, stderr=output) as process,
    ):
        try:
            server = Server(process, port, log, tls)
            wait_for("the hooks", server.answers, START_SECONDS, log.read_text)
            yield server
        finally:
            process.terminate()
