"""Children by kind and name, and how a story names them."""

from collections.abc import Iterable
from dataclasses import replace

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import group_key
from hooks.vk8s.observed.kinds import CHILD_KINDS
from tests.simulation.kinds import Key
from tests.world import Children, World


def get_key(child: Manifest) -> Key:
    """Kind and name of a child."""
    return group_key(child), child["metadata"]["name"]


def list_keys(world: World) -> list[Key]:
    """Kind and name of all children."""
    return [(kind, name) for kind, group in world.children.items() for name in group]


def list_children(world: World) -> dict[Key, Manifest]:
    """All children by kind and name."""
    return flatten(world.children)


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


def describe_key(key: Key) -> str:
    """A child in a story: `Pod m`."""
    return f"{key[0].partition('.')[0]} {key[1]}"


def describe_keys(keys: Iterable[Key]) -> str:
    """Some children in a story: `Pod m, Service m`."""
    return ", ".join(map(describe_key, sorted(keys))) or "nothing"


def flatten(children: Children) -> dict[Key, Manifest]:
    """The same children by kind and name."""
    return {(kind, name): child for kind, group in children.items() for name, child in group.items()}
