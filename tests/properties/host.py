"""A host cluster of the simulation as a value: each event gives another, so that a test can try several from one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from hooks.ippool.request import VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.situation import Context
from hooks.wire import SyncResponse
from testbed.metacontroller.desired import index_desired, with_selector_labels
from testbed.metacontroller.merge import merge_update
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.chaos.scene import Scene
from tests.simulation.admission import admit
from tests.simulation.hooks import Call, Hooks, Version
from tests.simulation.host_api import NAMESPACE, HostApi
from tests.simulation.keys import describe_key, describe_keys, flatten, get_key, group_children, list_keys
from tests.simulation.kinds import COMPOSITES, Key
from tests.simulation.late_cache import Stored
from tests.simulation.metacontroller import Metacontroller, Request
from tests.world import UID, Children, World


class Asked(Hooks):
    """The hooks, asked in one context."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context

    def build_context(self, *_: Any) -> Context:
        return self._context


class Nobody:
    """Watches, and says nothing."""

    def see_call(self, call: Call) -> None:
        """That is seen by the test."""

    def see_request(self, request: Request) -> None:
        """That, too."""


class QuickApi(HostApi):
    """An API server of a host cluster in which nothing but finalizers holds what is deleted."""

    def ends_later(self, *_: object) -> bool:
        return False


@dataclass(frozen=True)
class Host:
    """A Vk8s and its children as they are, and the events that led to this.

    `old_children`: kinds of which Metacontroller's cache still shows something older, and what.
    """

    world: World
    valid_spec: Manifest
    old_children: Children = field(default_factory=dict)
    version: int = 0
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

    def sync(self, **metadata: Any) -> "Host":
        """The host cluster after one sync of the Vk8s, with that `metadata`; the cache still shows what it showed."""
        world, context, api = self.world, self.world.context, self._build_api(metadata)
        metacontroller = Metacontroller(api, Asked(context), Nobody())
        call = metacontroller.sync(VK8S, world.name, Version("", context.settings, context.scripts))
        metacontroller.act(world.uid)
        children = {kind: dict(api.kinds[kind].now) for kind in world.children}
        status = call.answer.status if call else world.status
        context = replace(context, entropy=sha256(context.entropy).digest())
        after = replace(
            self, world=replace(world, children=children, status=status, context=context), version=api.version
        )
        changes = describe_changes(world.children, children)
        return after.after(f"sync by {context.scripts.digest}: {changes}") if changes else after

    def build_scene(self) -> Scene:
        """The same host cluster, for what happens in histories."""
        context = self.world.context
        version = Version(context.scripts.digest, context.settings, context.scripts)
        return Scene(
            Asked(context),
            Nobody(),
            api=self._build_api({}),
            answering=[version],
            written={self.world.name: self.valid_spec},
        )

    def after_scene(self, scene: Scene) -> "Host":
        """The host cluster after what has happened in that scene."""
        world = self.world
        (vk8s,) = scene.list_vk8s()
        metadata = vk8s["metadata"]
        children = {kind: dict(scene.api.kinds[kind].now) for kind in world.children}
        parent = {"spec": vk8s.get("spec"), **{name: metadata.get(name, {}) for name in ("labels", "annotations")}}
        after = replace(self, world=replace(world, children=children, **parent), version=scene.api.version)
        return replace(after, valid_spec=scene.written[world.name], story=(*self.story, *scene.story))

    def _build_api(self, metadata: Manifest) -> HostApi:
        api = QuickApi()
        api.version, api.now, name = self.version, self.world.context.now, self.world.name
        parent = self.world.parent(finalizers=[COMPOSITES[VK8S].finalizer, *self.world.finalizers], **metadata)
        api.kinds[VK8S] = Stored({name: parent})
        for kind, now in self.world.children.items():
            shown = self.old_children.get(kind, now)
            # What has changed since the cache saw it has another version.
            newer = {name: child if shown.get(name, child) == child else _renew(child) for name, child in now.items()}
            api.kinds[kind] = Stored(newer, shown)
        return api

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


def list_desired(answer: SyncResponse, uid: str = UID, namespace: str = NAMESPACE) -> dict[Key, Manifest]:
    """What Metacontroller makes of the children that the parent of that uid is answered before it applies them."""
    groups = with_selector_labels(index_desired(answer.children, namespace), uid)
    return {get_key(child): child for group in groups.values() for child in group.values()}


def update(observed: Manifest, desired: Manifest) -> Manifest:
    """What the API server holds after an update in place."""
    return admit(merge_update(observed, desired))


def describe_changes(before: Children, after: Children) -> str:
    """What a sync has made and deleted, for a story; empty where it has done neither."""
    old, new = flatten(before), flatten(after)
    made = [f"+ {describe_key(key)}" for key in new if key not in old]
    kept = {key: child for key, child in new.items() if not is_terminating(child)}
    gone = [f"- {describe_key(key)}" for key, child in old.items() if key not in kept and not is_terminating(child)]
    return ", ".join([*gone, *made])


def change_children(world: World, change: Callable[[Key, Manifest], Manifest | None]) -> Children:
    """The children of `world`, each as `change` makes it, or gone."""
    changed = [change(key, child) for key, child in flatten(world.children).items()]
    return group_children(child for child in changed if child is not None)


def _renew(child: Manifest) -> Manifest:
    return with_metadata(child, resourceVersion=f"{child['metadata']['resourceVersion']}-newer")
