"""Metacontroller in memory: it claims, asks, and does what it is answered, one request at a time.

A sync decides on what caches show, and acts later: what it is yet to do is pending, while others act too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.wire import FinalizeResponse, SyncResponse
from testbed.metacontroller.merge import merge_update, with_last_applied
from testbed.metacontroller.objects import deep_equal, is_terminating, with_metadata
from tests.chaos.api import NAMESPACE, ApiServer, ConflictError, RefusedError, TakenError
from tests.chaos.calls import Call, Hooks, Version
from tests.chaos.claims import claim, with_owner
from tests.chaos.related import Related
from tests.properties.host import NEVER_UPDATED, Key, find_desired

FINALIZER: Final = "metacontroller.io/compositecontroller-vk8s"
# With one of these, the garbage collector has the children, and Metacontroller has not.
GC_FINALIZERS: Final = ("foregroundDeletion", "orphan")
CHILD_KINDS_OF: Final = {VK8S: CHILD_KINDS, POOL: (ALLOCATION,)}


@dataclass(frozen=True)
class Asking:
    """How a parent is asked for.

    `is_finalizing`: although nobody deletes it, as where its labels stop matching; `ahead`: how wrong its clock is.
    """

    is_finalizing: bool = False
    ahead: timedelta = timedelta(0)


AS_USUAL: Final = Asking()


@dataclass(frozen=True)
class Request:
    """One request to the API server: `what` is delete, create, update, status or finalized."""

    what: str
    key: Key
    call: Call
    seen: Manifest | None = None
    wanted: Manifest | None = None


class Watcher(Protocol):
    """Who looks at what Metacontroller is answered and does."""

    def see_call(self, call: Call) -> None:
        """A hook has answered."""

    def see_request(self, request: Request) -> None:
        """A request is about to reach the API server."""


@dataclass
class Metacontroller:
    """One process. `idle`: updates that changed nothing, which a hook must not cause for ever."""

    api: ApiServer
    hooks: Hooks
    watcher: Watcher
    pending: dict[str, list[Request]] = field(default_factory=dict)
    idle: int = 0
    related: Related = field(init=False)
    _still: dict[str, tuple[Manifest, Manifest]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.related = Related(self.api, self.hooks)

    def restart(self) -> None:
        """It begins anew: what was pending is not done, what was remembered is forgotten, caches are filled."""
        self.pending.clear()
        self.related.forget()
        self.api.catch_up()

    def sync(self, kind: str, name: str, version: Version, asking: Asking = AS_USUAL) -> Call | None:
        """Asks what a parent is to have; what is then to be done is pending. None where there is no such parent."""
        parent = self.api.kinds[kind].shown.get(name)
        if parent is None:
            return None
        self.act(parent["metadata"]["uid"])
        if not self._add_finalizer((kind, name), parent):
            return None
        children = {each: claim(self.api, each, parent) for each in CHILD_KINDS_OF[kind]}
        context = self.hooks.build_context(version, self.api.now + asking.ahead)
        related = self.related.find(kind, parent, version)
        body = {
            "parent": parent,
            "children": _key_by_namespace(children),
            "related": _key_by_namespace(related),
            "finalizing": is_terminating(parent) or asking.is_finalizing,
        }
        call = Call(kind, parent, children, related, context, self.hooks.answer(kind, body, context))
        self.watcher.see_call(call)
        self.pending[call.uid] = list(self._find_requests(call))
        return call

    def act(self, uid: str, count: int | None = None) -> list[str]:
        """So many of the pending requests of a parent reach the API server, or all; what came of each."""
        requests = self.pending.get(uid, [])
        now, self.pending[uid] = (requests, []) if count is None else (requests[:count], requests[count:])
        return [text for request in now if (text := self._do(request))]

    def _add_finalizer(self, key: Key, parent: Manifest) -> bool:
        """Whether the parent may be synced. The finalizer is added to what there is now, if it is still the same."""
        if FINALIZER in parent["metadata"].get("finalizers", []) or is_terminating(parent):
            return True
        real = self.api.get(*key)
        if real is None or real["metadata"]["uid"] != parent["metadata"]["uid"] or is_terminating(real):
            return False
        if FINALIZER not in real["metadata"].get("finalizers", []):
            finalizers = [*real["metadata"].get("finalizers", []), FINALIZER]
            self.api.edit(key, lambda old: with_metadata(old, finalizers=finalizers))
        return True

    def _find_requests(self, call: Call) -> Iterator[Request]:
        answer, key = call.answer, (call.kind, call.name)
        is_over = isinstance(answer, FinalizeResponse) and answer.finalized
        if is_over:
            yield Request("finalized", key, call)
        finalizers = call.parent["metadata"].get("finalizers", [])
        is_managed = not is_terminating(call.parent) or (
            FINALIZER in finalizers and not any(each in finalizers for each in GC_FINALIZERS)
        )
        if is_managed and not is_over:
            yield from self._find_child_requests(
                call, find_desired(answer, call.uid, NAMESPACE if call.kind == VK8S else "")
            )
        yield Request("status", key, call, wanted=_build_status(answer, call))

    def _find_child_requests(self, call: Call, desired: dict[Key, Manifest]) -> Iterator[Request]:
        for kind in sorted(call.children):
            for name, obj in call.children[kind].items():
                if (kind, name) not in desired and not is_terminating(obj):
                    yield Request("delete", (kind, name), call, seen=obj)
        for key in sorted(desired):
            wanted, seen = desired[key], call.children[key[0]].get(key[1])
            if seen is None:
                yield Request("create", key, call, wanted=wanted)
            elif not is_terminating(seen) and seen["kind"] not in NEVER_UPDATED:
                merged = self._merge(seen, wanted)
                yield from [Request("update", key, call, seen, merged)] if merged else []

    def _merge(self, seen: Manifest, wanted: Manifest) -> Manifest | None:
        """What to write; None where that is what there is. To find it so once more costs far less than merging."""
        uid = seen["metadata"]["uid"]
        known = self._still.get(uid)
        if known is not None and _is_alike(known[0], seen) and known[1] == wanted:
            return None
        merged = merge_update(seen, wanted)
        if not deep_equal(merged, seen):
            return merged
        self._still[uid] = (seen, wanted)
        return None

    def _do(self, request: Request) -> str:
        """What came of it, for a story; empty where that is nothing."""
        self.watcher.see_request(request)
        what = f"{request.key[0].partition('.')[0]} {request.key[1]}"
        try:
            return (
                f"{DONE[request.what]} {what}" if ACTIONS[request.what](self, request) and request.what in DONE else ""
            )
        except TakenError:
            return f"! {what} is taken"
        except ConflictError:
            return ""
        except RefusedError as error:
            return f"! {error}"

    def _delete(self, request: Request) -> bool:
        real, seen = self.api.get(*request.key), request.seen or {}
        if real is None or real["metadata"]["uid"] != seen["metadata"]["uid"]:
            return False
        self.api.delete(request.key)
        return True

    def _create(self, request: Request) -> bool:
        wanted = request.wanted or {}
        self.api.create(with_owner(with_last_applied(wanted, wanted), request.call.parent))
        return True

    def _update(self, request: Request) -> bool:
        version = self.api.version
        self.api.replace(request.wanted or {})
        self.idle += version == self.api.version
        return version != self.api.version

    def _write_status(self, request: Request) -> bool:
        real = self.api.get(*request.key)
        if real is None or real["metadata"]["uid"] != request.call.uid:
            return False
        self.api.edit(request.key, lambda old: {**old, "status": request.wanted})
        return True

    def _finalize(self, request: Request) -> bool:
        real = self.api.get(*request.key)
        if real is None or real["metadata"]["uid"] != request.call.uid:
            return False
        rest = [each for each in real["metadata"].get("finalizers", []) if each != FINALIZER]
        self.api.edit(request.key, lambda old: with_metadata(old, finalizers=rest))
        if not rest and is_terminating(real):
            self.api.remove(request.key)
        return True


ACTIONS: Final[dict[str, Callable[[Metacontroller, Request], bool]]] = {
    "delete": Metacontroller._delete,  # noqa: SLF001 a table of its own methods
    "create": Metacontroller._create,  # noqa: SLF001
    "update": Metacontroller._update,  # noqa: SLF001
    "status": Metacontroller._write_status,  # noqa: SLF001
    "finalized": Metacontroller._finalize,  # noqa: SLF001
}
DONE: Final = {"delete": "-", "create": "+", "update": "~", "finalized": "let go:"}


def _is_alike(old: Manifest, new: Manifest) -> bool:
    """Whether two versions of an object differ in nothing that a merge looks at."""
    return {**old, "status": None, "metadata": None} == {**new, "status": None, "metadata": None} and {
        **old["metadata"],
        "resourceVersion": "",
    } == {**new["metadata"], "resourceVersion": ""}


def _build_status(answer: SyncResponse, call: Call) -> Manifest:
    return {**answer.status, "observedGeneration": call.parent["metadata"]["generation"]}


def _key_by_namespace(groups: dict[str, dict[str, Manifest]]) -> dict[str, dict[str, Manifest]]:
    return {
        kind: {f"{NAMESPACE}/{name}" if "namespace" in obj["metadata"] else name: obj for name, obj in group.items()}
        for kind, group in groups.items()
    }


def _name(obj: Manifest) -> str:
    return str(obj["metadata"]["name"])
