"""From the children that are there to those that a hook wants: delete, create, update."""

from collections.abc import Iterator
from dataclasses import dataclass

from testbed.metacontroller.claims import build_controller_reference
from testbed.metacontroller.composite import CompositeSpec
from testbed.metacontroller.desired import Desired, GroupKey
from testbed.metacontroller.errors import ALREADY_EXISTS, CONFLICT, NOT_FOUND, SyncError, aggregate
from testbed.metacontroller.hook_request import Group, Groups
from testbed.metacontroller.journal import Journal
from testbed.metacontroller.merge import merge_update, with_last_applied
from testbed.metacontroller.objects import (
    Manifest,
    deep_equal,
    describe,
    is_terminating,
    owner_references,
    text,
    with_metadata,
)
from testbed.metacontroller.resources import Discovery, Resource
from testbed.metacontroller.server import Server


@dataclass(frozen=True)
class ChildManager:
    """Manages the children of one parent in one sync."""

    server: Server
    discovery: Discovery
    spec: CompositeSpec
    journal: Journal

    def manage(self, parent: Manifest, observed: Groups, desired: Desired) -> SyncError | None:
        """Do all that can be done; the errors of what could not, as one.

        Children that the cache shows and the hook does not want are deleted. What is created is what the cache does
        not show: a name that is taken is passed over in silence.
        """
        by_kind = {GroupKey(kind.api_version, kind.kind): group for kind, group in observed.items()}
        errors = [
            *self._delete_undesired(observed, desired),
            *self._apply_desired(parent, by_kind, desired),
        ]
        return aggregate(errors)

    def _delete_undesired(self, observed: Groups, desired: Desired) -> Iterator[SyncError]:
        for resource in sorted(observed, key=lambda each: _sort_key(GroupKey(each.api_version, each.kind))):
            wanted = desired.get(GroupKey(resource.api_version, resource.kind), {})
            for name, obj in sorted(observed[resource].items()):
                if name in wanted or is_terminating(obj):
                    continue
                try:
                    self.server.delete(resource, obj)
                    self.journal.note("deleted", obj)
                except SyncError as error:
                    if error.reason != NOT_FOUND:
                        yield error.within(f"can't delete {describe(obj)}")

    def _apply_desired(
        self, parent: Manifest, observed: dict[GroupKey, Group], desired: Desired
    ) -> Iterator[SyncError]:
        for group_key in sorted(desired, key=_sort_key):
            try:
                resource = self.discovery.by_kind(group_key.api_version, group_key.kind)
            except SyncError as error:
                yield error
                continue
            there = observed.get(group_key, {})
            for name, obj in sorted(desired[group_key].items()):
                try:
                    if name in there:
                        self._update(resource, there[name], obj)
                    else:
                        self._create(resource, parent, obj)
                except SyncError as error:
                    yield error

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

    def _update(self, resource: Resource, observed: Manifest, desired: Manifest) -> None:
        merged = merge_update(observed, desired)
        if deep_equal(merged, observed) or is_terminating(observed) or not self._is_updated_in_place(resource):
            return
        try:
            written = self.server.replace(resource, merged)
            is_same = text(written, "resourceVersion") == text(observed, "resourceVersion")
            self.journal.note("updated without effect" if is_same else "updated", observed)
        except SyncError as error:
            if error.reason not in {NOT_FOUND, CONFLICT}:
                raise
            self.journal.note("left for the next sync, having changed meanwhile:", observed)

    def _is_updated_in_place(self, resource: Resource) -> bool:
        # The strategy of a kind counts for all its versions.
        for child in self.spec.child_resources:
            declared = self.discovery.by_plural(child.api_version, child.resource)
            if (declared.group, declared.kind) == (resource.group, resource.kind):
                return child.is_updated_in_place
        return False


def _sort_key(group_key: GroupKey) -> tuple[str, str, str]:
    group, _, version = group_key.api_version.rpartition("/")
    return group, version, group_key.kind
