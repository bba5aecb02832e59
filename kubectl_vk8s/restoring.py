"""What a restore creates or changes: a Vk8s with spec.restoreFrom, made from another one, or one that lost its data."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kubectl_vk8s import Manifest
from kubectl_vk8s.manifests import build_vk8s
from kubectl_vk8s.names import ACCEPT_LOSS_ANNOTATION, STOPPED_ANNOTATION
from kubectl_vk8s.session import Session
from kubectl_vk8s.stores import describe_store
from kubectl_vk8s.vk8s import MASTER, Vk8s

DRY_RUN: Final = ("create", "--dry-run=client", "--filename=-")
LATEST: Final = "latest"
LOST, FAILED = "StateLost", "RestoreFailed"
# Until the first of several has the snapshot, the others wait for it. One that has data waits as a member that is down.
_WITHOUT_DATA: Final = frozenset({LOST, FAILED, "Waiting"})
_WITH_DATA: Final = "Down"
_NODE_PORTS: Final = range(30000, 32768)
# Of a Vk8s, they say what has been done to it; not what it is.
_OF_ITS_LIFE: Final = ("vk8s.sktelecom.com/", "kubectl.kubernetes.io/", STOPPED_ANNOTATION)


@dataclass(frozen=True)
class Place:
    """Namespace and name of a Vk8s."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def read_place(session: Session, name: str) -> Place:
    """Where the Vk8s of that name is, or would be: NAME is in the namespace of the context, as kubectl knows it."""
    namespace, _, own = name.rpartition("/")
    if not namespace:
        text = json.dumps(build_vk8s({"name": own}, {"nodes": []}))
        namespace = json.loads(session.kubectl.run(*DRY_RUN, "--output=json", stdin=text))["metadata"]["namespace"]
    return Place(namespace, own)


def choose_known(vk8s: Vk8s) -> Manifest:
    """What the Vk8s says of where its snapshots are; an empty one if it says nothing."""
    found: Manifest = vk8s.spec.get("backup") or vk8s.spec.get("restoreFrom") or {}
    return found


@dataclass(frozen=True)
class Wish:
    """The snapshot that is wanted: of the Vk8s at `source`; `store`: the fields that say where it is."""

    source: Place
    snapshot: str
    store: Manifest

    def __str__(self) -> str:
        which = "the latest snapshot" if self.snapshot == LATEST else f"snapshot {self.snapshot}"
        return f"{which} of {self.source}, from {describe_store(self.store)}"

    def build_restore_from(self, place: Place) -> Manifest:
        """`spec.restoreFrom` of the Vk8s at that place."""
        return {
            **({"snapshot": self.snapshot} if self.snapshot != LATEST else {}),
            **({"name": self.source.name} if self.source.name != place.name else {}),
            **({"namespace": self.source.namespace} if self.source.namespace != place.namespace else {}),
            **self.store,
        }


def build_restored(place: Place, origin: Vk8s, wish: Wish) -> Manifest:
    """A new Vk8s at a place that is as `origin` except for the snapshot that it begins with. It is not paused."""
    metadata = origin.manifest["metadata"]
    kept = {
        "labels": dict(metadata.get("labels") or {}),
        "annotations": {key: text for key, text in origin.annotations.items() if not key.startswith(_OF_ITS_LIFE)},
    }
    spec = {key: value for key, value in origin.spec.items() if key not in ("paused", "restoreFrom")}
    return build_vk8s(
        {"name": place.name, "namespace": place.namespace, **{key: value for key, value in kept.items() if value}},
        {**spec, "restoreFrom": wish.build_restore_from(place)},
    )


def build_copy(place: Place, living: Vk8s) -> Vk8s:
    """The Vk8s without what only one can have: names of pods in a namespace, and fixed ports of the hosts."""
    is_beside = place.namespace == living.namespace
    nodes = [
        {**node, "name": _rename(node["name"], living.name, place.name) if is_beside else node["name"]}
        for node in living.spec_nodes
    ]
    ports = [port for port in living.spec.get("ports") or [] if port["port"] not in _NODE_PORTS]
    spec = {key: value for key, value in living.spec.items() if key not in ("accessPodPort", "ports")}
    return Vk8s({**living.manifest, "spec": {**spec, "nodes": nodes, **({"ports": ports} if ports else {})}})


