"""One sync of one parent: the algorithm, in the order of the original. Who calls it, when, is none of its business."""

from collections.abc import Callable
from dataclasses import dataclass

from testbed.metacontroller.answers import SyncAnswer, decode_sync
from testbed.metacontroller.claims import Claims
from testbed.metacontroller.controllers import Composite
from testbed.metacontroller.desired import Desired, index_desired, with_selector_labels
from testbed.metacontroller.errors import CONFLICT, NOT_FOUND, SyncError
from testbed.metacontroller.finalizer import Finalizer
from testbed.metacontroller.hook_request import Groups, Observed, build_sync_request, group_by_key
from testbed.metacontroller.journal import Journal
from testbed.metacontroller.live import LiveObject
from testbed.metacontroller.manage_children import ChildManager
from testbed.metacontroller.objects import Manifest, deep_equal, describe, is_terminating, key, metadata, text
from testbed.metacontroller.resources import Discovery
from testbed.metacontroller.server import Cache, Server
from testbed.metacontroller.webhook import Hooks


@dataclass(frozen=True)
class World:
    """All that a sync reads and touches, apart from the hooks. `schedule` is told what to sync again, and when.

    `related` finds the related objects of a parent; it raises what the customize hook gives rise to.
    """

    server: Server
    discovery: Discovery
    parents: Cache
    children: tuple[Cache, ...]
    related: Callable[[Manifest], Groups]
    schedule: Callable[[str, float], None]


class Syncer:
    """Syncs the parents of one CompositeController."""

    def __init__(self, composite: Composite, world: World, hooks: Hooks) -> None:
        self._composite, self._world, self._hooks = composite, world, hooks
        self._finalizer = Finalizer(composite.finalizer, enabled=composite.spec.hooks.finalize is not None)

    def sync(self, parent_key: str, journal: Journal) -> None:
        """Bring one parent where its hook wants it; one that the cache does not show is done already.

        Raises any of the errors of a sync; what was done until then is in the journal.
        """
        cached = self._world.parents.get(parent_key)
        if cached is None:
            journal.note_text("it is gone")
            return
        parent = self._settle_finalizer(cached, journal)
        children = self._claim_children(parent, journal)
        observed = Observed(children, self._world.related(parent))
        answer = self._ask(parent, observed)
        wanted = index_desired(answer.children, text(parent, "namespace"))
        if answer.resync_after_seconds > 0:
            self._world.schedule(key(parent), answer.resync_after_seconds)
        if answer.finalized:
            parent = self._remove_finalizer(parent, journal)
        desired = with_selector_labels(wanted, text(parent, "uid"))
        failure = self._manage(parent, children, desired, journal)
        if self._write_status(parent, answer.status, journal) and failure is not None:
            raise failure.within(f"can't reconcile children for {describe(parent)}")

    def _settle_finalizer(self, parent: Manifest, journal: Journal) -> Manifest:
        try:
            return self._finalizer.settle(self._live(parent), journal)
        except SyncError as error:
            raise error.within(f"can't sync finalizer for {describe(parent)}") from error

    def _remove_finalizer(self, parent: Manifest, journal: Journal) -> Manifest:
        try:
            return self._finalizer.remove(self._live(parent), journal)
        except SyncError as error:
            raise error.within(f"can't remove finalizer for {describe(parent)}") from error

    def _claim_children(self, parent: Manifest, journal: Journal) -> Groups:
        namespace = text(parent, "namespace") if self._world.parents.resource.namespaced else ""
        groups = {}
        for cache in self._world.children:
            # A kind that is served no longer ends the sync, whatever its cache shows.
            self._world.discovery.by_plural(cache.resource.api_version, cache.resource.plural)
            claims = Claims(self._live(parent), cache.resource, journal)
            groups[cache.resource] = group_by_key(claims.claim(cache.candidates(namespace, text(parent, "uid"))))
        return groups

    def _ask(self, parent: Manifest, observed: Observed) -> SyncAnswer:
        finalizing = self._finalizer.enabled and is_terminating(parent)
        name = "finalize" if finalizing else "sync"
        request = build_sync_request(self._composite.document, parent, observed, finalizing=finalizing)
        try:
            return decode_sync(self._hooks(name, request))
        except SyncError as error:
            prefix = f"sync hook failed for {describe(parent)}: {name} hook failed (version=v2)"
            raise error.within(prefix) from error

    def _manage(self, parent: Manifest, children: Groups, desired: Desired, journal: Journal) -> SyncError | None:
        if is_terminating(parent) and not self._finalizer.lets_children_be_managed(parent):
            return None
        manager = ChildManager(self._world.server, self._world.discovery, self._composite.spec, journal)
        return manager.manage(parent, children, desired)

    def _write_status(self, parent: Manifest, status: Manifest, journal: Journal) -> bool:
        """Replace the whole status. False where the parent is gone or others keep changing it, which ends the sync."""
        whole = {**status, "observedGeneration": metadata(parent).get("generation", 0)}

        def with_status(current: Manifest) -> Manifest | None:
            return None if deep_equal(current.get("status"), whole) else {**current, "status": whole}

        try:
            _, is_changed = self._live(parent).update(with_status, "status")
        except SyncError as error:
            if error.reason in {NOT_FOUND, CONFLICT}:
                return False
            raise error.within(f"can't update status for {describe(parent)}") from error
        if is_changed:
            journal.note_text("wrote the status")
        return True

    def _live(self, parent: Manifest) -> LiveObject:
        return LiveObject(self._world.server, self._world.parents.resource, parent)
