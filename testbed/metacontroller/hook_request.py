"""The questions that hooks are asked, in the form of hooks v2. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from testbed.metacontroller.objects import Manifest, key
from testbed.metacontroller.resources import Resource

Group = dict[str, Manifest]
# By kind and key. Every kind that is declared or asked for is there, with nothing in it if need be.
Groups = Mapping[Resource, Group]


@dataclass(frozen=True)
class Observed:
    """What the caches show of a parent's children, and of the objects that its customize hook asked for."""

    children: Groups
    related: Groups


def group_by_key(objects: Iterable[Manifest]) -> Group:
    """Objects by `namespace/name`, or by name where they have no namespace; of two with one key the last one stays."""
    return {key(obj): obj for obj in objects}


def build_sync_request(controller: Manifest, parent: Manifest, observed: Observed, *, finalizing: bool) -> Manifest:
    """The body for sync and finalize."""
    return {
        "controller": controller,
        "parent": parent,
        "children": _by_group_key(observed.children),
        "related": _by_group_key(observed.related),
        "finalizing": finalizing,
    }


def build_customize_request(controller: Manifest, parent: Manifest) -> Manifest:
    """The body for customize."""
    return {"controller": controller, "parent": parent}


def _by_group_key(groups: Groups) -> Manifest:
    # `Pod.v1` → `namespace/name` → object
    return {resource.group_key: group for resource, group in groups.items()}
