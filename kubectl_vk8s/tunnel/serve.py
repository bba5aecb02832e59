"""`tunnel`: listens on a port of this machine, and passes on what comes to the API server of a virtual cluster.

Behind it is a `kubectl port-forward`, which is started again whenever it no longer leads anywhere: a new control-plane
node, a network that was away, a machine that slept. A client that connects then only waits a little longer.
"""

import asyncio
import fcntl
import json
import os
import signal
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Final

from kubectl_vk8s.problems import Exit, ProblemError
from kubectl_vk8s.tunnel.forward import Forward
from kubectl_vk8s.tunnel.place import ADDRESS, Tunnel, parse_tunnel, write_private

_CHUNK: Final = 1 << 16
# An API server answers the first bytes of a connection at once.
_ANSWER_SECONDS: Final = 8.0
_RETRY_SECONDS: Final = 0.5
# As long as a control-plane node takes to come back.
_GIVE_UP_SECONDS: Final = 60.0
_IDLE_SECONDS: Final = 1800.0
_LOOK_SECONDS: Final = 30.0
_LOCK_TRIES, _LOCK_SECONDS = 20, 0.05


@dataclass
class Server:
    """Passes connections on. `idle_seconds`: for how long nobody has to use it until it ends."""

    tunnel: Tunnel
    forward: Forward
    idle_seconds: float = _IDLE_SECONDS
    connections: int = 0
    used_at: float = field(default_factory=time.time)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def pass_on(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Passes one connection on, until either end closes it."""
        self.connections += 1
        try:
            first = await reader.read(_CHUNK)
            if first:
                await self._exchange(first, reader, writer)
        except (OSError, ProblemError):
            # The client sees that the connection ends, and asks again.
            pass
        finally:
            self.connections -= 1
            self.used_at = time.time()
            writer.close()

    async def _exchange(self, first: bytes, reader: StreamReader, writer: StreamWriter) -> None:
        answer, upstream_reader, upstream_writer = await self._ask(first)
        try:
            writer.write(answer)
            await asyncio.gather(_pump(reader, upstream_writer), _pump(upstream_reader, writer))
        finally:
            upstream_writer.close()

    async def _ask(self, first: bytes) -> tuple[bytes, StreamReader, StreamWriter]:
        """The first bytes of the answer. Where none comes, another way there is opened, and it is asked again."""
        end = time.monotonic() + _GIVE_UP_SECONDS
        while True:
            port = 0
            with suppress(OSError, TimeoutError):
                port = await self.forward.open()
                reader, writer = await asyncio.open_connection(ADDRESS, port)
                writer.write(first)
                answer = await asyncio.wait_for(reader.read(_CHUNK), _ANSWER_SECONDS)
                if answer:
                    return answer, reader, writer
                writer.close()
            if time.monotonic() > end:
                raise ProblemError("the API server does not answer")
            # Only what has failed: another connection may have started a new one.
            if port == self.forward.port:
                await self.forward.close()
            await asyncio.sleep(_RETRY_SECONDS)

    async def wait_until_idle(self) -> None:
        """Returns when nobody has used it for long: no connection, and no `credential`."""
        while True:
            await asyncio.sleep(min(_LOOK_SECONDS, self.idle_seconds))
            file = self.tunnel.get_file("used")
            asked_at = file.stat().st_mtime if file.exists() else 0.0
            if not self.connections and time.time() - max(self.used_at, asked_at) > self.idle_seconds:
                return


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    """Copies what comes, until its end, which is passed on."""
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def serve(server: Server, say: Callable[[int], None]) -> None:
    """Serves a tunnel until it is idle or ended; `say` is given the port when it leads to the API server."""
    waits = [asyncio.create_task(server.ended.wait()), asyncio.create_task(server.wait_until_idle())]
    try:
        await server.forward.open()
        listener = await asyncio.start_server(server.pass_on, ADDRESS, server.tunnel.port)
        async with listener:
            say(int(listener.sockets[0].getsockname()[1]))
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        await server.forward.close()


async def serve_until_signal(server: Server, say: Callable[[int], None]) -> None:
    """The same, until this process is asked to end."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.ended.set)
    await serve(server, say)


def main(arguments: Sequence[str]) -> int:
    """Serves a tunnel, unless somebody does; the exit code."""
    tunnel = parse_tunnel(arguments)
    with tunnel.get_file("lock").open("a") as lock:
        if not take_lock(lock):
            return Exit.DONE
        report(tunnel)
        try:
            server = Server(tunnel, Forward(tunnel))
            asyncio.run(serve_until_signal(server, lambda _: report(tunnel, is_ready=True)))
        except ProblemError as problem:
            report(tunnel, str(problem))
            return Exit.FAILED
        except OSError:
            report(tunnel, f"port {tunnel.port} is taken by another program; `kubectl vk8s connect` chooses another.")
            return Exit.FAILED
        tunnel.get_file("report").unlink(missing_ok=True)
    return Exit.DONE


def take_lock(file: IO[str]) -> bool:
    """Whether nobody else serves the tunnel. Others only try for a moment whether somebody has the lock."""
    for _ in range(_LOCK_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_LOCK_SECONDS)
    return False


def report(tunnel: Tunnel, error: str = "", *, is_ready: bool = False) -> None:
    """Says how far it is, for `credential`, which has started it."""
    said = {"pid": os.getpid(), "port": tunnel.port, "isReady": is_ready, "error": error}
    write_private(tunnel.get_file("report"), json.dumps(said))
