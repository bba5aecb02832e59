"""Which objects are children of a parent: claimed by owner reference and label, adopted and released on the way."""

from collections.abc import Iterable
from functools import cached_property
from typing import Final

from testbed.metacontroller.errors import NOT_FOUND, SyncError, aggregate
from testbed.metacontroller.journal import Journal
from testbed.metacontroller.live import LiveObject
from testbed.metacontroller.objects import (
    Manifest,
    api_version,
    controller_of,
    is_terminating,
    key,
    kind,
    labels,
    metadata,
    owner_references,
    text,
    with_metadata,
)
from testbed.metacontroller.resources import Resource

# The label of the selector that is generated where spec.generateSelector is set.
SELECTOR_LABEL: Final = "controller-uid"


def is_selected(obj: Manifest, parent: Manifest) -> bool:
    """Whether the parent's generated selector matches."""
    return labels(obj).get(SELECTOR_LABEL) == text(parent, "uid")


def build_controller_reference(parent: Manifest) -> Manifest:
    """The owner reference that children carry."""
    return {
        "apiVersion": api_version(parent),
        "kind": kind(parent),
        "name": text(parent, "name"),
        "uid": text(parent, "uid"),
        "controller": True,
        "blockOwnerDeletion": True,
    }


class Claims:
    """Claims children of one kind for one parent."""

    def __init__(self, parent: LiveObject, resource: Resource, journal: Journal) -> None:
        self._parent, self._resource, self._journal = parent, resource, journal

    def claim(self, candidates: Iterable[Manifest]) -> list[Manifest]:
        """The children among the candidates, as the cache shows them: an adopted one has no owner reference yet.

        Raises SyncError once all have been tried. What is gone meanwhile is no child and no error.
        """
        claimed, errors = [], []
        for obj in candidates:
            try:
                if self._claim(obj):
                    claimed.append(obj)
            except SyncError as error:
                if error.reason != NOT_FOUND:
                    errors.append(error)
        failure = aggregate(errors)
        if failure is not None:
            raise failure.within(f"can't claim {self._resource.kind} children")
        return claimed

    def _claim(self, obj: Manifest) -> bool:
        parent, controller = self._parent.known, controller_of(obj)
        if controller is not None and controller.get("uid") != text(parent, "uid"):
            return False
        if controller is not None:
            # Also a terminating child, and also for a terminating parent.
            if is_selected(obj, parent):
                return True
            if not is_terminating(parent):
                self._release(obj)
            return False
        if not is_selected(obj, parent) or is_terminating(parent) or is_terminating(obj):
            return False
        self._adopt(obj)
        return True

    def _adopt(self, obj: Manifest) -> None:
        if self._objection is not None:
            raise self._objection.within(f"can't adopt {self._resource.kind} {key(obj)} ({text(obj, 'uid')})")
        reference = build_controller_reference(self._parent.known)

        def with_reference(current: Manifest) -> Manifest:
            others = [ref for ref in owner_references(current) if ref.get("uid") != reference["uid"]]
            return with_metadata(current, ownerReferences=[*others, reference])

        self._live(obj).update(with_reference)
        self._journal.note("adopted", obj)

    def _release(self, obj: Manifest) -> None:
        uid = text(self._parent.known, "uid")

        def without_reference(current: Manifest) -> Manifest:
            others = [ref for ref in owner_references(current) if ref.get("uid") != uid]
            return with_metadata(current, ownerReferences=others)

        self._live(obj).update(without_reference)
        self._journal.note("released", obj)

    @cached_property
    def _objection(self) -> SyncError | None:
        # Asked of the API server, once: the cache may not know yet that the parent is going.
        try:
            fresh = self._parent.read()
        except SyncError as error:
            return error.within("can't recheck DeletionTimestamp")
        parent = self._parent.known
        if text(fresh, "uid") != text(parent, "uid"):
            return SyncError(f"can't recheck DeletionTimestamp: original {kind(parent)} {key(parent)} is gone")
        if is_terminating(fresh):
            return SyncError(f"{key(fresh)} has just been deleted at {metadata(fresh)['deletionTimestamp']}")
        return None

    def _live(self, obj: Manifest) -> LiveObject:
        return LiveObject(self._parent.server, self._resource, obj)
