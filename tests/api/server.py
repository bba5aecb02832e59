"""The hooks as a process of their own, on a free port of the loopback."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from testbed.waiting import wait_for
from tests.shared_material import ROOT

START_SECONDS = 30


@dataclass(frozen=True)
class Server:
    """The running process, where it listens, and where it writes."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def answers(self) -> bool:
        """Whether it does."""
        try:
            return httpx.get(f"{self.url}/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


@contextmanager
def serve(log: Path) -> Iterator[Server]:
    """`python -m hooks serve` while the context lasts; its output goes to `log`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "hooks", "serve", f"--port={port}"]
    with log.open("wb") as output, subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as process:
        try:
            server = Server(process, f"http://127.0.0.1:{port}", log)
            wait_for("the hooks", server.answers, START_SECONDS, log.read_text)
            yield server
        finally:
            process.terminate()
