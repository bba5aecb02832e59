"""The servers that are compared, each as a process of its own on a free port of the loopback."""

import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hooks.wire import SyncResponse
from testbed.layout import ROOT
from testbed.waiting import wait_for

OURS, PLAIN, FLOOR = SERVERS = ("sync", "plain", "floor")
START_SECONDS: Final = 30
_PATH: Final = "/vk8s/sync"


@dataclass(frozen=True)
class Server:
    """A running server: where its sync hook is, and its process."""

    url: str
    pid: int


@contextmanager
def start_servers(answer: SyncResponse) -> Iterator[dict[str, Server]]:
    """All servers by name, while the context lasts; two of them know the answer beforehand."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        directory = Path(name)
        file = directory / "answer.json"
        file.write_text(answer.model_dump_json(by_alias=True))
        commands = {
            OURS: ["hooks", "serve"],
            PLAIN: ["bench.plain_hook", f"--answer={file}"],
            FLOOR: ["bench.floor", f"--answer={file}"],
        }
        yield {name: stack.enter_context(_serve(command, directory)) for name, command in commands.items()}


@contextmanager
def _serve(module: Sequence[str], directory: Path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    log = directory / f"{port}.log"
    command = [sys.executable, "-m", *module, f"--port={port}"]
    with log.open("wb") as output, subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as process:
        try:
            wait_for(module[0], lambda: _listens(port), START_SECONDS, log.read_text)
            yield Server(f"http://127.0.0.1:{port}{_PATH}", process.pid)
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0
