"""A host cluster with Metacontroller in it: it does what a hook answers, on what its cache shows at that moment."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from hooks.manifest import Manifest
from hooks.vk8s.observed import CHILD_KINDS, group_key
from hooks.wire import SyncResponse
from testbed.metacontroller.desired import index_desired, with_selector_labels
from testbed.metacontroller.merge import merge_update, with_last_applied
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.properties.admission import admit
from tests.world import UID, Children, World, observe

NAMESPACE = "team-a"
# What an update must not change; of a Secret, where it is immutable.
FROZEN = {"Pod": ("spec",), "PersistentVolumeClaim": ("spec",), "Secret": ("data", "immutable")}
# Kind and name.
Key = tuple[str, str]


@dataclass(frozen=True)
class Host:
    """A Vk8s and its children as they are. `hidden`: what a stale cache does not show; `story`: how it came to this."""

    world: World
    valid_spec: Manifest = field(repr=False)
    hidden: frozenset[Key] = frozenset()
    story: tuple[str, ...] = ()

    def __repr__(self) -> str:
        world = self.world
        lines = [
            f"{world.name} {dict(world.labels)} {world.spec}",
            *self.story,
            f"shown: {sorted(list_keys(self.shown))}",
        ]
        return "\n  ".join(lines)

    @property
    def shown(self) -> World:
        """What Metacontroller's cache shows."""
        return without(self.world, self.hidden)

    def after(self, event: str, **fields: Any) -> "Host":
        """The host cluster after `event`, with `fields` of the Vk8s's world as given."""
        return replace(self, world=replace(self.world, **fields), story=(*self.story, event))

    def step(self) -> "Host":
        """The host cluster after one sync; the cache has caught up."""
        answer = self.shown.sync()
        world = self.world
        context = replace(world.context, entropy=sha256(world.context.entropy).digest())
        children = apply(find_desired(answer), world.children, self.hidden)
        return replace(self.after("sync", children=children, status=answer.status, context=context), hidden=frozenset())

    def steps(self, count: int) -> "Host":
        """The host cluster after `count` syncs."""
        host = self
        for _ in range(count):
            host = host.step()
        return host


def find_key(child: Manifest) -> Key:
    """Kind and name of a child."""
    return group_key(child), child["metadata"]["name"]


def list_keys(world: World) -> list[Key]:
    """Kind and name of all children."""
    return [(kind, name) for kind, group in world.children.items() for name in group]


def list_children(world: World) -> dict[Key, Manifest]:
    """All children by kind and name."""
    return {(kind, name): child for kind, group in world.children.items() for name, child in group.items()}


def group_children(children: Iterable[Manifest]) -> Children:
    """The same children, by kind and then by name."""
    groups: Children = {kind: {} for kind in CHILD_KINDS}
    for child in children:
        kind, name = find_key(child)
        groups[kind][name] = child
    return groups


def without(world: World, keys: Iterable[Key]) -> World:
    """The world without these children."""
    gone = set(keys)
    rest = [child for key, child in list_children(world).items() if key not in gone]
    return replace(world, children=group_children(rest))


def find_desired(answer: SyncResponse) -> dict[Key, Manifest]:
    """What Metacontroller makes of the answered children before it applies them."""
    groups = with_selector_labels(index_desired(answer.children, NAMESPACE), UID)
    return {find_key(child): child for group in groups.values() for child in group.values()}


def apply(desired: dict[Key, Manifest], children: Children, hidden: frozenset[Key]) -> Children:
    """The children after Metacontroller has made them as desired; what it does not see stays as it is."""
    existing = {(kind, name): child for kind, group in children.items() for name, child in group.items()}
    left = [_apply_one(child, desired.get(key), shown=key not in hidden) for key, child in existing.items()]
    made = [_create(child) for key, child in desired.items() if key not in existing]
    return group_children([*(child for child in left if child is not None), *made])


def update(observed: Manifest, desired: Manifest) -> Manifest:
    """What the API server holds after an update in place; one that changes what can't be changed is refused."""
    merged = merge_update(observed, desired)
    frozen = FROZEN.get(observed["kind"], ()) if observed["kind"] != "Secret" or observed.get("immutable") else ()
    is_refused = any(merged.get(field) != observed.get(field) for field in frozen)
    return observed if is_refused else admit(merged)


def delete(child: Manifest) -> Manifest | None:
    """The child after its deletion: gone, unless finalizers hold it."""
    if not child["metadata"].get("finalizers"):
        return None
    return with_metadata(child, deletionTimestamp="2026-01-02T03:04:05Z")


def _apply_one(child: Manifest, desired: Manifest | None, *, shown: bool) -> Manifest | None:
    if not shown or is_terminating(child):
        return child
    return delete(child) if desired is None else update(child, desired)


def _create(desired: Manifest) -> Manifest:
    return with_last_applied(admit(observe(desired)), desired)
