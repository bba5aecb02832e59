"""Metacontroller: what the testbed runs, one request at a time, on an API server and caches in memory.

A sync decides on what caches show, and acts later: what it is yet to do is pending, while others act too.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from hooks.kubernetes.manifest import Manifest
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.journal import Journal
from testbed.metacontroller.objects import key
from testbed.metacontroller.plan_children import Request as Planned
from testbed.metacontroller.plan_children import merge_changes
from testbed.metacontroller.sync import OF_PARENTS, Sync
from tests.simulation.controller import AS_USUAL, Around, Asking, Controller
from tests.simulation.controller import Watcher as CallWatcher
from tests.simulation.hooks import ANSWERS, Call, Hooks, Version, ViolationError
from tests.simulation.host_api import HostApi
from tests.simulation.kinds import COMPOSITES, Key

SIGNS: Final = {
    "created": "+",
    "deleted": "-",
    "updated": "~",
    "left alone, its name being taken:": "! taken:",
    "removed the finalizer of": "let go:",
}


class Request(NamedTuple):
    """One request to the API server: `what` is delete, create, update, status or finalized."""

    what: str
    key: Key
    call: Call
    seen: Manifest
    wanted: Manifest


class Watcher(CallWatcher, Protocol):
    """Who looks at what Metacontroller is answered and does."""

    def see_request(self, request: Request) -> None:
        """A request is about to reach the API server."""


@dataclass
class Pending:
    """A sync that has its answer, and what of it is yet to be done."""

    call: Call
    sync: Sync
    requests: list[Planned]


class Story(Journal):
    """What was done, in few signs, for a story; and how many updates changed nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.signs: list[str] = []
        self.idle = 0

    def note(self, verb: str, obj: Manifest) -> None:
        self.idle += verb == "updated without effect"
        if verb in SIGNS:
            self.signs.append(f"{SIGNS[verb]} {obj['kind']} {obj['metadata']['name']}")


class Merges:
    """Merges as the testbed does. To find once more that nothing differs costs far less than merging."""

    def __init__(self) -> None:
        self._still: dict[str, tuple[Manifest, Manifest]] = {}

    def __call__(self, observed: Manifest, desired: Manifest) -> Manifest:
        uid = observed["metadata"]["uid"]
        known = self._still.get(uid)
        if known is not None and known[1] == desired and _is_alike(known[0], observed):
            return observed
        merged = merge_changes(observed, desired)
        if merged is observed:
            self._still[uid] = (observed, desired)
        return merged


class Metacontroller:
    """One process. `idle`: updates that changed nothing, which a hook must not cause forever."""

    def __init__(self, api: HostApi, hooks: Hooks, watcher: Watcher) -> None:
        self._watcher = watcher
        self._around = Around(api, hooks, watcher, Merges())
        self._pending: dict[str, Pending] = {}
        self._controllers = self._build_controllers()
        self.idle = 0

    def restart(self) -> None:
        """It starts again: pending requests are dropped, everything in memory is forgotten, caches are filled."""
        self._pending.clear()
        self._controllers = self._build_controllers()
        self._around.api.catch_up()

    def sync(self, kind: str, name: str, version: Version, asking: Asking = AS_USUAL) -> Call | None:
        """Asks what a parent is to have; what is then to be done is pending. None where there is no such parent."""
        parent = self._around.api.kinds[kind].shown.get(name)
        if parent is None:
            return None
        self.act(parent["metadata"]["uid"])
        begun = self._controllers[kind].begin(key(parent), version, asking)
        if begun is None:
            return None
        try:
            self._pending[begun.call.uid] = Pending(begun.call, begun.sync, list(begun.sync.requests))
        except SyncError as error:
            raise ViolationError(ANSWERS, f"{name}: {error}") from error
        return begun.call

    def act(self, uid: str, count: int | None = None) -> list[str]:
        """So many of the pending requests of a parent reach the API server, or all; what came of each."""
        pending, story = self._pending.get(uid), Story()
        if pending is None:
            return []
        requests = pending.requests
        now, pending.requests = (requests, []) if count is None else (requests[:count], requests[count:])
        for request in now:
            self._watcher.see_request(_describe(request, pending.call))
            try:
                self._controllers[pending.call.kind].act(pending.sync, request, story)
            except SyncError as error:
                if request.verb in OF_PARENTS:
                    pending.requests = []
                    break
                story.signs.append(f"! {error}")
        self.idle += story.idle
        return story.signs

    def _build_controllers(self) -> dict[str, Controller]:
        return {kind: Controller(kind, self._around) for kind in COMPOSITES}

    def list_pending(self, parent: Key | None = None) -> list[str]:
        """The uids of parents for which something is yet to be done; of those with that kind and name, if given."""
        calls = [each.call for each in self._pending.values() if each.requests]
        return sorted(call.uid for call in calls if parent in (None, (call.kind, call.name)))

    def count_pending(self, uid: str) -> int:
        """How many requests are yet to be made."""
        return len(self._pending[uid].requests)

    def lose(self, uid: str) -> None:
        """What was to be done for a parent is not done."""
        del self._pending[uid]


def _describe(request: Planned, call: Call) -> Request:
    obj = request.wanted if request.verb in ("create", "update") else request.observed
    group_key = f"{request.kind.kind}.{request.kind.api_version}"
    return Request(request.verb, (group_key, obj["metadata"]["name"]), call, request.observed, request.wanted)


def _is_alike(old: Manifest, new: Manifest) -> bool:
    """Whether two versions of an object differ in nothing that a merge looks at."""
    return {**old, "status": None, "metadata": None} == {**new, "status": None, "metadata": None} and {
        **old["metadata"],
        "resourceVersion": "",
        "generation": 0,
    } == {**new["metadata"], "resourceVersion": "", "generation": 0}
