"""The simulation's API server as the process needs it: with watches, requests that are counted, and failures."""

import threading
from collections.abc import Callable, Iterator
from typing import Final

from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.objects import Manifest, key, text, with_metadata
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.server import WatchEvent
from tests.simulation.api_server import CREATED_AT, ApiServer

PARENTS: Final = Resource("example.com/v1", "things", "Thing", namespaced=True, has_status=True)
PODS: Final = Resource("v1", "pods", "Pod", namespaced=True, has_status=True)
SECRETS: Final = Resource("v1", "secrets", "Secret", namespaced=True)
NAMESPACES: Final = Resource("v1", "namespaces", "Namespace", namespaced=False, has_status=True)
POOLS: Final = Resource("example.com/v1", "pools", "Pool", namespaced=False, has_status=True)
SLOTS: Final = Resource("example.com/v1", "slots", "Slot", namespaced=False)
SERVED: Final = (PARENTS, PODS, SECRETS, NAMESPACES, POOLS, SLOTS)

DELETED_AT: Final = CREATED_AT


def served(api_version: str) -> list[Manifest]:
    """What discovery says of a version."""
    kinds = [kind for kind in SERVED if kind.api_version == api_version]
    names = [(kind, kind.plural) for kind in kinds] + [(k, f"{k.plural}/status") for k in kinds if k.has_status]
    return [{"name": name, "kind": kind.kind, "namespaced": kind.namespaced} for kind, name in names]


class MemoryServer(ApiServer):
    """The simulation's API server with watches. `requests` has all writes and reads of single objects."""

    def __init__(self, rewrite: Callable[[Manifest], Manifest] = lambda obj: obj) -> None:
        super().__init__()
        self.requests: list[str] = []
        self.failures: dict[str, SyncError] = {}
        self.before: dict[str, Callable[[], object]] = {}
        self._rewrite = rewrite
        self._events: list[tuple[int, str, WatchEvent]] = []
        self._changed = threading.Condition(threading.RLock())

    def get(self, resource: Resource, namespace: str, name: str) -> Manifest:
        with self._request("GET", resource, self.join(namespace, name)):
            return super().get(resource, namespace, name)

    def create(self, resource: Resource, obj: Manifest) -> Manifest:
        obj = obj if resource.namespaced else with_metadata(obj, namespace=None)
        with self._request("POST", resource, key(obj)):
            if resource.namespaced and not text(obj, "namespace"):
                raise SyncError("the server does not allow this method on the requested resource")
            return super().create(resource, obj)

    def replace(self, resource: Resource, obj: Manifest, subresource: str = "") -> Manifest:
        with self._request(f"PUT {subresource}".strip(), resource, key(obj)):
            return super().replace(resource, obj, subresource)

    def patch(self, resource: Resource, obj: Manifest, changes: Manifest) -> Manifest:
        with self._request("PATCH", resource, key(obj)):
            return self.store(resource.group_key, {**self.look_up(resource.group_key, key(obj)), **changes})

    def delete(self, resource: Resource, obj: Manifest) -> None:
        with self._request("DELETE", resource, key(obj)):
            super().delete(resource, obj)

    def list_all(self, resource: Resource) -> tuple[list[Manifest], str]:
        with self._request("LIST", resource, ""):
            return list(self.kinds[resource.group_key].now.values()), str(self.version)

    def watch(self, resource: Resource, resource_version: str) -> Iterator[WatchEvent]:
        seen = int(resource_version)
        while True:
            with self._changed:
                self._raise("WATCH", resource, "")
                news = [event for event in self._events if event[0] > seen and event[1] == resource.group_key]
                if not news:
                    self._changed.wait(1)
            for version, _, event in news:
                seen = version
                yield event

    def seed(self, resource: Resource, obj: Manifest) -> Manifest:
        """Store an object as it is, as if somebody had created it."""
        with self._changed:
            made = with_metadata(obj, uid=text(obj, "uid") or f"uid-{self.version + 1}")
            return self.store(resource.group_key, made)

    def edit(self, resource: Resource, object_key: str, change: Callable[[Manifest], Manifest]) -> Manifest:
        """Change an object as somebody else would."""
        with self._changed:
            return self.store(resource.group_key, change(self.look_up(resource.group_key, object_key)))

    def peek(self, resource: Resource, object_key: str) -> Manifest | None:
        """An object as it is stored, without a request."""
        return self.kinds[resource.group_key].now.get(object_key)

    def keys(self, resource: Resource) -> list[str]:
        """The keys of all objects of a kind."""
        return sorted(self.kinds[resource.group_key].now)

    def fail(self, request: str, error: SyncError | None) -> None:
        """Answer such requests with an error from now on, with None properly again."""
        with self._changed:
            self.failures = {**self.failures, request: error} if error else {}
            self._changed.notify_all()

    def store(self, kind: str, obj: Manifest) -> Manifest:
        before = self.kinds[kind].now.get(key(obj))
        with self._changed:
            stored = super().store(kind, self._rewrite(obj))
            if stored is not before:
                is_gone = key(obj) not in self.kinds[kind].now
                event = "DELETED" if is_gone else "MODIFIED" if before else "ADDED"
                self._events.append((self.version, kind, WatchEvent(event, stored)))
                self._changed.notify_all()
        return stored

    def join(self, namespace: str, name: str) -> str:
        return f"{namespace}/{name}" if namespace else name

    def _request(self, verb: str, resource: Resource, object_key: str) -> threading.Condition:
        request = f"{verb} {resource.plural} {object_key}".strip()
        self.before.pop(request, lambda: None)()
        with self._changed:
            self.requests.append(request)
            self._raise(verb, resource, object_key)
        return self._changed

    def _raise(self, verb: str, resource: Resource, object_key: str) -> None:
        for pattern in (f"{verb} {resource.plural} {object_key}".strip(), f"{verb} {resource.plural}"):
            if pattern in self.failures:
                raise self.failures[pattern]
