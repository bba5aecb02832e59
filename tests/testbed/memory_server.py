"""An API server in memory: versions, uids, generations, finalizers, conflicts, the status subresource and watches."""

import threading
from collections.abc import Callable, Iterator
from itertools import count
from typing import Final

from testbed.metacontroller.errors import ALREADY_EXISTS, CONFLICT, NOT_FOUND, SyncError
from testbed.metacontroller.objects import Manifest, finalizers, is_terminating, key, metadata, text, with_metadata
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.server import WatchEvent

PARENTS: Final = Resource("example.com/v1", "things", "Thing", namespaced=True, has_status=True)
PODS: Final = Resource("v1", "pods", "Pod", namespaced=True, has_status=True)
SECRETS: Final = Resource("v1", "secrets", "Secret", namespaced=True)
NAMESPACES: Final = Resource("v1", "namespaces", "Namespace", namespaced=False, has_status=True)
POOLS: Final = Resource("example.com/v1", "pools", "Pool", namespaced=False, has_status=True)
SLOTS: Final = Resource("example.com/v1", "slots", "Slot", namespaced=False)
SERVED: Final = (PARENTS, PODS, SECRETS, NAMESPACES, POOLS, SLOTS)

DELETED_AT: Final = "2026-01-01T00:00:00Z"
_KEPT: Final = ("uid", "creationTimestamp", "generation", "deletionTimestamp")


def unchanged(obj: Manifest) -> Manifest:
    return obj


def served(api_version: str) -> list[Manifest]:
    """What discovery says of a version."""
    kinds = [kind for kind in SERVED if kind.api_version == api_version]
    names = [(kind, kind.plural) for kind in kinds] + [(k, f"{k.plural}/status") for k in kinds if k.has_status]
    return [{"name": name, "kind": kind.kind, "namespaced": kind.namespaced} for kind, name in names]


