"""Related objects: those that a parent's customize hook asks for, out of caches that are started on demand."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from testbed.metacontroller.customize import Customize
from testbed.metacontroller.errors import CrashError, NotSyncedError, SyncError, TooManyRequestsError
from testbed.metacontroller.hook_request import Groups, group_by_key
from testbed.metacontroller.objects import Manifest, api_version, describe, key, kind, text
from testbed.metacontroller.resources import Discovery, Resource
from testbed.metacontroller.rules import RelatedRule, build_selection
from testbed.metacontroller.server import Cache, WatchedCache
from testbed.metacontroller.triggers import Enqueue

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sources:
    """Where parents and related objects are looked for. `watch` starts the cache of a kind if it does not run yet."""

    parents: Cache
    namespaces: WatchedCache
    discovery: Discovery
    watch: Callable[[Resource], WatchedCache]


class Related:
    """The related objects of the parents of one CompositeController, and the handler of their changes."""

    def __init__(self, customize: Customize, sources: Sources, enqueue: Enqueue, crash: Callable[[str], None]) -> None:
        self._customize, self._sources, self._enqueue, self._crash = customize, sources, enqueue, crash
        self._watched: set[Resource] = set()
        self._lock = threading.Lock()

    def of(self, parent: Manifest) -> Groups:
        """The related objects, one group for each kind that was asked for, whatever is in it.

        Raises SyncError, also for a kind that is not served, TooManyRequestsError, CrashError, and NotSyncedError: of
        several kinds that are new one after the other is started.
        """
        found: dict[Resource, list[Manifest]] = {}
        for rule in map(_existing, self._customize.rules(parent)):
            resource = self._sources.discovery.by_plural(rule.api_version, rule.resource)
            cache = self._synced_cache(resource)
            is_selected = build_selection(rule, resource, self._sources.namespaces)
            found.setdefault(resource, []).extend(filter(is_selected, cache.in_namespace("")))
        return {resource: group_by_key(objects) for resource, objects in found.items()}

    def on_add(self, obj: Manifest) -> None:
        """A new object: all parents come that want it, whether it is terminating or not."""
        self._notify(obj)

    def on_update(self, old: Manifest, new: Manifest) -> None:
        """A change: all parents come that want the object or wanted it as it was. Resyncs do not count."""
        if text(old, "resourceVersion") != text(new, "resourceVersion"):
            self._notify(old, new)

    def on_delete(self, obj: Manifest) -> None:
        """An object that is gone: all parents come that wanted it."""
        self._notify(obj)

    def _notify(self, *states: Manifest) -> None:
        parents = self._sources.parents.in_namespace("")
        try:
            interested = [parent for parent in parents if self._is_interested(parent, states)]
        except CrashError as error:
            self._crash(f"a change of {describe(states[0])}: {error}: the original crashes here")
            return
        for parent in interested:
            self._enqueue(key(parent))

    def _is_interested(self, parent: Manifest, states: tuple[Manifest, ...]) -> bool:
        try:
            rules = self._customize.rules(parent)
        except (SyncError, TooManyRequestsError) as error:
            # No Event and no retry: this parent learns of the change with its next sync.
            log.info("%s hears nothing of %s: %s", describe(parent), describe(states[0]), _logged(error))
            return False
        return any(self._is_selected(_existing(rule), obj) for rule in rules for obj in states)

    def _is_selected(self, rule: RelatedRule, obj: Manifest) -> bool:
        try:
            resource = self._sources.discovery.by_plural(rule.api_version, rule.resource)
            if (api_version(obj), kind(obj)) != (rule.api_version, resource.kind):
                return False
            return build_selection(rule, resource, self._sources.namespaces)(obj)
        except (SyncError, NotSyncedError) as error:
            log.info("a rule for %s in %s is passed over: %s", rule.resource, rule.api_version, _logged(error))
            return False

    def _synced_cache(self, resource: Resource) -> WatchedCache:
        with self._lock:
            is_new = resource not in self._watched
            self._watched.add(resource)
        cache = self._sources.watch(resource)
        if is_new:
            cache.add_handler(self)
        if not cache.synced.is_set():
            raise NotSyncedError(f"{resource.plural} are not synced yet")
        return cache


def _existing(rule: RelatedRule | None) -> RelatedRule:
    if rule is None:
        raise CrashError("a null in relatedResources")
    return rule


def _logged(error: Exception) -> str:
    return error.logged if isinstance(error, SyncError) else str(error)
