"""Many virtual clusters at once: applied, and waited for until all of their children exist."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bench.api_server import ApiServer
from bench.clusters import FIRST_PORT, LAST_PORT, build_vk8s, count_children
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CONFIG_MAP
from testbed.waiting import wait_for

NODES: Final = 3
NAMESPACES: Final = 10
# So long per virtual cluster, and at least.
SECONDS_EACH, SECONDS_LEAST = 3, 120
_POLL_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Made:
    """Seconds from the first request until all Vk8s were accepted, until half of their children existed, and all."""

    accepted: float
    half: float
    all: float


def build_crowd(count: int) -> list[Manifest]:
    """So many Vk8s, in several namespaces, each with a port of its own."""
    return [
        build_vk8s(f"bench-{number % NAMESPACES}", f"crowd-{number}", NODES, FIRST_PORT + number)
        for number in range(count)
    ]


def build_first() -> list[Manifest]:
    """One Vk8s that comes before all others: with it, a controller begins to watch whatever it has to."""
    return [build_vk8s("bench-first", "first", NODES, LAST_PORT)]


def make_crowd(api: ApiServer, crowd: Sequence[Manifest], explain: Callable[[], str]) -> Made:
    """Applies the Vk8s, and returns when all of their children exist; TimeoutError where they never do."""
    namespaces = sorted({each["metadata"]["namespace"] for each in crowd})
    there = api.count()[CONFIG_MAP]
    api.create_namespaces(namespaces)
    # Into each, a controller puts a ConfigMap with the API server's authority.
    wait_for("the namespaces", lambda: api.count()[CONFIG_MAP] >= there + len(namespaces), SECONDS_LEAST)
    before, children = api.count(), count_children(NODES)

    start = time.monotonic()
    api.create_all(crowd)
    accepted = time.monotonic() - start
    missing, half = 1.0, 0.0
    while missing > 0:
        if time.monotonic() - start > max(SECONDS_LEAST, SECONDS_EACH * len(crowd)):
            raise TimeoutError(
                f"{missing:.1%} of the children of {len(crowd)} virtual clusters are missing. {explain()}"
            )
        time.sleep(_POLL_SECONDS)
        now = api.count()
        lacking = sum(max(0, before[kind] + len(crowd) * each - now[kind]) for kind, each in children.items())
        missing = lacking / (len(crowd) * sum(children.values()))
        half = half or (time.monotonic() - start if missing <= 1 / 2 else 0.0)
    return Made(accepted, half, time.monotonic() - start)
