"""A host cluster with Metacontroller in it: it does what a hook answers, on what its cache shows at that moment."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from hooks.kubernetes.conditions import format_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import group_key
from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.vk8s.situation import Context
from hooks.wire import SyncResponse
from testbed.metacontroller.desired import index_desired, with_selector_labels
from testbed.metacontroller.merge import merge_update, with_last_applied
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.properties.admission import admit
from tests.world import UID, Children, World, observe

NAMESPACE = "team-a"
# What an update must not change; of a Secret, where it is immutable.
FROZEN = {"Pod": ("spec",), "PersistentVolumeClaim": ("spec",), "Secret": ("data", "immutable")}
# Kinds that Metacontroller never updates.
NEVER_UPDATED = {kind.kind for kind in CHILD_KINDS.values() if kind.update_strategy == "OnDelete"}
# Kind and name.
Key = tuple[str, str]


@dataclass(frozen=True)
class Host:
    """A Vk8s and its children as they are, and how they came to be so.

    `old_children`: kinds of which Metacontroller's cache still shows something older, and what.
    """

    world: World
    valid_spec: Manifest
    old_children: Children = field(default_factory=dict)
    story: tuple[str, ...] = ()

    def __repr__(self) -> str:
        world = self.world
        lines = [
            f"{world.name} {dict(world.labels)}",
            *self.story,
            f"now: {world.spec} {dict(world.annotations)}",
            f"shown: {describe_keys(list_keys(self.shown))}",
        ]
        return "\n  ".join(lines)

    def _repr_pretty_(self, printer: Any, _: bool) -> None:  # noqa: FBT001 as hypothesis calls it
        """The story instead of every field, when hypothesis prints an example."""
        printer.text(repr(self))

    @property
    def shown(self) -> World:
        """What Metacontroller's cache shows."""
        return replace(self.world, children={**self.world.children, **self.old_children})

    def after(self, event: str, **fields: Any) -> "Host":
        """The host cluster after `event`, with `fields` of the Vk8s's world as given."""
        return replace(self, world=replace(self.world, **fields), story=(*self.story, event))

    def sync(self) -> "Host":
        """The host cluster after one sync; the cache still shows what it showed."""
        shown, world = self.shown, self.world
        answer = shown.sync()
        children = apply(find_desired(answer), shown.children, world)
        context = replace(world.context, entropy=sha256(world.context.entropy).digest())
        after = replace(self, world=replace(world, children=children, status=answer.status, context=context))
        changes = describe_changes(world.children, children)
        return after.after(f"sync by {context.scripts.digest}: {changes}") if changes else after

    def caught_up(self) -> "Host":
        """The host cluster once Metacontroller's cache shows everything as it is."""
        return replace(self, old_children={})

    def step(self) -> "Host":
        """The host cluster after one sync; the cache has caught up."""
        return self.sync().caught_up()

    def steps(self, count: int) -> "Host":
        """The host cluster after `count` syncs."""
        host = self
        for _ in range(count):
            host = host.step()
        return host


def get_key(child: Manifest) -> Key:
    """Kind and name of a child."""
    return group_key(child), child["metadata"]["name"]


def list_keys(world: World) -> list[Key]:
    """Kind and name of all children."""
    return [(kind, name) for kind, group in world.children.items() for name in group]


def list_children(world: World) -> dict[Key, Manifest]:
    """All children by kind and name."""
    return _flatten(world.children)


def describe_key(key: Key) -> str:
    """A child in a story: `Pod m`."""
    return f"{key[0].partition('.')[0]} {key[1]}"


def describe_keys(keys: Iterable[Key]) -> str:
    """Some children in a story: `Pod m, Service m`."""
    return ", ".join(map(describe_key, sorted(keys))) or "nothing"


def group_children(children: Iterable[Manifest]) -> Children:
    """The same children, by kind and then by name."""
    groups: Children = {kind: {} for kind in CHILD_KINDS}
    for child in children:
        kind, name = get_key(child)
        groups[kind][name] = child
    return groups


