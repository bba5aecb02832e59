"""Plays stories in memory, in the worlds that all tests without a cluster use."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, Self

from hooks.ippool import decide as ippool
from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S, PoolCustomizeRequest
from hooks.kubernetes.conditions import format_time
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s import decide as vk8s
from hooks.vk8s.observed.children import POD, group_key
from hooks.vk8s.spec.namespace_rules import LIMIT_RANGE, QUOTA
from hooks.wire import CustomizeRequest, CustomizeResponse, SyncResponse
from tests.pool_world import CREATED, PoolWorld, pool_manifest
from tests.scenarios.changes import change
from tests.scenarios.story import Step, Story, read_story
from tests.world import NOW, World

RELATED = {
    "ipallocations": ALLOCATION,
    "ippools": POOL,
    "limitranges": LIMIT_RANGE,
    "pods": POD,
    "resourcequotas": QUOTA,
}


class Play(Protocol):
    """The host cluster at one point of a story. Each method returns a new one, or an answer of the hooks."""

    def with_settings(self, settings: Settings) -> Self:
        """The cluster after an administrator has changed the settings of the hooks."""

    def happen(self, step: Step) -> Self:
        """The cluster after what happens in that step."""

    def ask(self) -> SyncResponse:
        """The answer to a sync call, or to a finalize call once the object is deleted."""

    def customize(self) -> CustomizeResponse:
        """The answer to a customize call: which other objects Metacontroller sends along."""

    def stored(self, answer: SyncResponse) -> Self:
        """The cluster after Metacontroller has applied that answer."""


@dataclass(frozen=True)
class Vk8sPlay:
    """A Vk8s, and the other objects of the host cluster."""

    world: World
    related: tuple[Manifest, ...] = ()
    deleted: str = ""

    def with_settings(self, settings: Settings) -> Self:
        """They are part of the context of a call."""
        return replace(self, world=replace(self.world, context=replace(self.world.context, settings=settings)))

    def happen(self, step: Step) -> Self:
        """Changes in the world of the Vk8s, and in the objects around it."""
        world = change(self.world, step)
        deleted = format_time(world.context.now) if step.deleted else self.deleted
        return replace(self, world=world, related=add_identities(step, self.related), deleted=deleted)

    def ask(self) -> SyncResponse:
        """With those related objects that the answer to a customize call selects."""
        rules = self.customize().related_resources
        kinds = [RELATED[rule["resource"]] for rule in rules]
        related = {kind: select(self.related, kind) for kind in kinds}
        world = replace(self.world, related=related)
        if self.deleted:
            return vk8s.decide_finalize(world.request(deletionTimestamp=self.deleted), world.context)
        return world.sync()

    def customize(self) -> CustomizeResponse:
        """Depends on the spec and the settings."""
        request = CustomizeRequest(parent=self.world.request().parent)
        return vk8s.decide_customize(request, self.world.context.settings)

    def stored(self, answer: SyncResponse) -> Self:
        """Children and status are in the world."""
        return replace(self, world=self.world.stored(answer))


@dataclass(frozen=True)
class PoolPlay:
    """An IPPool, and the other objects of the host cluster."""

    world: PoolWorld
    related: tuple[Manifest, ...] = ()
    now: datetime = NOW

    def with_settings(self, _settings: Settings) -> Self:
        """The hooks of pools have no settings."""
        return self

    def happen(self, step: Step) -> Self:
        """Related objects, time and deletion; a pool has no other events."""
        related, now = add_identities(step, self.related), self.now + timedelta(seconds=step.seconds)
        deleted = {"deletionTimestamp": format_time(now)} if step.deleted else {}
        pool = {**self.world.pool, "metadata": {**self.world.pool["metadata"], **deleted}}
        world = replace(
            self.world,
            pool=pool,
            vk8s=tuple(select(related, VK8S).values()),
            others=tuple(select(related, POOL).values()),
            foreign=tuple(select(related, ALLOCATION).values()),
        )
        return replace(self, world=world, related=related, now=now)

    def ask(self) -> SyncResponse:
        """At the time of the story, which may be past the grace period."""
        is_deleted = "deletionTimestamp" in self.world.pool["metadata"]
        decide = ippool.decide_finalize if is_deleted else ippool.decide_sync
        return decide(self.world.request(), self.now)

    def customize(self) -> CustomizeResponse:
        """Depends on the uid of the pool."""
        return ippool.decide_customize(PoolCustomizeRequest.model_validate({"parent": self.world.pool}))

    def stored(self, answer: SyncResponse) -> Self:
        """Children and status are in the world."""
        return replace(self, world=self.world.stored(answer))


@dataclass(frozen=True)
class Moment:
    """A call of the hooks at the end of a step: the cluster that it was about, and the answers."""

    step: str
    play: Play
    answer: SyncResponse
    rules: CustomizeResponse


def play_story(name: str) -> tuple[Moment | None, list[Moment]]:
    """The moment that the story continues from, if any, and the moment of each of its steps."""
    story = read_story(name)
    before = play_until(story.after, story.until) if story.after else None
    moments: list[Moment] = []
    for step in story.steps:
        last = moments[-1] if moments else before
        play = last.play.stored(last.answer) if last else begin(story)
        moments.append(play_step(play.with_settings(story.settings), step))
    return before, moments


def play_until(story: str, step: str | None) -> Moment:
    """The moment of that step of the story, or of its last one."""
    _, moments = play_story(story)
    return next(moment for moment in reversed(moments) if step in (moment.step, None))


def play_step(play: Play, step: Step) -> Moment:
    """The call at the end of that step."""
    for _ in range(step.unrecorded_calls):
        play = play.stored(play.ask())
    after = play.happen(step)
    return Moment(step.step, after, after.ask(), after.customize())


def begin(story: Story) -> Play:
    """The cluster in which only the object of the story exists."""
    if story.created is None:
        raise AssertionError("a story needs `created` or `after`")
    created = story.created
    if created.kind == "IPPool":
        return PoolPlay(PoolWorld(pool=pool_manifest(created.spec, labels=created.labels), vk8s=()))
    return Vk8sPlay(World(spec=created.spec, labels=created.labels))


def add_identities(step: Step, before: tuple[Manifest, ...]) -> tuple[Manifest, ...]:
    """The related objects of the step, or else those of the step before, each with the metadata of a stored object."""
    if step.related is None:
        return before
    common = {"creationTimestamp": CREATED, "generation": 1}
    return tuple(
        {**each, "metadata": {"uid": f"uid-of-{each['metadata']['name']}", **common, **each["metadata"]}}
        for each in step.related
    )


def select(related: tuple[Manifest, ...], kind: str) -> dict[str, Manifest]:
    """The objects of that kind, keyed as in a request."""
    return {
        "/".join(filter(None, [each["metadata"].get("namespace"), each["metadata"]["name"]])): each
        for each in related
        if group_key(each) == kind
    }
