"""The process: `python -m testbed.metacontroller --controllers PATH [--kubeconfig FILE]`.

It ends with 0 on SIGTERM, with 1 if it refuses a manifest or a right is missing, with 2 where the original crashes, and
with 3 for a fault of its own.
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
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

from lightkube.core.exceptions import ConfigError

from testbed.metacontroller.api_server import ApiServer
from testbed.metacontroller.controller import Controller, Pace, Surroundings
from testbed.metacontroller.controllers import read_composites
from testbed.metacontroller.detour import parse_address
from testbed.metacontroller.duration import NANOSECONDS, parse_duration
from testbed.metacontroller.errors import RefusedError
from testbed.metacontroller.events import EventRecorder
from testbed.metacontroller.health import OFF, serve_probes
from testbed.metacontroller.informer import Informers
from testbed.metacontroller.label_selector import LabelSelector, build_matcher
from testbed.metacontroller.leadership import Leadership, Lease
from testbed.metacontroller.objects import Manifest, metadata
from testbed.metacontroller.own_kinds import OwnKinds
from testbed.metacontroller.rate_limits import TokenBucket
from testbed.metacontroller.resources import Discovery, Resource
from testbed.metacontroller.webhook import connect_hooks

_STOPPED: Final = 0
_REFUSED: Final = 1
_CRASHED: Final = 2
_FAULT: Final = 3

log = logging.getLogger("testbed.metacontroller")
_ended: queue.SimpleQueue[int] = queue.SimpleQueue()


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line; names and defaults of the original where it has the same setting."""
    parser = argparse.ArgumentParser(prog="python -m testbed.metacontroller", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, help="default: the ServiceAccount of the pod that it runs in")
    parser.add_argument("--controllers", type=Path, required=True, help="a YAML file or a directory of them")
    parser.add_argument(
        "--service-address",
        type=parse_address,
        action="append",
        default=[],
        metavar="NAME.NAMESPACE=HOST[:PORT]",
        help="where to connect to for a Service, instead of asking DNS; certificates stay those of the Service",
    )
    parser.add_argument(
        "--target-label-selector",
        type=_parse_selector,
        default=LabelSelector(),
        metavar="LABEL=VALUE",
        help="which CompositeControllers count",
    )
    parser.add_argument("--health-probe-bind-address", default=OFF, metavar="HOST:PORT")
    parser.add_argument("--leader-election", action="store_true", help="work only while it holds a Lease")
    parser.add_argument("--leader-election-id", default="metacontroller", metavar="NAME")
    parser.add_argument("--leader-election-namespace", default="default", metavar="NAMESPACE")
    parser.add_argument("--workers", type=int, default=5)
    parser.add_argument("--client-go-qps", type=float, default=5)
    parser.add_argument("--client-go-burst", type=int, default=10)
    parser.add_argument("--discovery-interval", type=_parse_seconds, default=30)
    parser.add_argument("--cache-flush-interval", type=_parse_seconds, default=1800)
    parser.add_argument("--cache-delay", type=float, default=0, help="seconds by which caches lag behind")
    return parser.parse_args(arguments)


def build_controllers(options: argparse.Namespace) -> list[Controller]:
    """The controllers, ready to be started. Raises RefusedError."""
    matches = build_matcher(options.target_label_selector)
    composites = [
        composite
        for composite in read_composites(options.controllers, datetime.now(UTC))
        if matches(metadata(composite.document).get("labels") or {})
    ]
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
    OwnKinds(aside, informers).start()
    addresses, find = dict(options.service_address), partial(_find, informers)
    return [
        Controller(composite, surroundings, partial(connect_hooks, composite.spec, addresses, find), pace)
        for composite in composites
    ]


def main(arguments: list[str]) -> int:
    """Run until something ends it; the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    threading.excepthook = _end
    try:
        options = parse_arguments(arguments)
        controllers = build_controllers(options)
        serve_probes(options.health_probe_bind_address)
    except RefusedError as error:
        print(error, file=sys.stderr)
        return _REFUSED
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _ended.put(_STOPPED))
    threading.Thread(target=_work, args=(options, controllers), name="work", daemon=True).start()
    return _ended.get()


def _work(options: argparse.Namespace, controllers: list[Controller]) -> None:
    """Starts the controllers, once no other process may work."""
    if options.leader_election:
        lease = Lease(options.leader_election_namespace, options.leader_election_id, f"{os.uname().nodename}_{uuid4()}")
        limit = TokenBucket(options.client_go_qps, options.client_go_burst)
        leadership = Leadership(_connect(options.kubeconfig, limit), lease)
        leadership.wait()
        log.info("leader election: %s holds the lease", lease.holder)
        leadership.keep(_lose)
    for controller in controllers:
        controller.start()


def _parse_seconds(text: str) -> float:
    """Seconds of a duration in Go's notation."""
    try:
        return parse_duration(text) / NANOSECONDS
    except RefusedError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parse_selector(text: str) -> LabelSelector:
    # Of the notation, only what our manifests use.
    key, equals, value = text.partition("=")
    if not equals or any(sign in text for sign in ",!()"):
        raise argparse.ArgumentTypeError(f"{text!r} is not LABEL=VALUE, the only form that is implemented")
    return LabelSelector.model_validate({"matchLabels": {key: value}})


def _connect(kubeconfig: Path | None, limit: TokenBucket) -> ApiServer:
    try:
        return ApiServer(kubeconfig, limit)
    except (OSError, ValueError, ConfigError) as error:
        raise RefusedError(f"{kubeconfig}: not a kubeconfig that can be used: {error}") from error


def _find(informers: Informers, kind: Resource, key: str) -> Manifest | None:
    # Out of a cache of the whole cluster, as the original does: no right to get one object is of any use to it.
    cache = informers.start(kind)
    cache.synced.wait()
    return cache.get(key)


def _crash(why: str) -> None:
    # At once, whatever other syncs are doing.
    print(why, file=sys.stderr, flush=True)
    os._exit(_CRASHED)


def _lose(why: str) -> None:
    # As the original does: it is a candidate again once something has restarted it.
    print(why, file=sys.stderr, flush=True)
    os._exit(_REFUSED)


def _end(fault: threading.ExceptHookArgs) -> None:
    if isinstance(fault.exc_value, RefusedError):
        print(fault.exc_value, file=sys.stderr, flush=True)
        os._exit(_REFUSED)
    # Places only: the message of an exception may repeat an object.
    places = "".join(traceback.format_tb(fault.exc_traceback))
    print(
        f"a fault of the fake Metacontroller itself: {fault.exc_type.__name__}\n{places}", file=sys.stderr, flush=True
    )
    os._exit(_FAULT)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    logging.shutdown()
    # Without waiting for watches and hook calls that are under way.
    os._exit(code)
