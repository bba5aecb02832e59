"""What makes a parent be synced: its own changes, and those of its children and of objects that it might adopt."""

from collections.abc import Callable

from testbed.metacontroller.claims import is_selected
from testbed.metacontroller.objects import (
    Manifest,
    api_version,
    controller_of,
    is_terminating,
    key,
    metadata,
    string_map,
    text,
)
from testbed.metacontroller.server import Cache

Enqueue = Callable[[str], None]


class ParentTrigger:
    """Changes of parents. Resyncs count, whatever is ignored otherwise."""

    def __init__(self, enqueue: Enqueue, *, ignores_status: bool) -> None:
        self._enqueue, self._ignores_status = enqueue, ignores_status

    def on_add(self, obj: Manifest) -> None:
        """A new parent."""
        self._enqueue(key(obj))

    def on_update(self, old: Manifest, new: Manifest) -> None:
        """A change, or the same object twice: a resync."""
        if self._ignores_status and old is not new and not is_terminating(new) and _look_the_same(old, new):
            return
        self._enqueue(key(new))

    def on_delete(self, obj: Manifest) -> None:
        """A parent that is gone."""
        self._enqueue(key(obj))


class ChildTrigger:
    """Changes of objects of a kind of children."""

    def __init__(self, parents: Cache, enqueue: Enqueue) -> None:
        self._parents, self._enqueue = parents, enqueue

    def on_add(self, obj: Manifest) -> None:
        """A new object: its owner is synced, or, if it has none, every parent that could adopt it."""
        if controller_of(obj) is None and not is_terminating(obj):
            for parent in self._parents.in_namespace(self._namespace_of_parents(obj)):
                if is_selected(obj, parent):
                    self._enqueue(key(parent))
        else:
            self.on_delete(obj)

    def on_update(self, old: Manifest, new: Manifest) -> None:
        """A change. The status counts, resyncs do not."""
        if text(old, "resourceVersion") != text(new, "resourceVersion"):
            self.on_add(new)

    def on_delete(self, obj: Manifest) -> None:
        """An object that is gone or going: its owner comes."""
        reference, kind = controller_of(obj), self._parents.resource
        if reference is None or reference.get("kind") != kind.kind or _group(reference) != kind.group:
            return
        namespace = self._namespace_of_parents(obj)
        name = str(reference.get("name"))
        parent = self._parents.get(f"{namespace}/{name}" if namespace else name)
        if parent is not None and text(parent, "uid") == reference.get("uid"):
            self._enqueue(key(parent))

    def _namespace_of_parents(self, obj: Manifest) -> str:
        return text(obj, "namespace") if self._parents.resource.namespaced else ""


def _look_the_same(old: Manifest, new: Manifest) -> bool:
    return metadata(old).get("generation") == metadata(new).get("generation") and all(
        string_map(old, field) == string_map(new, field) for field in ("labels", "annotations")
    )


def _group(reference: Manifest) -> str:
    return api_version(reference).rpartition("/")[0]
