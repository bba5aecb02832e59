"""One sync of one parent: the algorithm, in the order of the original. Who calls it, when, is none of its business."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from testbed.metacontroller.answers import SyncAnswer
from testbed.metacontroller.claims import Claims
from testbed.metacontroller.controllers import Composite
from testbed.metacontroller.desired import Desired, GroupKey, index_desired, with_selector_labels
from testbed.metacontroller.errors import CONFLICT, NOT_FOUND, SyncError, aggregate
from testbed.metacontroller.finalizer import Finalizer
from testbed.metacontroller.hook_request import Groups, Observed, build_sync_request, group_by_key
from testbed.metacontroller.journal import Journal
from testbed.metacontroller.live import LiveObject
from testbed.metacontroller.objects import (
    Manifest,
    api_version,
    deep_equal,
    describe,
    is_terminating,
    key,
    metadata,
    text,
)
from testbed.metacontroller.objects import kind as kind_of
from testbed.metacontroller.plan_children import ChildPlanner, Merge, Request, merge_changes
from testbed.metacontroller.resources import Discovery
from testbed.metacontroller.server import Cache, Objects
from testbed.metacontroller.write_children import ChildWriter

# The name of a hook and a question in, its answer out. Raises SyncError and TooManyRequestsError.
Ask = Callable[[str, Manifest], SyncAnswer]
# What requests about a parent do: take its finalizer away, write its status.
FINALIZED: Final = "finalized"
STATUS: Final = "status"
OF_PARENTS: Final = frozenset([FINALIZED, STATUS])


@dataclass(frozen=True)
class World:
    """All that a sync reads and touches, apart from the hooks. `schedule` gets what to sync again, and when.

    `related` finds the related objects of a parent; it raises what the customize hook gives rise to.
    """

    server: Objects
    discovery: Discovery
    parents: Cache
    children: tuple[Cache, ...]
    related: Callable[[Manifest], Groups]
    schedule: Callable[[str, float], None]


@dataclass
class Sync:
    """A sync that has its answer. `requests`: what it is yet to do, each decided when the one before is done.

    `parent`: as it was last read; `is_over`: whether it is gone, or others keep changing it.
    """

    parent: Manifest
    answer: SyncAnswer
    requests: Iterator[Request]
    is_over: bool = False


class Syncer:
    """Syncs the parents of one CompositeController. `ask` calls a hook by its name."""

    def __init__(self, composite: Composite, world: World, ask: Ask, merge: Merge = merge_changes) -> None:
        self._composite, self._world, self._ask_hook = composite, world, ask
        self._finalizer = Finalizer(composite.finalizer, enabled=composite.spec.hooks.finalize is not None)
        declared = zip(composite.spec.child_resources, world.children, strict=True)
        updated = {(each.resource.group, each.resource.kind) for spec, each in declared if spec.is_updated_in_place}
        self._planner = ChildPlanner(frozenset(updated), merge)

    def sync(self, parent_key: str, journal: Journal) -> None:
        """Bring one parent where its hook wants it; one that the cache does not show is done already.

        Raises any of the errors of a sync; what was done until then is in the journal.
        """
        sync, errors = self.begin(parent_key, journal), []
        if sync is None:
            journal.note_text("it is gone")
            return
        for request in sync.requests:
            try:
                self.act(sync, request, journal)
            except SyncError as error:
                if request.verb in OF_PARENTS:
                    raise
                errors.append(error)
        failure = aggregate(errors)
        if failure is not None and not sync.is_over:
            raise failure.within(f"can't reconcile children for {describe(sync.parent)}")

    def begin(self, parent_key: str, journal: Journal) -> Sync | None:
        """The answer about a parent, and what follows from it; None where the cache does not show the parent.

        Until then, children are adopted and released, and the parent gets its finalizer.
        """
        cached = self._world.parents.get(parent_key)
        if cached is None:
            return None
        parent = self._settle_finalizer(cached, journal)
        children = self._claim_children(parent, journal)
        answer = self._ask(parent, Observed(children, self._world.related(parent)))
        wanted = index_desired(answer.children, text(parent, "namespace"))
        if answer.resync_after_seconds > 0:
            self._world.schedule(key(parent), answer.resync_after_seconds)
        return Sync(parent, answer, self._plan(parent, answer, wanted, children))

    def act(self, sync: Sync, request: Request, journal: Journal) -> None:
        """Do the next of the requests of a sync. Raises SyncError."""
        if request.verb == FINALIZED:
            sync.parent = self._remove_finalizer(sync.parent, journal)
        elif request.verb == STATUS:
            sync.is_over = not self._write_status(sync.parent, request.wanted, journal)
        elif not is_terminating(sync.parent) or self._finalizer.lets_children_be_managed(sync.parent):
            ChildWriter(self._world.server, self._world.discovery, journal).write(sync.parent, request)

    def _plan(self, parent: Manifest, answer: SyncAnswer, wanted: Desired, children: Groups) -> Iterator[Request]:
        kind = GroupKey(api_version(parent), kind_of(parent))
        if answer.finalized:
            yield Request(FINALIZED, kind, parent, {})
        yield from self._planner.plan(children, with_selector_labels(wanted, text(parent, "uid")))
        yield Request(STATUS, kind, parent, answer.status)

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
            return self._ask_hook(name, request)
        except SyncError as error:
            prefix = f"sync hook failed for {describe(parent)}: {name} hook failed (version=v2)"
            raise error.within(prefix) from error

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