class MemoryServer:
    """Behaves towards the fake Metacontroller as the real one does. `requests`: all writes and reads of one object."""

    def __init__(self, rewrite: Callable[[Manifest], Manifest] = unchanged) -> None:
        self.requests: list[str] = []
        self.failures: dict[str, SyncError] = {}
        self.before: dict[str, Callable[[], object]] = {}
        self._rewrite = rewrite
        self._objects: dict[tuple[str, str], Manifest] = {}
        self._events: list[tuple[int, str, WatchEvent]] = []
        self._versions, self._uids = count(1), count(1)
        self._changed = threading.Condition(threading.RLock())

    def get(self, resource: Resource, namespace: str, name: str) -> Manifest:
        object_key = f"{namespace}/{name}" if resource.namespaced else name
        with self._request("GET", resource, object_key):
            return self._get(resource, object_key)

    def create(self, resource: Resource, obj: Manifest) -> Manifest:
        obj = obj if resource.namespaced else with_metadata(obj, namespace=None)
        with self._request("POST", resource, key(obj)):
            if resource.namespaced and not text(obj, "namespace"):
                raise SyncError("the server does not allow this method on the requested resource")
            if (resource.plural, key(obj)) in self._objects:
                raise SyncError(f"{key(obj)} already exists", reason=ALREADY_EXISTS)
            return self._store("ADDED", resource, with_metadata(_without_status(obj), uid=f"uid-{next(self._uids)}"))

    def replace(self, resource: Resource, obj: Manifest, subresource: str = "") -> Manifest:
        with self._request(f"PUT {subresource}".strip(), resource, key(obj)):
            old = self._get(resource, key(obj))
            if text(obj, "resourceVersion") not in {"", text(old, "resourceVersion")}:
                raise SyncError(f"{key(obj)} has been modified", reason=CONFLICT)
            new = {**old, "status": obj.get("status")} if subresource else {**_without_status(obj), **_status(old)}
            kept = {field: metadata(old)[field] for field in _KEPT if field in metadata(old)}
            return self._store("MODIFIED", resource, with_metadata(new, **kept))

    def patch(self, resource: Resource, obj: Manifest, changes: Manifest) -> Manifest:
        with self._request("PATCH", resource, key(obj)):
            return self._store("MODIFIED", resource, {**self._get(resource, key(obj)), **changes})

    def delete(self, resource: Resource, obj: Manifest) -> None:
        with self._request("DELETE", resource, key(obj)):
            old = self._get(resource, key(obj))
            if text(obj, "uid") != text(old, "uid"):
                raise SyncError(f"{key(obj)} has another uid", reason=CONFLICT)
            self._store("MODIFIED", resource, with_metadata(old, deletionTimestamp=DELETED_AT))

    def list_all(self, resource: Resource) -> tuple[list[Manifest], str]:
        with self._request("LIST", resource, ""):
            found = [obj for (plural, _), obj in self._objects.items() if plural == resource.plural]
            return found, str(self._events[-1][0] if self._events else 0)

    def watch(self, resource: Resource, resource_version: str) -> Iterator[WatchEvent]:
        seen = int(resource_version)
        while True:
            with self._changed:
                self._raise("WATCH", resource, "")
                news = [event for event in self._events if event[0] > seen and event[1] == resource.plural]
                if not news:
                    self._changed.wait(1)
            for version, _, event in news:
                seen = version
                yield event

    def seed(self, resource: Resource, obj: Manifest) -> Manifest:
        """Store an object as it is, as if somebody had created it."""
        with self._changed:
            return self._store("ADDED", resource, with_metadata(obj, uid=text(obj, "uid") or f"uid-{next(self._uids)}"))

    def edit(self, resource: Resource, object_key: str, change: Callable[[Manifest], Manifest]) -> Manifest:
        """Change an object as somebody else would."""
        with self._changed:
            return self._store("MODIFIED", resource, change(self._get(resource, object_key)))

    def peek(self, resource: Resource, object_key: str) -> Manifest | None:
        """An object as it is stored, without a request."""
        with self._changed:
            return self._objects.get((resource.plural, object_key))

    def keys(self, resource: Resource) -> list[str]:
        """The keys of all objects of a kind."""
        return sorted(name for plural, name in self._objects if plural == resource.plural)

    def fail(self, request: str, error: SyncError | None) -> None:
        """Answer such requests with an error from now on, with None properly again."""
        with self._changed:
            self.failures = {**self.failures, request: error} if error else {}
            self._changed.notify_all()

    def _request(self, verb: str, resource: Resource, object_key: str) -> threading.Condition:
        request = f"{verb} {resource.plural} {object_key}".strip()
        self.before.pop(request, unchanged_world)()
        with self._changed:
            self.requests.append(request)
            self._raise(verb, resource, object_key)
        return self._changed

    def _raise(self, verb: str, resource: Resource, object_key: str) -> None:
        for pattern in (f"{verb} {resource.plural} {object_key}".strip(), f"{verb} {resource.plural}"):
            if pattern in self.failures:
                raise self.failures[pattern]

    def _get(self, resource: Resource, object_key: str) -> Manifest:
        if (resource.plural, object_key) not in self._objects:
            raise SyncError(f"{object_key} not found", reason=NOT_FOUND)
        return self._objects[resource.plural, object_key]

    def _store(self, event: str, resource: Resource, obj: Manifest) -> Manifest:
        place = resource.plural, key(obj)
        old, new = self._objects.get(place), _pruned(self._rewrite(obj))
        if old is not None and _without_version(new) == _without_version(old):
            return old
        generation = int(metadata(old or {}).get("generation", 0)) + (_content(old or {}) != _content(new))
        version = next(self._versions)
        stored = with_metadata(new, resourceVersion=str(version), generation=generation)
        is_gone = is_terminating(stored) and not finalizers(stored)
        with self._changed:
            self._objects = {
                name: value for name, value in {**self._objects, place: stored}.items() if name != place or not is_gone
            }
            self._events.append((version, resource.plural, WatchEvent("DELETED" if is_gone else event, stored)))
            self._changed.notify_all()
        return stored


def unchanged_world() -> None:
    pass


def _without_status(obj: Manifest) -> Manifest:
    return {field: value for field, value in obj.items() if field != "status"}


def _status(obj: Manifest) -> Manifest:
    return {"status": obj["status"]} if "status" in obj else {}


def _content(obj: Manifest) -> Manifest:
    # A deletion counts as a new generation too.
    content = {field: value for field, value in obj.items() if field not in {"metadata", "status"}}
    return {**content, "deletionTimestamp": metadata(obj).get("deletionTimestamp")} if obj else {}


def _without_version(obj: Manifest) -> Manifest:
    return with_metadata(obj, resourceVersion=None, generation=None)


def _pruned(obj: Manifest) -> Manifest:
    fields = {name: value for name, value in metadata(obj).items() if value not in (None, "", [], {})}
    return {**obj, "metadata": fields}
