"""From the children that are there to those that a hook wants: which requests that takes, in which order. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from testbed.metacontroller.desired import Desired, GroupKey
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.hook_request import Group, Groups
from testbed.metacontroller.merge import merge_update
from testbed.metacontroller.objects import Manifest, deep_equal, is_terminating

# A child as it is and as it is wanted in, what to write out; the child itself where there is nothing to write.
Merge = Callable[[Manifest, Manifest], Manifest]


class Request(NamedTuple):
    """Something that a sync has decided to do: to create, update or delete a child, or what the verb says of a parent.

    `observed`: the child as the cache shows it; `wanted`: the object, or the status, that is to be written; `error`:
    why that can't be known.
    """

    verb: str
    kind: GroupKey
    observed: Manifest
    wanted: Manifest
    error: SyncError | None = None


def merge_changes(observed: Manifest, desired: Manifest) -> Manifest:
    """The whole object to PUT, or the observed one where nothing differs."""
    merged = merge_update(observed, desired)
    return observed if deep_equal(merged, observed) else merged


@dataclass(frozen=True)
class ChildPlanner:
    """Plans for the children of one CompositeController. `in_place`: groups and kinds that are ever updated."""

    in_place: frozenset[tuple[str, str]]
    merge: Merge = merge_changes

    def plan(self, observed: Groups, desired: Desired) -> Iterator[Request]:
        """Children that the cache shows and the hook does not want are deleted, those that it does not show created."""
        there = {GroupKey(kind.api_version, kind.kind): group for kind, group in observed.items()}
        for kind in sorted(there, key=_sort_key):
            yield from _plan_deletions(kind, there[kind], desired.get(kind, {}))
        for kind in sorted(desired, key=_sort_key):
            yield from self._plan_writes(kind, there.get(kind, {}), desired[kind])

    def _plan_writes(self, kind: GroupKey, observed: Group, desired: Group) -> Iterator[Request]:
        for name, wanted in sorted(desired.items()):
            if name in observed:
                yield from self._plan_update(kind, observed[name], wanted)
            else:
                yield Request("create", kind, {}, wanted)

    def _plan_update(self, kind: GroupKey, observed: Manifest, wanted: Manifest) -> Iterator[Request]:
        try:
            merged = self.merge(observed, wanted)
        except SyncError as error:
            yield Request("update", kind, observed, wanted, error)
            return
        # The strategy of a kind counts for all its versions.
        is_updated = (kind.api_version.rpartition("/")[0], kind.kind) in self.in_place
        if is_updated and merged is not observed and not is_terminating(observed):
            yield Request("update", kind, observed, merged)


def _plan_deletions(kind: GroupKey, observed: Group, desired: Group) -> Iterator[Request]:
    for name, there in sorted(observed.items()):
        if name not in desired and not is_terminating(there):
            yield Request("delete", kind, there, {})


def _sort_key(kind: GroupKey) -> tuple[str, str, str]:
    group, _, version = kind.api_version.rpartition("/")
    return group, version, kind.kind
