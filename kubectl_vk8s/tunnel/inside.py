"""A tunnel in this process, for as long as one command runs."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final

from kubectl_vk8s.problems import ProblemError
from kubectl_vk8s.tunnel.forward import Forward
from kubectl_vk8s.tunnel.place import Tunnel
from kubectl_vk8s.tunnel.serve import Server, serve

_FOREVER: Final = float("inf")


@contextmanager
def serve_inside(tunnel: Tunnel) -> Iterator[int]:
    """The port that leads to the API server meanwhile. ProblemError where none does."""
    port: Future[int] = Future()
    server = Server(tunnel, Forward(tunnel), _FOREVER)
    with asyncio.Runner() as runner:
        thread = threading.Thread(target=_run, args=(runner, server, port))
        thread.start()
        try:
            yield port.result()
        finally:
            runner.get_loop().call_soon_threadsafe(server.ended.set)
            thread.join()


def _run(runner: asyncio.Runner, server: Server, port: "Future[int]") -> None:
    try:
        runner.run(serve(server, port.set_result))
    except (OSError, ProblemError) as error:
        port.set_exception(ProblemError(f"{server.tunnel.name} can't be reached: {error}"))
