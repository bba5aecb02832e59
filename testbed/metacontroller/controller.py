"""The controller of one CompositeController: caches, queue and workers, from the wait for its CRDs to the crash."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from testbed.metacontroller.answers import decode_customize, decode_sync
from testbed.metacontroller.composite import CompositeSpec
from testbed.metacontroller.controllers import Composite
from testbed.metacontroller.customize import Customize
from testbed.metacontroller.errors import CrashError, NotSyncedError, SyncError, TooManyRequestsError
from testbed.metacontroller.events import CREATE_ERROR, EventRecorder
from testbed.metacontroller.informer import Informer, Informers
from testbed.metacontroller.journal import Journal
from testbed.metacontroller.rate_limits import BackOff
from testbed.metacontroller.related import Related, Sources
from testbed.metacontroller.resources import Discovery, Resource
from testbed.metacontroller.server import Server
from testbed.metacontroller.sync import Syncer, World
from testbed.metacontroller.triggers import ChildTrigger, ParentTrigger
from testbed.metacontroller.webhook import Hooks
from testbed.metacontroller.work_queue import WorkQueue

# Connects to the hooks with what there is of Secrets and ConfigMaps at that moment. Raises SyncError.
Connect = Callable[[], Hooks]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What the controllers of one process share. `crash` ends the process; its argument says why."""

    server: Server
    informers: Informers
    discovery: Discovery
    events: EventRecorder
    crash: Callable[[str], None]


@dataclass(frozen=True)
class Pace:
    """How much is done at once, and how often everything. All times in seconds."""

    workers: int = 5
    cache_flush_interval: float = 1800

    def resync_interval(self, spec: CompositeSpec) -> float:
        """The time between two resyncs of all parents."""
        wanted = spec.resync_period_seconds
        return self.cache_flush_interval if wanted is None else min(max(wanted, 1), self.cache_flush_interval)


class _Ready(NamedTuple):
    parent: Resource
    children: list[Resource]
    namespaces: Resource
    hooks: Hooks


class Controller:
    """Runs in threads that end with the process, from `start` until `stop`."""

    def __init__(self, composite: Composite, surroundings: Surroundings, connect: Connect, pace: Pace) -> None:
        self._composite, self._surroundings, self._connect, self._pace = composite, surroundings, connect, pace
        self._queue, self._back_off = WorkQueue(), BackOff()
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to look for the CRDs and for what the hooks are called with, then to sync."""
        self._spawn(self._run)

    def stop(self) -> None:
        """No further syncs; those that run go on to their end, and the informers go on."""
        self._stop.set()
        self._queue.close()

    def _run(self) -> None:
        ready = self._wait_for_all()
        if ready is None or self._stop.is_set():
            return
        watch = self._surroundings.informers.start
        parents, children, namespaces = watch(ready.parent), [*map(watch, ready.children)], watch(ready.namespaces)
        ignores_status = self._composite.spec.parent_resource.ignore_status_changes
        trigger = ParentTrigger(self._queue.add, ignores_status=ignores_status)
        parents.add_handler(trigger)
        for child in children:
            child.add_handler(ChildTrigger(parents, self._queue.add))
        for informer in (parents, *children):
            informer.synced.wait()
        log.info("CompositeController %s: started", self._composite.name)
        sources = Sources(parents, namespaces, self._surroundings.discovery, watch)
        syncer = self._build_syncer(sources, children, ready.hooks)
        for _ in range(self._pace.workers):
            self._spawn(lambda: self._work(syncer, parents))
        while not self._stop.wait(self._pace.resync_interval(self._composite.spec)):
            parents.resync(trigger)

    def _build_syncer(self, sources: Sources, children: list[Informer], hooks: Hooks) -> Syncer:
        around = self._surroundings
        customize = Customize(self._composite, lambda question: decode_customize(hooks("customize", question)))
        related = Related(customize, sources, self._queue.add, around.crash)
        world = World(
            around.server, around.discovery, sources.parents, tuple(children), related.of, self._queue.add_after
        )
        return Syncer(self._composite, world, lambda name, question: decode_sync(hooks(name, question)))

    def _wait_for_all(self) -> _Ready | None:
        """All that it takes to start, tried again ever more rarely; None if it is never to be started."""
        said = ""
        while not self._stop.is_set():
            try:
                return self._get_ready()
            except SyncError as error:
                if error.logged != said:
                    log.info("CompositeController %s: waiting: %s", self._composite.name, error.logged)
                said = error.logged
                self._stop.wait(self._back_off.next_delay(self._composite.name))
        return None

    def _get_ready(self) -> _Ready | None:
        parent, *children, namespaces = self._list_kinds()
        if not parent.has_status:
            text = "CompositeController %s: not started: the CRD of %s does not have subresource status enabled"
            log.warning(text, self._composite.name, parent.kind)
            return None
        try:
            hooks = self._connect()
        except SyncError as error:
            message = f"Cannot create new controller: {error}"
            self._surroundings.events.warn(self._composite.document, message, CREATE_ERROR)
            raise
        return _Ready(parent, children, namespaces, hooks)

    def _list_kinds(self) -> list[Resource]:
        spec = self._composite.spec
        declared = [(spec.parent_resource.api_version, spec.parent_resource.resource)]
        declared += [(child.api_version, child.resource) for child in spec.child_resources]
        # Namespaces are watched whether a rule selects by their labels or not.
        declared += [("v1", "namespaces")]
        return [self._surroundings.discovery.by_plural(version, plural) for version, plural in declared]

    def _work(self, syncer: Syncer, parents: Informer) -> None:
        while (parent_key := self._queue.get()) is not None:
            journal = Journal()
            try:
                log.info("sync %s: %s", parent_key, self._sync(parent_key, syncer, journal))
            except CrashError as error:
                self._surroundings.crash(f"sync {parent_key}: {journal}; {error}: the original crashes here")
            except SyncError as error:
                log.warning("sync %s: %s; failed: %s", parent_key, journal, error.logged)
                parent = parents.get(parent_key)
                if parent is not None:
                    self._surroundings.events.warn(parent, f"Sync error: {error}")
            finally:
                self._queue.done(parent_key)

    def _sync(self, parent_key: str, syncer: Syncer, journal: Journal) -> str:
        try:
            syncer.sync(parent_key, journal)
        except TooManyRequestsError as error:
            self._queue.add_after(parent_key, error.after_seconds)
            return f"{journal}; {error}"
        except NotSyncedError as error:
            self._queue.add_rate_limited(parent_key)
            return f"{journal}; {error}"
        except SyncError:
            self._queue.add_rate_limited(parent_key)
            raise
        self._queue.forget(parent_key)
        return str(journal)

    def _spawn(self, target: Callable[[], None]) -> None:
        threading.Thread(target=target, name=self._composite.name, daemon=True).start()
