"""The process: `python -m testbed.metacontroller --kubeconfig FILE --controllers PATH --hooks-url URL`.

It ends with 0 on SIGTERM, with 1 for what it refuses, with 2 where the original crashes and with 3 for a fault of
its own.
"""

import argparse
import logging
import os
import queue
import signal
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from lightkube.core.exceptions import ConfigError

from testbed.metacontroller.api_server import ApiServer
from testbed.metacontroller.controller import Controller, Pace, Surroundings
from testbed.metacontroller.controllers import read_composites
from testbed.metacontroller.errors import RefusedError
from testbed.metacontroller.events import EventRecorder
from testbed.metacontroller.informer import Informers
from testbed.metacontroller.rate_limits import TokenBucket
from testbed.metacontroller.resources import Discovery
from testbed.metacontroller.webhook import call_over_http

_STOPPED: Final = 0
_REFUSED: Final = 1
_CRASHED: Final = 2
_FAULT: Final = 3

log = logging.getLogger("testbed.metacontroller")
_ended: queue.SimpleQueue[int] = queue.SimpleQueue()


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line; names and defaults of the original where it has the same setting. Times are in seconds."""
    parser = argparse.ArgumentParser(prog="python -m testbed.metacontroller", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--controllers", type=Path, required=True, help="a YAML file or a directory of them")
    parser.add_argument("--hooks-url", help="replaces scheme, host and port of the Services of hooks")
    parser.add_argument("--workers", type=int, default=5)
    parser.add_argument("--client-go-qps", type=float, default=5)
    parser.add_argument("--client-go-burst", type=int, default=10)
    parser.add_argument("--discovery-interval", type=float, default=30)
    parser.add_argument("--cache-flush-interval", type=float, default=1800)
    parser.add_argument("--cache-delay", type=float, default=0, help="by how much caches lag behind")
    return parser.parse_args(arguments)


def build_controllers(options: argparse.Namespace) -> list[Controller]:
    """The controllers, ready to be started. Raises RefusedError."""
    composites = read_composites(options.controllers, datetime.now(UTC))
    # Discovery and events have clients of their own, as in the original.
    server, aside = (
        _connect(options.kubeconfig, TokenBucket(options.client_go_qps, options.client_go_burst)) for _ in range(2)
    )
    events = EventRecorder(aside)
    events.start()
    informers = Informers(server, options.cache_delay)
    discovery = Discovery(aside.served, options.discovery_interval)
    surroundings = Surroundings(server, informers, discovery, events, _crash)
    pace = Pace(options.workers, options.cache_flush_interval)
    return [
        Controller(composite, surroundings, call_over_http(composite.spec.hooks, options.hooks_url), pace)
        for composite in composites
    ]


def main(arguments: list[str]) -> int:
    """Run until something ends it; the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    try:
        controllers = build_controllers(parse_arguments(arguments))
    except RefusedError as error:
        print(error, file=sys.stderr)
        return _REFUSED
    threading.excepthook = _end_for_fault
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _ended.put(_STOPPED))
    for controller in controllers:
        controller.start()
    return _ended.get()


def _connect(kubeconfig: Path, limit: TokenBucket) -> ApiServer:
    try:
        return ApiServer(kubeconfig, limit)
    except (OSError, ValueError, ConfigError) as error:
        raise RefusedError(f"{kubeconfig}: not a kubeconfig that can be used: {error}") from error


def _crash(why: str) -> None:
    # At once, whatever other syncs are doing.
    print(why, file=sys.stderr, flush=True)
    os._exit(_CRASHED)


def _end_for_fault(fault: threading.ExceptHookArgs) -> None:
    # Places only: the message of an exception may repeat an object.
    places = "".join(traceback.format_tb(fault.exc_traceback))
    print(f"a fault of the stand-in itself: {fault.exc_type.__name__}\n{places}", file=sys.stderr, flush=True)
    os._exit(_FAULT)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    logging.shutdown()
    # Without waiting for watches and hook calls that are under way.
    os._exit(code)
