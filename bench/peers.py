"""One sync of a cluster at rest, by the hooks, by a plain hook, and by a server that decides nothing."""

from collections.abc import Iterator
from statistics import median, quantiles
from typing import Final

from bench.clusters import build_call
from bench.processes import read_memory
from bench.servers import OURS, SERVERS, start_servers
from tests.speed.calls import time_calls

# Nodes of the virtual cluster, and how often each server is called about it in one round.
CALLS: Final = {1: 400, 10: 400, 100: 100}
# Alternately, as the speed of a machine varies.
ROUNDS: Final = 5
# Of these, the figures have no number in their names.
USUAL: Final = 10
# After so many calls, a process has all that it needs; and so many more show whether it keeps on growing.
WARM_UP, SOAK = 1000, 10_000


def measure() -> dict[str, float]:
    """The figures of all servers, and the memory of the hooks over many calls."""
    figures: dict[str, float] = {}
    for nodes in CALLS:
        figures |= dict(compare(nodes))
    return figures | soak()


def compare(nodes: int) -> Iterator[tuple[str, float]]:
    """Milliseconds, as p50 and p99 of all rounds, for each server."""
    body, answer = build_call(nodes)
    taken: dict[str, list[float]] = {name: [] for name in SERVERS}
    with start_servers(answer) as servers:
        for server in servers.values():
            time_calls(server.url, body, CALLS[nodes] // 4)
        for _ in range(ROUNDS):
            for name, server in servers.items():
                taken[name] += time_calls(server.url, body, CALLS[nodes])
    count = "" if nodes == USUAL else f"{nodes}_"
    yield f"call_{count}kib", len(body) / 1024
    yield f"answer_{count}kib", len(answer.model_dump_json(by_alias=True)) / 1024
    for name, milliseconds in taken.items():
        yield f"{name}_{count}p50_ms", median(milliseconds)
        yield f"{name}_{count}p99_ms", compute_p99(milliseconds)


def compute_p99(values: list[float]) -> float:
    """The value that one of a hundred is above."""
    return quantiles(values, n=100)[-1]


def soak() -> dict[str, float]:
    """The memory of the hooks after many calls, and after ten times as many."""
    body, answer = build_call(USUAL)
    with start_servers(answer) as servers:
        server = servers[OURS]
        time_calls(server.url, body, WARM_UP)
        start = read_memory([server.pid])
        time_calls(server.url, body, SOAK)
        return {"soak_calls": SOAK, "soak_rss_start_mb": start, "soak_rss_end_mb": read_memory([server.pid])}
