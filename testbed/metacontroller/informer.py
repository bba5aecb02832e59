"""A cache of all objects of one kind, kept by list and watch, which may be made to show everything late."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Final

from testbed.metacontroller.errors import FORBIDDEN, RefusedError, SyncError
from testbed.metacontroller.objects import Manifest, controller_of, key, text
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.server import Handler, Server, WatchEvent

_FIRST_RETRY_SECONDS: Final = 0.8
_LONGEST_RETRY_SECONDS: Final = 30.0
_TOO_OLD: Final = {"Expired", "Gone"}
# An API server that has just started refuses what it will allow as soon as it has read all roles.
MOST_REFUSALS: Final = 5

log = logging.getLogger(__name__)


class Informer:
    """The cache of one kind. Objects in it are shared and must not be changed.

    A handler that takes its time keeps the other handlers waiting, but not the cache. Without the right to list or to
    watch, the process ends: the original would go on, with a cache that is empty or late.
    """

    def __init__(self, server: Server, resource: Resource, delay: float, pause: float = _FIRST_RETRY_SECONDS) -> None:
        self.resource = resource
        self.synced = threading.Event()
        self._server, self._delay, self._pause = server, delay, pause
        self._objects: dict[str, Manifest] = {}
        self._handlers: list[Handler] = []
        self._lock, self._telling = threading.Lock(), threading.Lock()
        self._news: queue.SimpleQueue[Callable[[Handler], None]] = queue.SimpleQueue()
        self._late: queue.SimpleQueue[tuple[float, Callable[[], None]]] = queue.SimpleQueue()
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to list and watch, in threads that end with the process."""
        for target in (self.follow, self._show_late, self._tell):
            threading.Thread(target=target, name=f"informer-{self.resource.plural}", daemon=True).start()

    def follow(self) -> None:
        """Lists and watches until it is stopped. Raises RefusedError where it may not."""
        pause, refusals = self._pause, 0
        while not self._stop.is_set():
            try:
                objects, version = self._server.list_all(self.resource)
                pause = self._pause
                self._show(lambda listed=objects: self._replace(listed))  # type: ignore[misc]
                while not self._stop.is_set():
                    version = self._watch(version)
                    refusals = 0
            except SyncError as error:
                if self._stop.is_set():
                    return
                log.info("%s: listing again: %s", self.resource.plural, error.logged)
                refusals = refusals + 1 if error.reason == FORBIDDEN else 0
                if refusals == MOST_REFUSALS:
                    raise RefusedError(f"{self.resource.plural}: {error.logged}: it needs that right") from error
                self._stop.wait(0 if error.reason in _TOO_OLD else pause)
                pause = min(2 * pause, _LONGEST_RETRY_SECONDS)

    def stop(self) -> None:
        """No further requests."""
        self._stop.set()

    def add_handler(self, handler: Handler) -> None:
        """Tell a handler of everything that is there, as of a resync, then of each change."""
        with self._telling:
            self._handlers.append(handler)
            self.resync(handler)

    def resync(self, handler: Handler) -> None:
        """Tell a handler of everything once more, from the cache."""
        for obj in self.in_namespace(""):
            handler.on_update(obj, obj)

    def get(self, object_key: str) -> Manifest | None:
        """The object of this key, if the cache shows one."""
        with self._lock:
            return self._objects.get(object_key)

    def in_namespace(self, namespace: str) -> list[Manifest]:
        """All objects of a namespace; of all namespaces where it is empty."""
        with self._lock:
            return [obj for obj in self._objects.values() if not namespace or text(obj, "namespace") == namespace]

    def candidates(self, namespace: str, owner_uid: str) -> list[Manifest]:
        """What this owner controls, and then what nobody controls."""
        objects = self.in_namespace(namespace)
        owned = [obj for obj in objects if (controller_of(obj) or {}).get("uid") == owner_uid]
        return [*owned, *(obj for obj in objects if controller_of(obj) is None)]

    def _watch(self, version: str) -> str:
        for event in self._server.watch(self.resource, version):
            if event.type == "ERROR":
                raise SyncError(str(event.object.get("message")), reason=str(event.object.get("reason")))
            version = text(event.object, "resourceVersion")
            if event.type != "BOOKMARK":
                self._show(lambda seen=event: self._apply(seen))  # type: ignore[misc]
        return version

    def _show(self, change: Callable[[], None]) -> None:
        # The first list is never late: until then no sync runs at all.
        if self._delay and self.synced.is_set():
            self._late.put((time.monotonic() + self._delay, change))
        else:
            change()

    def _show_late(self) -> None:
        while self._delay and not self._stop.is_set():
            due, change = self._late.get()
            self._stop.wait(max(0.0, due - time.monotonic()))
            change()

    def _replace(self, objects: list[Manifest]) -> None:
        listed = {key(obj): obj for obj in objects}
        with self._lock:
            gone = [name for name in self._objects if name not in listed]
        for name in gone:
            self._apply(WatchEvent("DELETED", self._objects[name]))
        for obj in listed.values():
            self._apply(WatchEvent("ADDED", obj))
        self.synced.set()

    def _apply(self, event: WatchEvent) -> None:
        name, obj = key(event.object), event.object
        with self._lock:
            old = self._objects.get(name)
            if event.type == "DELETED":
                self._objects.pop(name, None)
            else:
                self._objects[name] = obj
        if event.type == "DELETED":
            self._news.put(lambda handler: handler.on_delete(obj))
        elif old is None:
            self._news.put(lambda handler: handler.on_add(obj))
        else:
            self._news.put(lambda handler: handler.on_update(old, obj))

    def _tell(self) -> None:
        while not self._stop.is_set():
            tell = self._news.get()
            with self._telling:
                for handler in self._handlers:
                    tell(handler)


class Informers:
    """The informers of one process: one of each kind, started when it is first asked for, shared by all controllers."""

    def __init__(self, server: Server, delay: float) -> None:
        self._server, self._delay = server, delay
        self._running: dict[Resource, Informer] = {}
        self._lock = threading.Lock()

    def start(self, resource: Resource) -> Informer:
        """The informer of a kind, running but perhaps not synced yet."""
        with self._lock:
            if resource not in self._running:
                self._running[resource] = Informer(self._server, resource, self._delay)
                self._running[resource].start()
            return self._running[resource]

    def stop(self) -> None:
        """No further requests."""
        with self._lock:
            for informer in self._running.values():
                informer.stop()
