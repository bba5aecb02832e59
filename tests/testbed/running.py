"""A controller as it runs, with a parent `default/demo`, and all that it needs."""

import json
from collections.abc import Callable

from testbed.metacontroller.controller import Controller, Pace, Surroundings
from testbed.metacontroller.controllers import Composite
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.events import EventRecorder
from testbed.metacontroller.informer import Informers
from testbed.metacontroller.objects import Manifest
from testbed.metacontroller.resources import Discovery
from testbed.metacontroller.webhook import Hooks
from tests.testbed.bench import KEY, named
from tests.testbed.memory_server import PARENTS, MemoryServer, served

ANSWER = json.dumps({"children": [named("Secret", "pki", data={"a": "MQ=="})], "status": {"phase": "Running"}}).encode()
PARENT = {
    "apiVersion": PARENTS.api_version,
    "kind": PARENTS.kind,
    "metadata": {"name": "demo", "namespace": "default"},
    "spec": {},
}


class Running:
    """A controller and all that it needs, started."""

    def __init__(self, hooks: Hooks, composite: Composite, pace: Pace) -> None:
        self.server = MemoryServer()
        self.server.seed(PARENTS, PARENT)
        self.crashes: list[str] = []
        self.hooks = hooks
        self.locked: SyncError | None = None
        self.is_served: Callable[[Manifest], bool] = lambda _: True
        events = EventRecorder(self.server)
        events.start()
        discovery = Discovery(self._discover, interval=0)
        self.informers = Informers(self.server, 0)
        surroundings = Surroundings(self.server, self.informers, discovery, events, self.crashes.append)
        self.controller = Controller(composite, surroundings, self._connect, pace)

    def _discover(self, version: str) -> list[Manifest]:
        return [each for each in served(version) if self.is_served(each)]

    def _connect(self) -> Hooks:
        if self.locked is not None:
            raise self.locked
        return self.hooks

    def status(self) -> Manifest | None:
        return (self.server.peek(PARENTS, KEY) or {}).get("status")


Build = Callable[..., Running]
