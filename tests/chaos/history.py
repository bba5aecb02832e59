"""Histories: lists of events that are data, so that they can be played again, as a whole or in part."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final, NamedTuple

from hooks.vk8s.observed.children import POD, is_ready
from testbed.metacontroller.objects import is_terminating
from tests.chaos import edits, faults, hosts, losses, machinery, owner, quorums
from tests.chaos.judge import TWO_DOWN, Judge
from tests.chaos.rest import end
from tests.chaos.scene import Draw, Scene
from tests.simulation.answers import is_accepted
from tests.simulation.hooks import Hooks, ViolationError
from tests.simulation.pods import is_down
from tests.simulation.removals import list_staying

FEWEST_EVENTS, MOST_EVENTS = 20, 80


class Event(NamedTuple):
    """Something that happens: its name, and the seed of its choices."""

    name: str
    seed: int


@dataclass(frozen=True)
class History:
    """What happens, one after the other. `is_peaceful`: nobody but the hooks takes a node down."""

    seed: int
    events: tuple[Event, ...]
    is_peaceful: bool = False
    is_pooled: bool = False
    has_members: bool = False


@dataclass
class Outcome:
    """What came of a history: its story, the violation if there was any, and how many calls it took."""

    story: list[str]
    calls: int
    violation: ViolationError | None = None


# By how often each happens.
MACHINERY: Final[dict[Callable[[Scene, Draw], None], int]] = {
    machinery.sync: 14,
    machinery.sync_and_see: 8,
    machinery.see: 6,
    machinery.catch_up: 3,
    machinery.act: 4,
    machinery.boot: 8,
    machinery.work: 4,
    machinery.finish: 6,
    machinery.pass_time: 3,
    hosts.restart_kubelet: 2,
}
OWNERS: Final[dict[Callable[[Scene, Draw], None], int]] = {
    edits.add_worker: 4,
    edits.remove_worker: 4,
    edits.edit_nodes: 2,
    edits.edit_access: 1,
    edits.edit_ports: 1,
    edits.edit_kubeflow: 2,
    owner.ask_restart: 2,
    owner.force_remove: 1,
    owner.label: 1,
}
RASH: Final[dict[Callable[[Scene, Draw], None], int]] = {
    owner.create_vk8s: 3,
    owner.delete_vk8s: 2,
    edits.edit_images: 4,
    owner.pause: 1,
    owner.resume: 2,
    owner.break_spec: 1,
    owner.mend_spec: 2,
    machinery.lose_call: 2,
    machinery.ask_ahead: 1,
    machinery.ask_finalize: 1,
    faults.break_pod: 4,
    hosts.lose_host: 1,
    hosts.find_host: 1,
    losses.lose_claim: 3,
    losses.lose_claims: 1,
    losses.lose_node: 1,
    losses.lose_credentials: 1,
    losses.restore_claim: 2,
    losses.accept_loss: 2,
    faults.inject: 1,
    faults.delete_child: 3,
    faults.lose_pki: 1,
    faults.restore_pki: 1,
    faults.scribble: 1,
    faults.release: 1,
    faults.hold: 1,
    faults.mark_master: 1,
    faults.squat: 1,
    faults.set_quota: 1,
    faults.jump: 1,
    faults.lose_job: 1,
    faults.deploy: 3,
    faults.restart_controller: 1,
}
POOLED: Final[dict[Callable[[Scene, Draw], None], int]] = {
    machinery.sync_pool: 12,
    faults.put_pool: 3,
    edits.edit_pool: 1,
    faults.delete_pool: 1,
    faults.rob: 1,
}
# With several control-plane nodes.
REPLICATED: Final[dict[Callable[[Scene, Draw], None], int]] = {edits.edit_masters: 5, owner.ask_restart: 3}
STRUCK: Final[dict[Callable[[Scene, Draw], None], int]] = {
    quorums.drain: 5,
    losses.lose_claim: 4,
    losses.lose_node: 4,
    losses.accept_loss: 3,
    hosts.lose_host: 3,
    hosts.find_host: 3,
}
# Every so many histories, one has them.
SHARE: Final = 8
TABLE: Final = {
    event.__name__: event for table in (MACHINERY, OWNERS, RASH, POOLED, REPLICATED, STRUCK) for event in table
}


def make_history(seed: int, *, has_members: bool | None = None) -> History:
    """The history of that seed. `has_members`: whether there may be several control-plane nodes, if not by its seed."""
    has_members = seed % SHARE == SHARE - 1 if has_members is None else has_members
    random = Random(seed)  # noqa: S311 a story, not a secret
    is_peaceful, is_pooled = random.random() < 0.25, random.random() < 0.3
    weights = {
        **MACHINERY,
        **OWNERS,
        **({} if is_peaceful else RASH),
        **(POOLED if is_pooled and not is_peaceful else {}),
        **(REPLICATED if has_members else {}),
        **(STRUCK if has_members and not is_peaceful else {}),
    }
    names = [event.__name__ for event in weights]
    drawn = random.choices(names, list(weights.values()), k=random.randint(FEWEST_EVENTS, MOST_EVENTS))
    first = ["create_vk8s", "sync_and_see", "sync_and_see", "sync_and_see", "sync_and_see", "boot", "sync_and_see"]
    events = tuple(
        Event(name, random.getrandbits(32)) for name in [*(first if random.random() < 0.9 else first[:1]), *drawn]
    )
    return History(seed, events, is_peaceful, is_pooled and not is_peaceful, has_members)


def play(history: History, make_hooks: Callable[[], Hooks] = Hooks) -> Outcome:
    """Plays the history to its end, or until an invariant is broken."""
    judge, hooks = Judge(), make_hooks()
    judge.scene = scene = Scene(hooks, judge, is_pooled=history.is_pooled, has_members=history.has_members)
    peace = Peace(scene) if history.is_peaceful else None
    violation = None
    try:
        for event in history.events:
            TABLE[event.name](scene, Draw(event.seed))
            quorums.serve(scene)
            if peace:
                peace.check()
        end(scene)
    except ViolationError as error:
        violation = error
    return Outcome(scene.story, hooks.calls, violation)


@dataclass
class Peace:
    """While nobody but the hooks takes nodes down, at most one that has lived is down, whatever the reason."""

    scene: Scene
    lived: set[tuple[str, str]] = field(default_factory=set)

    def check(self) -> None:
        """Fails where two are down at this moment."""
        for vk8s in self.scene.list_vk8s():
            world = self.scene.look(vk8s)
            if is_terminating(vk8s) or not is_accepted(world):
                continue
            uid = world.uid
            staying = list_staying(world)
            pods, now = world.children[POD].items(), self.scene.api.now
            ready = {name for name, pod in pods if is_ready(pod)}
            up = {name for name, pod in pods if not is_down(pod, now)}
            self.lived = {each for each in self.lived if each[0] != uid or each[1] in staying}
            self.lived |= {(uid, name) for name in ready & staying}
            down = sorted(
                name for owner_uid, name in self.lived - self.scene.overtaken if owner_uid == uid and name not in up
            )
            if len(down) > 1:
                raise ViolationError(TWO_DOWN, f"{', '.join(down)} of {world.name}")


def run_until_violation(events: Iterable[Event], history: History, make_hooks: Callable[[], Hooks]) -> Outcome:
    """What comes of a history with these events in place of its own."""
    return play(replace(history, events=tuple(events)), make_hooks)


def shrink(history: History, invariant: str, make_hooks: Callable[[], Hooks] = Hooks) -> History:
    """The same history without the events that it takes no part of to break the invariant (delta debugging)."""

    def breaks(events: Sequence[Event]) -> bool:
        violation = run_until_violation(events, history, make_hooks).violation
        return violation is not None and violation.invariant == invariant

    events, size = list(history.events), max(1, len(history.events) // 2)
    while size:
        rest = _drop_chunks(events, size, breaks)
        size = size if rest != events and size == 1 else size // 2
        events = rest
    return replace(history, events=tuple(events))


def _drop_chunks(events: list[Event], size: int, breaks: Callable[[Sequence[Event]], bool]) -> list[Event]:
    """The events without each chunk of that size that is not needed."""
    start = 0
    while start < len(events):
        fewer = [*events[:start], *events[start + size :]]
        if breaks(fewer):
            events = fewer
        else:
            start += size
    return events


def tell(outcome: Outcome, history: History) -> str:
    """The story, in numbered sentences, and what it broke."""
    lines = [f"History {history.seed}, {len(history.events)} events:"]
    lines = [*lines, *(f"{number:4}. {sentence}" for number, sentence in enumerate(outcome.story, 1))]
    return "\n".join([*lines, f"Broken: {outcome.violation}"])
