"""An API server in memory: what is stored, what is refused, caches that show it late. Objects are never changed.

All objects that have a namespace are in one. Kinds are named as in a hook's request: `Pod.v1`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S
from hooks.kubernetes.conditions import format_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, POD, SERVICE, group_key
from hooks.vk8s.observed.kinds import CHILD_KINDS
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.properties.admission import FIRST_FREE_NODE_PORT, admit
from tests.properties.host import Key, is_frozen
from tests.properties.late_cache import Stored
from tests.world import NOW

KINDS: Final = (VK8S, POOL, ALLOCATION, *CHILD_KINDS)
# Metacontroller and others may write into the status of these, and an edit of their spec is counted.
PARENTS: Final = frozenset([VK8S, POOL])
NAMESPACE: Final = "team-a"


class TakenError(Exception):
    """The name is taken."""


class ConflictError(Exception):
    """The object has changed meanwhile, or is gone."""


class RefusedError(Exception):
    """The API server refuses the request; the message says why."""


class ApiServer:
    """What is stored. `elapsed`: time that has passed; `now`: what clocks show; `latest`: the most they ever showed."""

    def __init__(self) -> None:
        self.kinds = {kind: Stored() for kind in KINDS}
        self.version = 0
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

    def jump(self, span: timedelta) -> None:
        """Clocks show another time."""
        self.now += span
        self.latest = max(self.latest, self.now)

    def list_all(self, kind: str) -> dict[str, Manifest]:
        """All objects of a kind, by name."""
        return dict(self.kinds[kind].now)

    def get(self, kind: str, name: str) -> Manifest | None:
        """An object as it is."""
        return self.kinds[kind].now.get(name)

    def catch_up(self) -> None:
        """Every cache shows what is."""
        for stored in self.kinds.values():
            stored.see(stored.delay)

    def create(self, obj: Manifest) -> Manifest:
        """The object as it is stored. TakenError, RefusedError."""
        kind, name = group_key(obj), obj["metadata"]["name"]
        if self.get(kind, name) is not None:
            raise TakenError(name)
        if kind in self.quota:
            raise RefusedError(f"{obj['kind']} {name}: exceeded quota")
        uid = f"uid-{self.version + 1}"
        made = {"uid": uid, "creationTimestamp": format_time(self.now), "resourceVersion": "0"}
        stamped = with_metadata(obj, **made, **({"generation": 1} if kind in PARENTS else {}))
        return self._store((kind, name), self._admit(self._inject(stamped)))

    def replace(self, obj: Manifest) -> None:
        """What a PUT does. ConflictError where it was made from another version, RefusedError."""
        kind, name = group_key(obj), obj["metadata"]["name"]
        old = self.get(kind, name)
        if old is None or old["metadata"]["resourceVersion"] != obj["metadata"]["resourceVersion"]:
            raise ConflictError(name)
        if is_frozen(old, obj):
            raise RefusedError(f"{obj['kind']} {name}: field is immutable")
        self._write((kind, name), self._admit(obj))

    def edit(self, key: Key, change: Callable[[Manifest], Manifest]) -> None:
        """What somebody writes who reads before, and again where it is late; nothing where there is no such object."""
        old = self.get(*key)
        if old is not None:
            self._write(key, change(old))

    def delete(self, key: Key) -> None:
        """The object is marked as deleted if anything holds it, or its end takes time; else it is gone."""
        old = self.get(*key)
        if old is None or is_terminating(old):
            return
        # A claim may be in use, and the kubelet of a pod's host has to stop it.
        is_slow = key[0] == CLAIM or (key[0] == POD and "nodeName" in old["spec"])
        if not is_slow and not old["metadata"].get("finalizers"):
            self.remove(key)
            return
        generation = {"generation": old["metadata"]["generation"] + 1} if key[0] in PARENTS else {}
        self._store(key, with_metadata(old, deletionTimestamp=format_time(self.now), **generation))

    def remove(self, key: Key) -> None:
        """The object is gone."""
        self.version += 1
        self.kinds[key[0]].write(key[1], None)

    def _write(self, key: Key, obj: Manifest) -> None:
        old = self.kinds[key[0]].now[key[1]]
        if obj == old:
            return
        is_edited = key[0] in PARENTS and obj.get("spec") != old.get("spec")
        generation = {"generation": old["metadata"]["generation"] + 1} if is_edited else {}
        self._store(key, with_metadata(obj, **generation))

    def _store(self, key: Key, obj: Manifest) -> Manifest:
        self.version += 1
        stored = with_metadata(obj, resourceVersion=str(self.version))
        self.kinds[key[0]].write(key[1], stored)
        return stored

    def _inject(self, obj: Manifest) -> Manifest:
        if group_key(obj) != POD or not self.injected:
            return obj
        return {**obj, "spec": {**obj["spec"], "containers": [*self.injected, *obj["spec"]["containers"]]}}

    def _admit(self, obj: Manifest) -> Manifest:
        if group_key(obj) == SERVICE and obj["spec"].get("type") == "NodePort":
            return admit({**obj, "spec": {**obj["spec"], "ports": self._list_node_ports(obj)}})
        return admit(obj)

    def _list_node_ports(self, service: Manifest) -> list[Manifest]:
        """Its ports, each with one of the host's nodes that no other Service has. RefusedError."""
        others = [each for each in self.kinds[SERVICE].now.values() if _name(each) != _name(service)]
        taken = {port.get("nodePort") for each in others for port in each["spec"].get("ports", [])}
        wanted = {port["nodePort"] for port in service["spec"]["ports"] if "nodePort" in port}
        if taken & wanted:
            raise RefusedError(f"Service {_name(service)}: a nodePort is already allocated")
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


def _name(obj: Manifest) -> str:
    return str(obj["metadata"]["name"])
