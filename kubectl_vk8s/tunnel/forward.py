"""A `kubectl port-forward` to the API server of a virtual cluster, started again when it is needed."""

import asyncio
import re
from asyncio import StreamReader
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from kubectl_vk8s.kubectl import NO_KUBECTL
from kubectl_vk8s.names import API_PORT, api_service_name
from kubectl_vk8s.problems import ProblemError
from kubectl_vk8s.tunnel.place import ADDRESS, Tunnel

_START_SECONDS: Final = 15.0
_FORWARDING: Final = re.compile(rb"Forwarding from 127\.0\.0\.1:(\d+)")


@dataclass
class Forward:
    """The process. `said`: the last line of its errors."""

    tunnel: Tunnel
    process: Process | None = None
    port: int = 0
    said: str = ""
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self) -> int:
        """The port that leads to the API server. ProblemError with what kubectl says where none does."""
        async with self.lock:
            if self.process is None or self.process.returncode is not None:
                await self._start()
            return self.port

    async def close(self) -> None:
        """Ends it; the next connection starts another."""
        process, self.process = self.process, None
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _start(self) -> None:
        service = f"service/{api_service_name(self.tunnel.name)}"
        command = self.tunnel.kubectl.build_command("port-forward", f"--address={ADDRESS}", service, f":{API_PORT}")
        self.said = ""
        try:
            process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
        except FileNotFoundError as error:
            raise ProblemError(NO_KUBECTL) from error
        self.process = process
        stdout, stderr = _get_pipes(process)
        errors = self._drain(stderr)
        found = None
        with suppress(TimeoutError):
            found = _FORWARDING.match(await asyncio.wait_for(stdout.readline(), _START_SECONDS))
        if not found:
            await self.close()
            await errors
            raise ProblemError(self.said.removeprefix("error: ") or "kubectl port-forward gave no port")
        self.port = int(found[1])
        # It prints a line for each connection, and stops when nobody reads them.
        self._drain(stdout)

    def _drain(self, stream: StreamReader) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._read_all(stream))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def _read_all(self, stream: StreamReader) -> None:
        async for line in stream:
            self.said = line.decode(errors="replace").strip()


def _get_pipes(process: Process) -> tuple[StreamReader, StreamReader]:
    if process.stdout is None or process.stderr is None:
        raise AssertionError("both are pipes")
    return process.stdout, process.stderr
