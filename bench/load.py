"""The whole controller under load: many Vk8s at once, then the steady state, on a real API server."""

import time
from collections.abc import Mapping
from statistics import median
from typing import Final

from bench.crowd import build_crowd, build_first, make_crowd
from bench.host import Host, start_host
from bench.peers import compute_p99
from testbed.controller import METACONTROLLER
from testbed.waiting import wait_for

# metacontroller/metacontroller.yaml allows so many requests a second; what comes near to no limit at all.
SHIPPED_QPS, UNLIMITED_QPS = 100, 100_000
QUIET_SECONDS: Final = 6
# Between two resyncs: long enough that one has ended before the next begins.
RESYNC_SECONDS, RESYNC_SECONDS_EACH = 40, 0.1


def measure(count: int, qps: int = SHIPPED_QPS) -> dict[str, float]:
    """The figures for so many Vk8s, from the first request until a resync has passed."""
    with start_host() as host:
        start_controller(host, qps)
        return measure_growth(host, count) | measure_rest(host, count, qps)


def start_controller(host: Host, qps: int) -> None:
    """Starts hooks and Metacontroller, and lets them see a first Vk8s."""
    host.start_controller(qps)
    make_crowd(host.api, build_first(), lambda: host.read_log(METACONTROLLER))
    wait_until_quiet(host)


def measure_growth(host: Host, count: int) -> dict[str, float]:
    """From the first request until nothing is left to do."""
    memory, requests, before = host.read_memory(), host.api.count_requests(), host.count_calls()
    made = make_crowd(host.api, build_crowd(count), lambda: host.read_log(METACONTROLLER))
    wait_until_quiet(host)
    calls, asked = host.read_calls()[before:], host.api.count_requests() - requests
    return {
        "s": made.all,
        "half_s": made.half,
        "accepted_s": made.accepted,
        "calls_each": len(calls) / count,
        "gets_each": asked.gets / count,
        # Without that of the owner.
        "writes_each": asked.writes / count - 1,
        "sync_p50_ms": median(calls),
        "sync_p99_ms": compute_p99(calls),
        "histogram_p99_ms": compute_quantile(host.read_buckets(), 0.99) * 1000,
        "rss_start_mb": memory,
        "rss_end_mb": host.read_memory(),
        "metacontroller_rss_mb": host.read_memory(METACONTROLLER),
    }


def measure_rest(host: Host, count: int, qps: int) -> dict[str, float]:
    """What a restart of Metacontroller takes, and then a resync, when nobody does anything."""
    period = round(RESYNC_SECONDS + RESYNC_SECONDS_EACH * count)
    everybody, start = host.count_calls() + count, time.monotonic()
    host.restart_metacontroller(qps, period)
    wait_for_calls(host, everybody, 4 * period)
    restart = time.monotonic() - start
    wait_until_quiet(host)
    before, requests = host.count_calls(), host.api.count_requests()
    wait_for_calls(host, before + 1, 2 * period)
    start = time.monotonic()
    wait_for_calls(host, before + count, 2 * period)
    resync = time.monotonic() - start
    wait_until_quiet(host)
    asked, calls = host.api.count_requests() - requests, host.read_calls()[before:]
    return {
        "restart_s": restart,
        "resync_s": resync,
        # One more is there than those of the crowd: the first.
        "resync_gets_each": asked.gets / (count + 1),
        "resync_calls_each": len(calls) / (count + 1),
        "resync_writes": asked.writes,
        "resync_sync_p50_ms": median(calls),
        "resync_sync_p99_ms": compute_p99(calls),
        "resync_rss_mb": host.read_memory(),
    }


def wait_for_calls(host: Host, count: int, seconds: float) -> None:
    """Returns when the hooks have answered so many calls."""
    wait_for(f"{count} calls", lambda: host.count_calls() >= count, seconds, lambda: f"{host.count_calls()} so far.")


def wait_until_quiet(host: Host) -> None:
    """Returns when nobody has asked the hooks anything for a while."""
    count, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        time.sleep(1)
        if host.count_calls() != count:
            count, since = host.count_calls(), time.monotonic()


def compute_quantile(buckets: Mapping[float, float], share: float) -> float:
    """The quantile of a histogram, as Prometheus finds it: as if calls were spread evenly within a bucket."""
    wanted, lower, below = share * max(buckets.values()), 0.0, 0.0
    for upper, count in sorted(buckets.items()):
        if count >= wanted:
            return lower if upper == float("inf") else lower + (upper - lower) * (wanted - below) / (count - below)
        lower, below = upper, count
    raise AssertionError