def without(world: World, keys: Iterable[Key]) -> World:
    """The world without these children."""
    gone = set(keys)
    rest = [child for key, child in list_children(world).items() if key not in gone]
    return replace(world, children=group_children(rest))


def find_desired(answer: SyncResponse, uid: str = UID, namespace: str = NAMESPACE) -> dict[Key, Manifest]:
    """What Metacontroller makes of the children that the parent of that uid is answered before it applies them."""
    groups = with_selector_labels(index_desired(answer.children, namespace), uid)
    return {get_key(child): child for group in groups.values() for child in group.values()}


def apply(desired: Mapping[Key, Manifest], shown: Children, world: World) -> Children:
    """The children of `world` after Metacontroller has made those that it is shown as they are desired.

    What it is not shown stays as it is, also where it is desired: the name is taken.
    """
    existing, seen = list_children(world), _flatten(shown)
    left = [
        _apply_one((seen[key], child), desired.get(key)) if key in seen else child for key, child in existing.items()
    ]
    made = [_create(child, world.context) for key, child in desired.items() if key not in existing and key not in seen]
    return group_children([*(child for child in left if child is not None), *made])


def update(observed: Manifest, desired: Manifest) -> Manifest:
    """What the API server holds after an update in place; one that changes what can't be changed is refused."""
    merged = merge_update(observed, desired)
    return observed if is_frozen(observed, merged) or observed["kind"] in NEVER_UPDATED else admit(merged)


def is_frozen(observed: Manifest, merged: Manifest) -> bool:
    """Whether an update would change what can't be changed."""
    frozen = FROZEN.get(observed["kind"], ()) if observed["kind"] != "Secret" or observed.get("immutable") else ()
    return any(merged.get(field) != observed.get(field) for field in frozen)


def delete(child: Manifest) -> Manifest | None:
    """The child after its deletion: gone, unless finalizers hold it."""
    if not child["metadata"].get("finalizers"):
        return None
    return with_metadata(child, deletionTimestamp="2026-01-02T03:04:05Z")


def describe_changes(before: Children, after: Children) -> str:
    """What a sync has made and deleted, for a story; empty where it has done neither."""
    old, new = _flatten(before), _flatten(after)
    made = [f"+ {describe_key(key)}" for key in new if key not in old]
    kept = {key: child for key, child in new.items() if not is_terminating(child)}
    gone = [f"- {describe_key(key)}" for key, child in old.items() if key not in kept and not is_terminating(child)]
    return ", ".join([*gone, *made])


def change_children(world: World, change: Callable[[Key, Manifest], Manifest | None]) -> Children:
    """The children of `world`, each as `change` makes it, or gone."""
    changed = [change(key, child) for key, child in list_children(world).items()]
    return group_children(child for child in changed if child is not None)


def _flatten(children: Children) -> dict[Key, Manifest]:
    return {(kind, name): child for kind, group in children.items() for name, child in group.items()}


def _apply_one(versions: tuple[Manifest, Manifest], desired: Manifest | None) -> Manifest | None:
    """What becomes of a child, given as it is shown and as it is: another one is not deleted, a newer not updated."""
    seen, child = versions
    if is_terminating(seen) or is_terminating(child):
        return child
    if desired is None:
        return delete(child) if child["metadata"]["uid"] == seen["metadata"]["uid"] else child
    return update(child, desired) if seen is child or seen == child else child


def _create(desired: Manifest, context: Context) -> Manifest:
    """The child as the API server makes it: at a certain time, with a uid that nothing else ever had."""
    uid = f"{desired['kind']}-{desired['metadata']['name']}-{context.entropy.hex()[:8]}"
    made = with_metadata(observe(desired), uid=uid, creationTimestamp=format_time(context.now))
    return with_last_applied(admit(made), desired)
