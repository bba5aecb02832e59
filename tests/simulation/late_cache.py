"""Objects of one kind, and a cache of them that shows changes late, but in their order."""

import threading
from collections.abc import Mapping

from testbed.metacontroller.objects import Manifest, controller_of, key, text
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.server import Handler

Objects = Mapping[str, Manifest]


class Stored:
    """The objects of one kind as they are, and as the cache shows them."""

    def __init__(self, now: Objects | None = None, shown: Objects | None = None) -> None:
        now = {} if now is None else now
        self._history: list[Objects] = [now] if shown is None else [shown, now]
        self._shown = 0

    @property
    def now(self) -> Objects:
        """What the API server holds."""
        return self._history[-1]

    @property
    def shown(self) -> Objects:
        """What the cache shows."""
        return self._history[self._shown]

    @property
    def delay(self) -> int:
        """How many changes the cache has yet to see."""
        return len(self._history) - 1 - self._shown

    def write(self, name: str, value: Manifest | None) -> None:
        """Stores or removes an object."""
        rest = {key: each for key, each in self.now.items() if key != name}
        self._history.append({**rest, name: value} if value is not None else rest)

    def see(self, changes: int) -> None:
        """The cache sees so many changes more."""
        self._shown += min(changes, self.delay)


class LateCache:
    """The cache of one kind, as Metacontroller reads it. It calls no handlers."""

    def __init__(self, resource: Resource, stored: Stored) -> None:
        self.resource, self.stored = resource, stored
        self.synced = threading.Event()
        self.synced.set()

    def add_handler(self, handler: Handler) -> None:
        """Ignores the handler: the simulation chooses what is synced, and when."""

    def get(self, object_key: str) -> Manifest | None:
        """The object of this key, if the cache shows one."""
        return next((obj for obj in self.stored.shown.values() if key(obj) == object_key), None)

    def in_namespace(self, namespace: str) -> list[Manifest]:
        """All objects of a namespace; of all namespaces where it is empty."""
        return [obj for obj in self.stored.shown.values() if not namespace or text(obj, "namespace") == namespace]

    def candidates(self, namespace: str, owner_uid: str) -> list[Manifest]:
        """What this owner controls, and then what nobody controls."""
        objects = [(obj, (controller_of(obj) or {}).get("uid")) for obj in self.in_namespace(namespace)]
        owned = [obj for obj, owner in objects if owner == owner_uid]
        return [*owned, *(obj for obj, owner in objects if owner is None)]
