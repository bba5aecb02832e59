"""Requests about children, carried out: created with an owner, updated, deleted, each as the API server lets it."""

from dataclasses import dataclass

from testbed.metacontroller.claims import build_controller_reference
from testbed.metacontroller.errors import ALREADY_EXISTS, CONFLICT, NOT_FOUND, SyncError
from testbed.metacontroller.journal import Journal
from testbed.metacontroller.merge import with_last_applied
from testbed.metacontroller.objects import Manifest, describe, owner_references, text, with_metadata
from testbed.metacontroller.plan_children import Request
from testbed.metacontroller.resources import Discovery, Resource
from testbed.metacontroller.server import Objects


@dataclass(frozen=True)
class ChildWriter:
    """Writes the children of one parent in one sync."""

    server: Objects
    discovery: Discovery
    journal: Journal

    def write(self, parent: Manifest, request: Request) -> None:
        """Raises SyncError. A name that is taken is passed over in silence, and so is what has changed meanwhile."""
        resource = self.discovery.by_kind(request.kind.api_version, request.kind.kind)
        if request.error is not None:
            raise request.error
        if request.verb == "delete":
            self._delete(resource, request.observed)
        elif request.verb == "create":
            self._create(resource, parent, request.wanted)
        else:
            self._update(resource, request.observed, request.wanted)

    def _delete(self, resource: Resource, observed: Manifest) -> None:
        try:
            self.server.delete(resource, observed)
            self.journal.note("deleted", observed)
        except SyncError as error:
            if error.reason != NOT_FOUND:
                raise error.within(f"can't delete {describe(observed)}") from error

    def _create(self, resource: Resource, parent: Manifest, desired: Manifest) -> None:
        reference = build_controller_reference(parent)
        references = owner_references(desired)
        if all(ref.get("uid") != reference["uid"] for ref in references):
            references = [*references, reference]
        obj = with_metadata(with_last_applied(desired, desired), ownerReferences=references)
        try:
            self.server.create(resource, obj)
            self.journal.note("created", obj)
        except SyncError as error:
            if error.reason != ALREADY_EXISTS:
                raise
            self.journal.note("left alone, its name being taken:", obj)

    def _update(self, resource: Resource, observed: Manifest, merged: Manifest) -> None:
        try:
            written = self.server.replace(resource, merged)
            is_same = text(written, "resourceVersion") == text(observed, "resourceVersion")
            self.journal.note("updated without effect" if is_same else "updated", observed)
        except SyncError as error:
            if error.reason not in {NOT_FOUND, CONFLICT}:
                raise
            self.journal.note("left for the next sync, having changed meanwhile:", observed)
