"""What the fake Metacontroller needs of an API server and of caches, so that tests can pass their own."""

import threading
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from testbed.metacontroller.objects import Manifest
from testbed.metacontroller.resources import Resource


class WatchEvent(NamedTuple):
    """One line of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."""

    type: str
    object: Manifest


class Objects(Protocol):
    """What an API server does with single objects. Every method raises SyncError for everything that is no success."""

    def get(self, resource: Resource, namespace: str, name: str) -> Manifest:
        """The object as it is now."""

    def create(self, resource: Resource, obj: Manifest) -> Manifest:
        """Create an object in the namespace that it names."""

    def replace(self, resource: Resource, obj: Manifest, subresource: str = "") -> Manifest:
        """PUT an object, or a subresource of it."""

    def delete(self, resource: Resource, obj: Manifest) -> None:
        """Delete this very object, its dependents in the background."""


class Server(Objects, Protocol):
    """An API server, as the process needs it."""

    def patch(self, resource: Resource, obj: Manifest, changes: Manifest) -> Manifest:
        """Change these fields of an object of a built-in kind, whatever its version is."""

    def list_all(self, resource: Resource) -> tuple[list[Manifest], str]:
        """All objects of a kind in the cluster, and the resourceVersion from which to watch."""

    def watch(self, resource: Resource, resource_version: str) -> Iterator[WatchEvent]:
        """Events after a resourceVersion, until the API server ends the watch."""


class Cache(Protocol):
    """All objects of one kind as they were known some time ago. They are shared and must not be changed."""

    @property
    def resource(self) -> Resource:
        """The kind."""

    def get(self, object_key: str) -> Manifest | None:
        """The object of this key, if the cache shows one."""

    def in_namespace(self, namespace: str) -> list[Manifest]:
        """All objects of a namespace; of all namespaces where it is empty."""

    def candidates(self, namespace: str, owner_uid: str) -> list[Manifest]:
        """What this owner controls, and then what nobody controls."""


class Handler(Protocol):
    """Who wants to know of changes. Called after the cache shows them, one change at a time."""

    def on_add(self, obj: Manifest) -> None:
        """A new object."""

    def on_update(self, old: Manifest, new: Manifest) -> None:
        """A change; a resync passes the same object twice."""

    def on_delete(self, obj: Manifest) -> None:
        """An object that is gone, as it was last known."""


class WatchedCache(Cache, Protocol):
    """A cache that fills by itself: it may have nothing yet."""

    @property
    def synced(self) -> threading.Event:
        """Set once the cache has shown all that there was."""

    def add_handler(self, handler: Handler) -> None:
        """Tell a handler of everything that is there, as of a resync, then of each change."""
