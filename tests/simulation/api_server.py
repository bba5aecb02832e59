"""An API server in memory: versions, uids, generations, finalizers, conflicts, the status subresource, late caches.

What is stored is never changed, and may be shared. Kinds are named as in a hook's request: `Pod.v1`.
"""

from collections import defaultdict
from typing import Final

from testbed.metacontroller.errors import ALREADY_EXISTS, CONFLICT, NOT_FOUND, SyncError
from testbed.metacontroller.objects import Manifest, finalizers, is_terminating, metadata, text, with_metadata
from testbed.metacontroller.resources import Resource
from tests.simulation.late_cache import Stored

KEPT: Final = ("uid", "creationTimestamp", "generation", "deletionTimestamp")
CREATED_AT: Final = "2026-01-01T00:00:00Z"


class ApiServer:
    """Behaves towards Metacontroller as the real one does. Subclasses say what is admitted, and what a name is."""

    def __init__(self) -> None:
        self.kinds: dict[str, Stored] = defaultdict(Stored)
        self.version = 0

    def get(self, resource: Resource, namespace: str, name: str) -> Manifest:
        """The object as it is now. Raises SyncError."""
        return self.look_up(resource.group_key, self.join(namespace, name))

    def create(self, resource: Resource, obj: Manifest) -> Manifest:
        """The object as it is stored. Raises SyncError."""
        kind, name = resource.group_key, self.name(obj)
        if name in self.kinds[kind].now:
            raise SyncError(f"{name} already exists", reason=ALREADY_EXISTS)
        made = with_metadata(without_status(obj), uid=f"uid-{self.version + 1}", creationTimestamp=self.format_now())
        return self.store(kind, self.admit_new(kind, made))

    def replace(self, resource: Resource, obj: Manifest, subresource: str = "") -> Manifest:
        """What a PUT does: a conflict if it was made from another version than the stored one. Raises SyncError."""
        kind, name = resource.group_key, self.name(obj)
        old = self.look_up(kind, name)
        if text(obj, "resourceVersion") not in {"", text(old, "resourceVersion")}:
            raise SyncError(f"{name} has been modified", reason=CONFLICT)
        if subresource:
            return self.store(kind, {**old, "status": obj.get("status")})
        kept = {field: metadata(old)[field] for field in KEPT if field in metadata(old)}
        status = {"status": old["status"]} if "status" in old else {}
        new = with_metadata({**without_status(obj), **status}, **kept)
        self.check_update(kind, old, new)
        return self.store(kind, self.admit(kind, new))

    def delete(self, resource: Resource, obj: Manifest) -> None:
        """The object is marked as deleted if anything holds it, or its end takes time; else it is gone."""
        old = self.look_up(resource.group_key, self.name(obj))
        if text(obj, "uid") != text(old, "uid"):
            raise SyncError(f"{self.name(obj)} has another uid", reason=CONFLICT)
        self.mark_deleted(resource.group_key, old)

    def mark_deleted(self, kind: str, old: Manifest) -> None:
        """Marks the object as deleted, unless it is already."""
        if not is_terminating(old):
            self.store(kind, with_metadata(old, deletionTimestamp=self.format_now()))

    def look_up(self, kind: str, name: str) -> Manifest:
        """The object of that name. Raises SyncError."""
        found = self.kinds[kind].now.get(name)
        if found is None:
            raise SyncError(f"{name} not found", reason=NOT_FOUND)
        return found

    def store(self, kind: str, obj: Manifest) -> Manifest:
        """The object with its new version, or as it is where nothing changes; gone where it is deleted and not held."""
        name = self.name(obj)
        old = self.kinds[kind].now.get(name)
        new = _pruned(obj)
        if old is not None and _without_version(new) == _without_version(old):
            return old
        self.version += 1
        generation = int(metadata(old or {}).get("generation", 0)) + (old is None or _content(old) != _content(new))
        stored = with_metadata(new, resourceVersion=str(self.version), generation=generation)
        is_gone = is_terminating(stored) and not finalizers(stored) and not self.ends_later(kind, stored)
        self.kinds[kind].write(name, None if is_gone else stored)
        return stored

    def join(self, _namespace: str, name: str) -> str:
        """What an object of that namespace and name goes by: its name, as there is one namespace."""
        return name

    def name(self, obj: Manifest) -> str:
        """What an object goes by."""
        return self.join(text(obj, "namespace"), text(obj, "name"))

    def format_now(self) -> str:
        """The time, as objects say it."""
        return CREATED_AT

    def admit_new(self, kind: str, obj: Manifest) -> Manifest:
        """The same, of an object that is created."""
        return self.admit(kind, obj)

    def admit(self, _kind: str, obj: Manifest) -> Manifest:
        """The object with what admission fills in. Raises SyncError for what is refused."""
        return obj

    def check_update(self, _kind: str, _old: Manifest, _new: Manifest) -> None:
        """Raises SyncError for an update that changes what can't be changed."""

    def ends_later(self, _kind: str, _obj: Manifest) -> bool:
        """Whether something else than a finalizer holds an object that is deleted."""
        return False


def without_status(obj: Manifest) -> Manifest:
    """The object without its status."""
    return {field: value for field, value in obj.items() if field != "status"}


def _content(obj: Manifest) -> Manifest:
    # A deletion counts as a new generation too.
    content = {field: value for field, value in obj.items() if field not in {"metadata", "status"}}
    return {**content, "deletionTimestamp": metadata(obj).get("deletionTimestamp")}


def _without_version(obj: Manifest) -> Manifest:
    return with_metadata(obj, resourceVersion=None, generation=None)


def _pruned(obj: Manifest) -> Manifest:
    fields = {name: value for name, value in metadata(obj).items() if value not in (None, "", [], {})}
    return {**obj, "metadata": fields}
