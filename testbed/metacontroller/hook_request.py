"""The questions that hooks are asked, in the form of hooks v2. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from testbed.metacontroller.objects import Manifest, key
from testbed.metacontroller.resources import Resource

Group = dict[str, Manifest]


@dataclass(frozen=True)
class Observed:
    """The children of a parent by kind and key. Every declared kind is there, with nothing in it if need be."""

    groups: Mapping[Resource, Group]

    def as_request(self) -> Manifest:
        """The form in requests: `Pod.v1` → `namespace/name` → object."""
        return {resource.group_key: dict(group) for resource, group in self.groups.items()}


def group_by_key(objects: Iterable[Manifest]) -> Group:
    """Objects by `namespace/name`, or by name where they have no namespace; of two with one key the last one stays."""
    return {key(obj): obj for obj in objects}


def build_sync_request(controller: Manifest, parent: Manifest, children: Manifest, *, finalizing: bool) -> Manifest:
    """The body for sync and finalize."""
    return {
        "controller": controller,
        "parent": parent,
        "children": children,
        # Related objects are not implemented: there is never one.
        "related": {},
        "finalizing": finalizing,
    }


def build_customize_request(controller: Manifest, parent: Manifest) -> Manifest:
    """The body for customize."""
    return {"controller": controller, "parent": parent}
