"""A user of the virtual cluster who writes ten times a second all the time: images/binaries/api-writer, in a pod."""

import threading
import time
from collections.abc import Callable, Iterable

from tests.nested.api_writer import ApiWriter, Request
from tests.soak.ledger import compute_longest_gap

# Between two writes, as the program has it.
INTERVAL = 0.1
POLL_SECONDS = 1.0


class ReportedWrites:
    """The writes of a program elsewhere, as it reports them when they have ended; a Record."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._clock = clock
        self._lock = threading.Lock()
        # Before the program starts, so nothing happens earlier than it seems to.
        self._opened = clock()
        self._closed: float | None = None
        self._begun = 0
        self._acknowledged: dict[int, tuple[float, float]] = {}

    def note(self, requests: Iterable[Request]) -> None:
        """These have ended."""
        with self._lock:
            for each in requests:
                self._begun = max(self._begun, each.number + 1)
                if not each.error:
                    self._acknowledged[each.number] = self._opened + each.begun, self._opened + each.ended

    def close(self) -> None:
        """The program has ended, and all of its writes have been reported."""
        self._closed = self._clock()

    @property
    def begun(self) -> int:
        """How many writes were tried; as long as the program runs, how many at most."""
        if self._closed is not None:
            return self._begun
        return int((self._clock() - self._opened) / INTERVAL) + 1

    @property
    def acknowledged(self) -> frozenset[int]:
        """Numbers that must be there."""
        with self._lock:
            return frozenset(self._acknowledged)

    def find_answer(self, since: float) -> float | None:
        """When the first acknowledged write that was begun since then was acknowledged, if there is one."""
        with self._lock:
            later = [times for times in self._acknowledged.values() if times[0] >= since]
        return min(later)[1] if later else None

    def compute_longest_gap(self) -> float:
        """The longest time without an acknowledged write, in seconds."""
        end = self._clock() if self._closed is None else self._closed
        with self._lock:
            return compute_longest_gap([self._opened, *(ended for _, ended in self._acknowledged.values()), end])


class ApiUser:
    """A workload. `find_numbers`: what is there; None while there is no answer."""

    def __init__(self, name: str, writer: ApiWriter, find_numbers: Callable[[], list[int] | None]) -> None:
        self._name, self._writer, self.read = name, writer, find_numbers
        self._ledger: ReportedWrites | None = None
        self._lines = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=name, daemon=True)

    @property
    def ledger(self) -> ReportedWrites:
        """What has been written since the start."""
        assert self._ledger, "it has not been started"
        return self._ledger

    def start(self) -> None:
        """Returns when a write has been acknowledged."""
        self._ledger = ReportedWrites(self._name)
        self._writer.start()
        self._thread.start()

    def stop(self) -> None:
        """Returns when nothing more is written."""
        self._is_over.set()
        self._thread.join()
        self.ledger.note(self._writer.stop().requests)
        self.ledger.close()

    def _follow(self) -> None:
        while not self._is_over.wait(POLL_SECONDS):
            log = self._writer.read(self._lines)
            self._lines += len(log.requests)
            self.ledger.note(log.requests)
