"""How long the sync of a pool takes that serves every Vk8s of a busy host cluster, over loopback, in one process."""

import json
import time
from collections.abc import Callable, Iterator
from statistics import median

import pytest

from hooks.ippool.request import PoolRequest
from tests.api.server import serve
from tests.figures import record
from tests.speed.calls import time_calls
from tests.speed.pool_load import build_load

CALLS, ROUNDS = 7, 3
P50_MS, FLOORS = 100, 3


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the hooks take calls."""
    with serve(tmp_path_factory.mktemp("hooks") / "log") as server:
        yield server.url


def measure(action: Callable[[], object]) -> float:
    """Milliseconds: the median of a round, of the best round."""
    rounds = []
    for _ in range(ROUNDS):
        taken = []
        for _ in range(CALLS):
            start = time.perf_counter()
            action()
            taken.append((time.perf_counter() - start) * 1000)
        rounds.append(median(taken))
    return min(rounds)


def measure_sync(url: str, body: str) -> float:
    """Milliseconds of one call, with the answer read, in the same way."""
    return min(median(time_calls(f"{url}/ippool/sync", body, CALLS)) for _ in range(ROUNDS))


def test_pool_of_200_vk8s_is_answered_within_100_ms(url: str) -> None:
    body = json.dumps(build_load(200))
    p50, floor = measure_sync(url, body), measure(lambda: PoolRequest.model_validate_json(body))
    record("ippool_sync_200_ms", p50)
    # Where reading alone takes a third of that, the machine is slow, and then it is the share of the hooks that counts.
    assert p50 < max(P50_MS, FLOORS * floor), f"parsing alone took {floor:.0f} ms; on a busy machine, run it alone"


def test_pool_of_1000_vk8s_is_measured_next_to_parsing(url: str) -> None:
    body = json.dumps(build_load(1000))
    record("ippool_sync_1000_ms", measure_sync(url, body))
    record("ippool_floor_1000_ms", measure(lambda: PoolRequest.model_validate_json(body)))
