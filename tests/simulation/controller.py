"""Metacontroller's controller of one CompositeController, as the testbed runs it, asking hooks without HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple, Protocol

from hooks.kubernetes.manifest import Manifest
from hooks.wire import FinalizeResponse
from testbed.metacontroller.answers import SyncAnswer
from testbed.metacontroller.customize import Customize, Rules
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.hook_request import Group, Groups
from testbed.metacontroller.journal import Journal
from testbed.metacontroller.objects import is_terminating
from testbed.metacontroller.plan_children import Merge
from testbed.metacontroller.related import Related, Sources
from testbed.metacontroller.resources import Resource
from testbed.metacontroller.rules import RelatedRule
from testbed.metacontroller.sync import Sync, Syncer, World
from tests.simulation.hooks import Call, Hooks, Version
from tests.simulation.host_api import HostApi
from tests.simulation.kinds import COMPOSITES, DISCOVERY, NAMESPACES
from tests.simulation.late_cache import LateCache


@dataclass(frozen=True)
class Asking:
    """How hooks are asked.

    `is_finalizing`: although nobody deletes it, as where its labels stop matching; `ahead`: how wrong its clock is;
    `meanwhile`: what happens between a look at the children and one at the related objects.
    """

    is_finalizing: bool = False
    ahead: timedelta = timedelta(0)
    meanwhile: Callable[[], None] = lambda: None


AS_USUAL: Final = Asking()


class Watcher(Protocol):
    """Who looks at what the hooks answer."""

    def see_call(self, call: Call) -> None:
        """A hook has answered."""


@dataclass(frozen=True)
class Around:
    """What the controllers of one process share."""

    api: HostApi
    hooks: Hooks
    watcher: Watcher
    merge: Merge

    def watch(self, resource: Resource) -> LateCache:
        """The cache of a kind."""
        return LateCache(resource, self.api.kinds[resource.group_key])


class Begun(NamedTuple):
    """A call, and the sync that it is one of."""

    call: Call
    sync: Sync


class Controller:
    """Begins syncs of one kind of parents, and carries them out."""

    def __init__(self, kind: str, around: Around) -> None:
        self._kind, self._around = kind, around
        self._version: Version
        self._asking = AS_USUAL
        self._calls: list[Call] = []
        composite, find = COMPOSITES[kind], DISCOVERY.by_plural
        spec = composite.spec
        parents = around.watch(find(spec.parent_resource.api_version, spec.parent_resource.resource))
        children = tuple(around.watch(find(each.api_version, each.resource)) for each in spec.child_resources)
        customize = Customize(composite, self._ask_rules, around.api.count_seconds)
        sources = Sources(parents, around.watch(NAMESPACES), DISCOVERY, around.watch)
        self._related = Related(customize, sources, _ignore, _ignore)
        world = World(around.api, DISCOVERY, parents, children, self._list_related, _ignore)
        self._syncer = Syncer(composite, world, self._ask, around.merge)
        self.act = self._syncer.act

    def begin(self, parent_key: str, version: Version, asking: Asking) -> Begun | None:
        """The call about a parent, and what follows; None if the parent is gone or the call fails."""
        self._version, self._asking = version, asking
        try:
            sync = self._syncer.begin(parent_key, Journal())
        except SyncError:
            return None
        return Begun(self._calls.pop(), sync) if sync else None

    def _list_related(self, parent: Manifest) -> Groups:
        self._asking.meanwhile()
        return self._related.of(parent)

    def _ask(self, _: str, question: Manifest) -> SyncAnswer:
        around, asking, parent = self._around, self._asking, question["parent"]
        context = around.hooks.build_context(self._version, around.api.now + asking.ahead)
        body = {**question, "finalizing": is_terminating(parent) or asking.is_finalizing}
        answer = around.hooks.answer(self._kind, body, context)
        children, related = _key_by_name(question["children"]), _key_by_name(question["related"])
        call = Call(self._kind, parent, children, related, context, answer)
        self._calls.append(call)
        around.watcher.see_call(call)
        is_over = isinstance(answer, FinalizeResponse) and answer.finalized
        return SyncAnswer(answer.status, tuple(answer.children), answer.resync_after_seconds, is_over)

    def _ask_rules(self, question: Manifest) -> Rules:
        context = self._around.hooks.build_context(self._version, self._around.api.now)
        rules = self._around.hooks.customize(self._kind, question["parent"], context)
        return tuple(map(RelatedRule.model_validate, rules))


def _key_by_name(groups: dict[str, Group]) -> dict[str, Group]:
    return {kind: {obj["metadata"]["name"]: obj for obj in group.values()} for kind, group in groups.items()}


def _ignore(*_: object) -> None:
    """Drops the news: the simulation chooses what is synced, and when."""
