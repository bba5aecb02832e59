"""How often things may happen: the token bucket of the API client, and the back-off of failed syncs."""

import threading
import time
from collections.abc import Callable
from typing import Final

Clock = Callable[[], float]

_FIRST_BACK_OFF: Final = 0.005
_LONGEST_BACK_OFF: Final = 1000.0
_RETRIES_PER_SECOND: Final = 10.0
_RETRY_BURST: Final = 100


class TokenBucket:
    """So many per second, so many at once. Tokens may be reserved ahead of their time."""

    def __init__(self, rate: float, burst: int, clock: Clock = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens, self._last = float(burst), clock()
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Take one token; the seconds until it is there."""
        with self._lock:
            self._refill()
            self._tokens -= 1
            return max(0.0, -self._tokens / self._rate)

    def take(self) -> bool:
        """Take one token if there is one."""
        with self._lock:
            self._refill()
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._last) * self._rate)
        self._last = now


class BackOff:
    """5 ms, doubled with each failure of one key up to 1000 s, and ten retries per second for all keys together."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._failures: dict[str, int] = {}
        self._all = TokenBucket(_RETRIES_PER_SECOND, _RETRY_BURST, clock)

    def next_delay(self, key: str) -> float:
        """The seconds to wait after one more failure of this key."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        own = min(_FIRST_BACK_OFF * 2.0 ** min(failures, 64), _LONGEST_BACK_OFF)
        return max(own, self._all.reserve())

    def forget(self, key: str) -> None:
        """The key succeeded: its next failure is its first."""
        self._failures.pop(key, None)