def _rename(node: str, before: str, after: str) -> str:
    return f"{after}{node.removeprefix(before)}" if node.startswith(f"{before}-") else f"{after}-{node}"


def describe_copy(living: Vk8s, place: Place) -> Iterator[str]:
    """What a copy at that place does not have of `living`, one line each."""
    fixed = [str(port["port"]) for port in living.spec.get("ports") or [] if port["port"] in _NODE_PORTS]
    left_out = [
        *([f"ports {', '.join(fixed)}"] if fixed else []),
        *(["accessPodPort"] if "accessPodPort" in living.spec else []),
    ]
    if left_out:
        yield f"Without {' and '.join(left_out)}, which {living.name} has on the hosts."
    if place.namespace == living.namespace:
        yield (
            f"Without the volumes of a cold backup, as its nodes can't have the names of those of {living.name} in the "
            "same namespace. With them: docs/how-to/restore.md, section Volumes inside."
        )


def has_lost_its_data(vk8s: Vk8s) -> bool:
    """Whether the volumes of all control-plane nodes are gone, and its owner can give them up."""
    reasons = {node.reason for node in vk8s.nodes if node.role == MASTER}
    return reasons == {LOST} and bool(read_lost_claims(vk8s))


def list_waiting(vk8s: Vk8s) -> list[str]:
    """The control-plane nodes that can't have their snapshot; none of them if another one may have data."""
    masters = [node for node in vk8s.nodes if node.role == MASTER]
    if any(node.reason not in _WITHOUT_DATA or node.member == _WITH_DATA for node in masters):
        return []
    return [node.name for node in masters if node.reason == FAILED]


def read_lost_claims(vk8s: Vk8s) -> str:
    """The value of the annotation that gives up what is lost, as the status shows it; empty if it shows none."""
    found = re.search(rf"{re.escape(ACCEPT_LOSS_ANNOTATION)}=([^\s]*[^\s.])", vk8s.message)
    return found[1] if found else ""


def build_patch(vk8s: Vk8s, restore_from: Manifest, given_up: str) -> list[Manifest]:
    """A JSON patch that replaces spec.restoreFrom and gives up these claims, at once; of this Vk8s and no later one.

    `given_up`: as `read_lost_claims` returns it. If it is empty, nothing is given up that was not before. Other
    annotations stay as they are by then.
    """
    return [
        {"op": "test", "path": "/metadata/uid", "value": vk8s.manifest["metadata"]["uid"]},
        {"op": "add", "path": "/spec/restoreFrom", "value": restore_from},
        *(_build_annotation(vk8s, given_up) if given_up else []),
    ]


def _build_annotation(vk8s: Vk8s, given_up: str) -> list[Manifest]:
    """A key can only be added to a map that exists: that there is none may not have changed meanwhile."""
    path = "/metadata/annotations"
    if not vk8s.annotations:
        return [
            {"op": "test", "path": path, "value": None},
            {"op": "add", "path": path, "value": {ACCEPT_LOSS_ANNOTATION: given_up}},
        ]
    key = ACCEPT_LOSS_ANNOTATION.replace("~", "~0").replace("/", "~1")
    return [{"op": "add", "path": f"{path}/{key}", "value": given_up}]


def describe_plan(vk8s: Vk8s, wish: Wish, given_up: str) -> Iterator[str]:
    """What is going to happen to a Vk8s that is restored in place, one line each. `given_up`: as in `build_patch`."""
    backup = vk8s.status.get("backup") or {}
    is_newest = wish.snapshot == LATEST and wish.source == Place(vk8s.namespace, vk8s.name) and "snapshot" in backup
    known = f" (the last one known: {backup['snapshot']}, {backup['lastSuccessTime']})" if is_newest else ""
    yield f"{vk8s.namespace}/{vk8s.name} begins again with {wish}{known}."
    lost = [node.name for node in vk8s.nodes if node.reason == LOST]
    if lost and given_up:
        yield f"Given up: the lost volumes of {', '.join(lost)}, and whatever was written after the snapshot."
    elif lost:
        yield f"Not given up: the lost volumes of {', '.join(lost)}."
