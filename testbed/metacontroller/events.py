"""Events on parents and CompositeControllers, written by a thread of their own: a sync never fails because of one."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from testbed.metacontroller.errors import NOT_FOUND, SyncError
from testbed.metacontroller.objects import Manifest, api_version, describe, kind, text
from testbed.metacontroller.rate_limits import Clock, TokenBucket
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.server import Server

EVENTS: Final = Resource("v1", "events", "Event", namespaced=True)

SYNC_ERROR, CREATE_ERROR = "SyncError", "CreateError"

_COMPONENT: Final = "metacontroller"
_PER_SECOND: Final = 1 / 300
_BURST: Final = 25

Now = Callable[[], datetime]
log = logging.getLogger(__name__)


def build_event(parent: Manifest, message: str, now: datetime, reason: str = SYNC_ERROR) -> Manifest:
    """A warning, in namespace `default` for what has no namespace."""
    timestamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    namespace = text(parent, "namespace") or "default"
    involved = {
        "kind": kind(parent),
        "namespace": text(parent, "namespace"),
        "name": text(parent, "name"),
        "uid": text(parent, "uid"),
        "apiVersion": api_version(parent),
        "resourceVersion": text(parent, "resourceVersion"),
    }
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{text(parent, 'name')}.{int(now.timestamp() * 1e9):x}", "namespace": namespace},
        "involvedObject": {name: value for name, value in involved.items() if value},
        "reason": reason,
        "message": message,
        "source": {"component": _COMPONENT},
        "firstTimestamp": timestamp,
        "lastTimestamp": timestamp,
        "count": 1,
        "type": "Warning",
        "reportingComponent": _COMPONENT,
    }


class EventRecorder:
    """Records 25 events of each parent at once and one more each five minutes. A message that repeats is counted."""

    def __init__(self, server: Server, clock: Clock = time.monotonic, now: Now = lambda: datetime.now(UTC)) -> None:
        self._server, self._clock, self._now = server, clock, now
        self._limits: dict[str, TokenBucket] = {}
        self._known: dict[tuple[str, str], Manifest] = {}
        self._waiting: queue.SimpleQueue[tuple[Manifest, str, str]] = queue.SimpleQueue()

    def start(self) -> None:
        """Begin to write what is warned of, in a thread that ends with the process."""
        threading.Thread(target=self._work, name="events", daemon=True).start()

    def warn(self, parent: Manifest, message: str, reason: str = SYNC_ERROR) -> None:
        """Have an event written soon, perhaps."""
        self._waiting.put((parent, message, reason))

    def record(self, parent: Manifest, message: str, reason: str = SYNC_ERROR) -> None:
        """Write an event now, unless there were too many. Raises SyncError."""
        uid = text(parent, "uid")
        limit = self._limits.setdefault(uid, TokenBucket(_PER_SECOND, _BURST, self._clock))
        if not limit.take():
            return
        event = build_event(parent, message, self._now(), reason)
        self._known[uid, message] = self._write(event, self._known.get((uid, message)))

    def _write(self, event: Manifest, earlier: Manifest | None) -> Manifest:
        if earlier is None:
            return self._server.create(EVENTS, event)
        repeated = {"count": earlier["count"] + 1, "lastTimestamp": event["lastTimestamp"]}
        try:
            return self._server.patch(EVENTS, earlier, repeated)
        except SyncError as error:
            # Events are kept for an hour.
            if error.reason != NOT_FOUND:
                raise
            return self._server.create(EVENTS, event)

    def _work(self) -> None:
        while True:
            parent, message, reason = self._waiting.get()
            try:
                self.record(parent, message, reason)
            except SyncError as error:
                log.info("no event for %s: %s", describe(parent), error.logged)
