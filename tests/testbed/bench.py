"""One parent `demo`, an API server in memory, caches renewed when the test says so, hooks in process."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from testbed.metacontroller.answers import decode_customize, decode_sync
from testbed.metacontroller.controllers import Composite, build_composite
from testbed.metacontroller.customize import Customize
from testbed.metacontroller.journal import Journal
from testbed.metacontroller.objects import Manifest, metadata, with_metadata
from testbed.metacontroller.related import Related, Sources
from testbed.metacontroller.resources import Discovery, Resource
from testbed.metacontroller.server import Handler
from testbed.metacontroller.sync import Syncer, World
from tests.simulation.late_cache import LateCache
from tests.testbed.clock import Clock
from tests.testbed.memory_server import NAMESPACES, PARENTS, PODS, SECRETS, MemoryServer, served

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
KEY: Final = "default/demo"
PARENT_UID: Final = "uid-of-demo"
FINALIZER: Final = "metacontroller.io/compositecontroller-demo"

# A whole answer, or what the body of one is.
Answer = Manifest | bytes


def named(kind: str, name: str, **fields: Any) -> Manifest:
    """An object as a hook would return it."""
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **fields}


def owned(obj: Manifest, *, uid: str = PARENT_UID, label: str = PARENT_UID) -> Manifest:
    """The object as a child: in the namespace, labelled, with the owner reference."""
    reference = {
        "apiVersion": PARENTS.api_version,
        "kind": PARENTS.kind,
        "name": "demo",
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return with_metadata(obj, namespace="default", labels={"controller-uid": label}, ownerReferences=[reference])


def build_demo_composite(method: str = "InPlace", hooks: tuple[str, ...] = ("sync",), **spec: Any) -> Composite:
    """A CompositeController for things with pods and secrets; `spec` adds to it or replaces parts."""
    hook = {"version": "v2", "webhook": {"url": "http://127.0.0.1:9/"}}
    strategy = {"updateStrategy": {"method": method}}
    children = [{"apiVersion": kind.api_version, "resource": kind.plural, **strategy} for kind in (PODS, SECRETS)]
    document = {
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "kind": "CompositeController",
        "metadata": {"name": "demo"},
        "spec": {
            "parentResource": {"apiVersion": PARENTS.api_version, "resource": PARENTS.plural},
            "childResources": children,
            "generateSelector": True,
            "hooks": dict.fromkeys(hooks, hook),
            **spec,
        },
    }
    return build_composite(document, NOW)


class ListedCache(LateCache):
    """Shows what there was when it was last refreshed. It has handlers, but calls none of them."""

    def __init__(self, server: MemoryServer, resource: Resource) -> None:
        super().__init__(resource, server.kinds[resource.group_key])
        self.synced.clear()
        self.handlers: list[Handler] = []
        self._server = server

    def refresh(self) -> None:
        self._server.list_all(self.resource)
        self.stored.see(self.stored.delay)
        self.synced.set()

    def add_handler(self, handler: Handler) -> None:
        self.handlers.append(handler)


class Bench:
    """Syncs the parent as often as a test likes. `answer` is what the next calls are answered.

    The parent is `default/demo`, or `demo` where its kind has no namespaces. Caches of related kinds are filled when
    they are first asked for, or with the next sync.
    """

    def __init__(self, composite: Composite | None = None, server: MemoryServer | None = None) -> None:
        self.server = server or MemoryServer()
        self.answer: Answer | Callable[[str, Manifest], Answer] = {"children": [], "status": {}}
        self.questions: list[tuple[str, Manifest]] = []
        self.scheduled: list[tuple[str, float]] = []
        self.enqueued: list[str] = []
        self.crashes: list[str] = []
        self.clock = Clock()
        self.caches: dict[Resource, ListedCache] = {}
        self.fills_at_once = True
        self.unserved = set[str]()
        self._discovery = Discovery(self._discover, interval=0)
        self._syncer = self._build_syncer(composite or build_demo_composite())
        self._seed_parent()

    def _build_syncer(self, composite: Composite) -> Syncer:
        find, spec = self._discovery.by_plural, composite.spec
        self._parents = self._cache(find(spec.parent_resource.api_version, spec.parent_resource.resource))
        children = tuple(self._cache(find(child.api_version, child.resource)) for child in spec.child_resources)
        sources = Sources(self._parents, self._cache(NAMESPACES), self._discovery, self._watch)
        customize = Customize(
            composite, lambda question: decode_customize(self._call("customize", question)), self.clock
        )
        self.related = Related(customize, sources, self.enqueued.append, self.crashes.append)
        world = World(
            self.server,
            self._discovery,
            self._parents,
            children,
            self.related.of,
            lambda parent, seconds: self.scheduled.append((parent, seconds)),
        )
        return Syncer(composite, world, lambda name, question: decode_sync(self._call(name, question)))

    def _seed_parent(self) -> None:
        kind = self._parents.resource
        self.key = KEY if kind.namespaced else "demo"
        place = {"namespace": "default"} if kind.namespaced else {}
        manifest = {"apiVersion": kind.api_version, "kind": kind.kind, "spec": {}}
        self.server.seed(kind, with_metadata(manifest, name="demo", uid=PARENT_UID, **place))

    def _discover(self, api_version: str) -> list[Manifest]:
        return [each for each in served(api_version) if each["name"] not in self.unserved]

    def _cache(self, resource: Resource) -> ListedCache:
        return self.caches.setdefault(resource, ListedCache(self.server, resource))

    def _watch(self, resource: Resource) -> ListedCache:
        cache = self._cache(resource)
        if self.fills_at_once and not cache.synced.is_set():
            cache.refresh()
        return cache

    def sync(self, answer: Answer | None = None, *, with_old_caches: bool = False) -> str:
        """One sync; what it did, in words. `requests` is empty before it."""
        self.answer = self.answer if answer is None else answer
        if not with_old_caches:
            self.refresh()
        self.server.requests.clear()
        journal = Journal()
        self._syncer.sync(self.key, journal)
        return str(journal)

    def refresh(self) -> None:
        """Let the caches see what there is."""
        for cache in self.caches.values():
            cache.refresh()

    @property
    def parent(self) -> Manifest:
        """The parent as it is stored."""
        found = self.server.peek(self._parents.resource, self.key)
        assert found is not None
        return found

    @property
    def writes(self) -> list[str]:
        """The requests of the last sync that may change something."""
        return [request for request in self.server.requests if not request.startswith(("GET", "LIST"))]

    @property
    def asked(self) -> list[str]:
        """The names of the hooks that were called."""
        return [name for name, _ in self.questions]

    def seen_children(self) -> list[str]:
        """The keys of the children in the last question."""
        children: Manifest = self.questions[-1][1]["children"]
        return sorted(name for group in children.values() for name in group)

    def seen_related(self) -> dict[str, list[str]]:
        """The keys of the related objects in the last question, by kind."""
        related: Manifest = self.questions[-1][1]["related"]
        return {group_key: sorted(group) for group_key, group in related.items()}

    def versions(self) -> dict[str, str]:
        """The resourceVersion of everything."""
        kinds = [(kind, name) for kind in self.caches for name in self.server.keys(kind)]
        return {
            f"{kind.plural} {name}": metadata(self.server.peek(kind, name) or {})["resourceVersion"]
            for kind, name in kinds
        }

    def _call(self, name: str, request: Manifest) -> bytes:
        self.questions.append((name, request))
        answer = self.answer(name, request) if callable(self.answer) else self.answer
        return answer if isinstance(answer, bytes) else json.dumps(answer).encode()
