"""Read, change, write back: what is done wherever acting on the cache would be wrong."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from testbed.metacontroller.errors import CONFLICT, NOT_FOUND, SyncError
from testbed.metacontroller.objects import Manifest, describe, text
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.server import Objects

_PAUSES: Final = (0.01, 0.05, 0.25)

# The changed object, or None where there is nothing to do.
Change = Callable[[Manifest], Manifest | None]


class Written(NamedTuple):
    """An object as it is now, and whether it had to be changed for that."""

    object: Manifest
    is_changed: bool


@dataclass(frozen=True)
class LiveObject:
    """An object that is known from a cache, to be read and changed as it is now."""

    server: Objects
    resource: Resource
    known: Manifest

    def read(self) -> Manifest:
        """The object that has its name now, be it the same or another one."""
        return self.server.get(self.resource, text(self.known, "namespace"), text(self.known, "name"))

    def update(self, change: Change, subresource: str = "") -> Written:
        """The object after the change. After a conflict, the change is tried again, four times in all.

        Raises SyncError; its reason is NotFound if the object is gone or another one has its name.
        """
        for pause in _PAUSES:
            try:
                return self._try(change, subresource)
            except SyncError as error:
                if error.reason != CONFLICT:
                    raise
            time.sleep(pause)
        return self._try(change, subresource)

    def _try(self, change: Change, subresource: str) -> Written:
        current = self.read()
        if text(current, "uid") != text(self.known, "uid"):
            raise SyncError(f"{describe(self.known)} not found: it was deleted and recreated", reason=NOT_FOUND)
        changed = change(current)
        if changed is None:
            return Written(current, is_changed=False)
        return Written(self.server.replace(self.resource, changed, subresource), is_changed=True)
