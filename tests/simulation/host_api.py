"""The API server of the host cluster: time that passes, what is admitted and refused, what others do with objects.

All objects that have a namespace are in one.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from hooks.kubernetes.conditions import format_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, POD, SECRET, SERVICE, group_key
from testbed.metacontroller.errors import SyncError
from tests.simulation.admission import FIRST_FREE_NODE_PORT, admit
from tests.simulation.api_server import ApiServer
from tests.simulation.kinds import RESOURCES, Key
from tests.simulation.late_cache import Stored
from tests.world import NOW

NAMESPACE: Final = "team-a"
# What an update must not change; of a Secret, where it is immutable.
FROZEN: Final = {POD: ("spec",), CLAIM: ("spec",), SECRET: ("data", "immutable")}


class HostApi(ApiServer):
    """What is stored. `elapsed`: time that has passed; `now`: what clocks show; `latest`: the most they ever showed."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds = {kind: Stored() for kind in RESOURCES}
        self.now: datetime = NOW
        self.latest: datetime = NOW
        self.elapsed = timedelta(0)
        # Kinds of which the quota of the namespace allows no more.
        self.quota: frozenset[str] = frozenset()
        # What a webhook puts into each pod that is made, before all other containers.
        self.injected: tuple[Manifest, ...] = ()

    def pass_time(self, span: timedelta) -> None:
        """Time passes."""
        self.elapsed += span
        self.jump(span)

    def count_seconds(self) -> float:
        """How much time has passed."""
        return self.elapsed.total_seconds()

    def jump(self, span: timedelta) -> None:
        """Clocks show another time."""
        self.now += span
        self.latest = max(self.latest, self.now)

    def list_all(self, kind: str) -> dict[str, Manifest]:
        """All objects of a kind, by name."""
        return dict(self.kinds[kind].now)

    def peek(self, kind: str, name: str) -> Manifest | None:
        """An object as it is."""
        return self.kinds[kind].now.get(name)

    def catch_up(self) -> None:
        """Every cache shows what is."""
        for stored in self.kinds.values():
            stored.see(stored.delay)

    def make(self, obj: Manifest) -> Manifest:
        """What somebody creates, as it is stored. Raises SyncError."""
        return self.create(RESOURCES[group_key(obj)], obj)

    def edit(self, key: Key, change: Callable[[Manifest], Manifest]) -> None:
        """What somebody writes who reads before, and again where it is late; nothing where there is no such object."""
        old = self.peek(*key)
        if old is not None:
            self.store(key[0], change(old))

    def drop(self, key: Key) -> None:
        """Somebody deletes the object; nothing where there is none."""
        old = self.peek(*key)
        if old is not None:
            self.mark_deleted(key[0], old)

    def remove(self, key: Key) -> None:
        """The object is gone."""
        self.version += 1
        self.kinds[key[0]].write(key[1], None)

    def format_now(self) -> str:
        return format_time(self.now)

    def admit_new(self, kind: str, obj: Manifest) -> Manifest:
        if kind in self.quota:
            raise SyncError(f"{obj['kind']} {self.name(obj)}: exceeded quota")
        if kind == POD and self.injected:
            obj = {**obj, "spec": {**obj["spec"], "containers": [*self.injected, *obj["spec"]["containers"]]}}
        return self.admit(kind, obj)

    def admit(self, kind: str, obj: Manifest) -> Manifest:
        if kind == SERVICE and obj["spec"].get("type") == "NodePort":
            return admit({**obj, "spec": {**obj["spec"], "ports": self._list_node_ports(obj)}})
        return admit(obj)

    def check_update(self, kind: str, old: Manifest, new: Manifest) -> None:
        frozen = FROZEN.get(kind, ()) if kind != SECRET or old.get("immutable") else ()
        if any(new.get(field) != old.get(field) for field in frozen):
            raise SyncError(f"{old['kind']} {self.name(old)}: field is immutable")

    def ends_later(self, kind: str, obj: Manifest) -> bool:
        # A claim may be in use, and the kubelet of a pod's host has to stop it.
        return kind == CLAIM or (kind == POD and "nodeName" in obj["spec"])

    def _list_node_ports(self, service: Manifest) -> list[Manifest]:
        """Its ports, each with one of the host's nodes that no other Service has. Raises SyncError."""
        others = [each for name, each in self.kinds[SERVICE].now.items() if name != self.name(service)]
        taken = {port.get("nodePort") for each in others for port in each["spec"].get("ports", [])}
        wanted = {port["nodePort"] for port in service["spec"]["ports"] if "nodePort" in port}
        if taken & wanted:
            raise SyncError(f"Service {self.name(service)}: a nodePort is already allocated")
        free = (port for port in range(FIRST_FREE_NODE_PORT, 32768) if port not in taken | wanted)
        return [{**port, "nodePort": port.get("nodePort") or next(free)} for port in service["spec"]["ports"]]


def find_owner(obj: Manifest) -> str | None:
    """The uid of the object that controls this one."""
    references = obj["metadata"].get("ownerReferences") or []
    return next((str(each["uid"]) for each in references if each.get("controller")), None)


def is_job_pod(pod: Manifest) -> bool:
    """Whether a Job has made it, so that it is nobody's child."""
    return group_key(pod) == POD and any(
        each.get("kind") == "Job" for each in pod["metadata"].get("ownerReferences", [])
    )
