"""The children that a hook wants, put in order: namespaces, keys, labels. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from testbed.metacontroller.claims import SELECTOR_LABEL
from testbed.metacontroller.errors import CrashError, SyncError
from testbed.metacontroller.hook_request import Group
from testbed.metacontroller.objects import (
    Manifest,
    api_version,
    describe,
    is_string_map,
    key,
    kind,
    metadata,
    text,
    with_metadata,
)


class GroupKey(NamedTuple):
    """A kind as an answer names it; whether it is served is seen later."""

    api_version: str
    kind: str


Desired = Mapping[GroupKey, Group]


def index_desired(children: Iterable[Manifest | None], namespace: str) -> Desired:
    """Children by kind and key, in the parent's namespace where they name none; of two of one key the last one stays.

    The namespace of a cluster-scoped parent is empty. Raises CrashError for a null among them.
    """
    groups: dict[GroupKey, Group] = {}
    for child in children:
        if child is None:
            raise CrashError("a hook answered with a null in children")
        obj = child if text(child, "namespace") else _in_namespace(child, namespace)
        groups.setdefault(GroupKey(api_version(obj), kind(obj)), {})[key(obj)] = obj
    return groups


def with_selector_labels(desired: Desired, uid: str) -> Desired:
    """The same children with the label that the parent's generated selector asks for. Raises SyncError."""
    return {
        group_key: {name: _with_selector_label(obj, uid) for name, obj in group.items()}
        for group_key, group in desired.items()
    }


def _in_namespace(child: Manifest, namespace: str) -> Manifest:
    if namespace:
        return with_metadata(child, namespace=namespace)
    # Go takes an empty namespace away, which shows in what was applied.
    kept = {field: value for field, value in metadata(child).items() if field != "namespace"}
    return {**child, "metadata": kept} if "namespace" in metadata(child) else child


def _with_selector_label(obj: Manifest, uid: str) -> Manifest:
    found = metadata(obj).get("labels", {})
    if not is_string_map(found) or not isinstance(obj.get("metadata", {}), dict):
        raise SyncError(f"invalid labels on desired child {describe(obj)}")
    if found.get(SELECTOR_LABEL, uid) != uid:
        raise SyncError(f"labels on desired child {describe(obj)} don't match parent selector")
    return obj if SELECTOR_LABEL in found else with_metadata(obj, labels={**found, SELECTOR_LABEL: uid})
