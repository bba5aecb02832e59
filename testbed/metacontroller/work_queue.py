"""The queue of parents: each at most once in it, each worked on by one worker at a time, some due only later."""

import heapq
import threading
import time
from collections import deque

from testbed.metacontroller.rate_limits import BackOff, Clock


class WorkQueue:
    """Keys to work on. What is added while it is being worked on comes back when that work is done."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._back_off = BackOff(clock)
        self._ready: deque[str] = deque()
        self._dirty: set[str] = set()
        self._processing: set[str] = set()
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._changed = threading.Condition()
        self._closed = False

    def add(self, key: str) -> None:
        """Work on the key as soon as possible, whatever back-off it has."""
        with self._changed:
            self._add(key)

    def add_after(self, key: str, delay: float) -> None:
        """Work on the key after so many seconds. Of several pending times of a key the earliest counts."""
        with self._changed:
            if delay <= 0:
                self._add(key)
                return
            due = self._clock() + delay
            if due < self._due.get(key, float("inf")):
                self._due[key] = due
                heapq.heappush(self._heap, (due, key))
                self._changed.notify_all()

    def add_rate_limited(self, key: str) -> None:
        """Work on the key after its back-off."""
        with self._changed:
            delay = self._back_off.next_delay(key)
        self.add_after(key, delay)

    def forget(self, key: str) -> None:
        """End the back-off of a key."""
        with self._changed:
            self._back_off.forget(key)

    def done(self, key: str) -> None:
        """The work on a key has ended."""
        with self._changed:
            self._processing.discard(key)
            if key in self._dirty:
                self._ready.append(key)
                self._changed.notify_all()

    def poll(self) -> str | None:
        """A key that is to be worked on now."""
        with self._changed:
            return self._poll()

    def get(self) -> str | None:
        """The next key, waiting for it; None once the queue is closed."""
        with self._changed:
            while not self._closed:
                key = self._poll()
                if key is not None:
                    return key
                self._changed.wait(max(0.0, self._heap[0][0] - self._clock()) if self._heap else None)
            return None

    def close(self) -> None:
        """Send all workers home."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _add(self, key: str) -> None:
        if key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._processing:
            self._ready.append(key)
            self._changed.notify_all()

    def _poll(self) -> str | None:
        now = self._clock()
        while self._heap and self._heap[0][0] <= now:
            due, key = heapq.heappop(self._heap)
            if self._due.get(key) == due:
                del self._due[key]
                self._add(key)
        if not self._ready:
            return None
        key = self._ready.popleft()
        self._dirty.discard(key)
        self._processing.add(key)
        return key
