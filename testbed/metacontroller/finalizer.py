"""The finalizer on parents, by which the original gets to clean up before they go."""

from dataclasses import dataclass
from typing import Final

from testbed.metacontroller.journal import Journal
from testbed.metacontroller.live import LiveObject
from testbed.metacontroller.objects import Manifest, finalizers, is_terminating, with_metadata

# With one of these the garbage collector is about to delete or orphan the children: managing them would fight it.
_OF_THE_GARBAGE_COLLECTOR: Final = {"foregroundDeletion", "orphan"}


@dataclass(frozen=True)
class Finalizer:
    """One finalizer; `enabled` where there is a finalize hook."""

    name: str
    enabled: bool

    def settle(self, parent: LiveObject, journal: Journal) -> Manifest:
        """The parent with the finalizer if it shall have it, without it otherwise; a terminating one gets none."""
        if (self.name in finalizers(parent.known)) == self.enabled:
            return parent.known
        if not self.enabled:
            return self.remove(parent, journal)
        return parent.known if is_terminating(parent.known) else self._add(parent, journal)

    def remove(self, parent: LiveObject, journal: Journal) -> Manifest:
        """The parent without the finalizer. Raises SyncError, also where the parent is gone already."""

        def without(current: Manifest) -> Manifest | None:
            if self.name not in finalizers(current):
                return None
            return with_metadata(current, finalizers=[name for name in finalizers(current) if name != self.name])

        current, is_changed = parent.update(without)
        if is_changed:
            journal.note("removed the finalizer of", current)
        return current

    def lets_children_be_managed(self, parent: Manifest) -> bool:
        """Whether children are managed although the parent is terminating."""
        present = set(finalizers(parent))
        return self.enabled and self.name in present and not present & _OF_THE_GARBAGE_COLLECTOR

    def _add(self, parent: LiveObject, journal: Journal) -> Manifest:
        def having(current: Manifest) -> Manifest | None:
            if self.name in finalizers(current):
                return None
            return with_metadata(current, finalizers=[*finalizers(current), self.name])

        current, is_changed = parent.update(having)
        if is_changed:
            journal.note("added the finalizer to", current)
        return current
