"""A model of the host cluster for tests without one: it stores what a hook answers and shows it to the next call."""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.decide import decide_finalize, decide_sync
from hooks.vk8s.node_config.boot_files import build_boot_files
from hooks.vk8s.observed.children import group_key
from hooks.vk8s.observed.keep import LAST_APPLIED
from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.vk8s.scripts import build_scripts
from hooks.vk8s.situation import Context
from hooks.vk8s.spec.cluster import VirtualCluster, build_cluster
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.naming import bootstrap_config_map_name
from hooks.vk8s.spec.network import Network
from hooks.wire import FinalizeResponse, HookRequest, Metadata, SyncResponse

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONTEXT = Context(
    Settings(), build_scripts({"entrypoint.sh": "#!/bin/bash\n"}), NOW, b"entropy of thirty-two characters"
)
UID = "7a8ca577-06c6-4c4b-b908-d5ffb972b650"
DELETED_AT = "2026-01-02T03:04:05Z"
# What a Vk8s says that it is.
IDENTITY = {"apiVersion": "vk8s.sktelecom.com/v1alpha1", "kind": "Vk8s"}
IMAGE = "registry.example.com/vk8s/kink:v1.34.4"

Children = dict[str, dict[str, Manifest]]


def node(name: str, role: str, **fields: Any) -> Manifest:
    """A node of a spec."""
    return {"name": name, "image": IMAGE, "role": role, **fields}


def spec(**fields: Any) -> Manifest:
    """The spec of a control-plane node and a worker, with `fields` instead of its own."""
    return {"nodes": [node("m", "master"), node("w", "worker")], **fields}


@dataclass(frozen=True)
class World:
    """A Vk8s and its observed children. Every step gives a new world."""

    spec: Any = field(default_factory=spec)
    name: str = "demo"
    labels: Mapping[str, str] = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    children: Children = field(default_factory=lambda: {kind: {} for kind in CHILD_KINDS})
    status: Any = None
    context: Context = CONTEXT
    annotations: Mapping[str, str] = field(default_factory=dict)
    related: Mapping[str, Mapping[str, Manifest]] = field(default_factory=dict)
    uid: str = UID
    generation: int = 3

    def __repr__(self) -> str:
        children = [f"{kind.partition('.')[0]} {name}" for kind, group in self.children.items() for name in group]
        return f"{self.name} {self.spec} {dict(self.annotations)} at {self.context.now}: {', '.join(children)}"

    def _repr_pretty_(self, printer: Any, _: bool) -> None:  # noqa: FBT001 as hypothesis calls it
        """One line instead of every child, when hypothesis prints an example."""
        printer.text(repr(self))

    def parent(self, **metadata: Any) -> Manifest:
        """The Vk8s; `metadata` besides its own."""
        metadata = {
            "name": self.name,
            "namespace": "team-a",
            "uid": self.uid,
            "generation": self.generation,
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
            "finalizers": list(self.finalizers),
            **metadata,
        }
        return {**IDENTITY, "metadata": metadata, "spec": self.spec, "status": self.status}

    def request(self, **metadata: Any) -> HookRequest:
        """The body of a call; `metadata` of the Vk8s besides its own."""
        children = {
            kind: {f"team-a/{name}": child for name, child in group.items()} for kind, group in self.children.items()
        }
        body = {
            "parent": self.parent(**metadata),
            "children": deepcopy(children),
            "related": deepcopy(self.related),
        }
        return HookRequest.model_validate(body)

    @property
    def cluster(self) -> VirtualCluster:
        """What a spec without problems means, where nobody has given it addresses."""
        metadata = Metadata(name=self.name, namespace="team-a", uid=self.uid, annotations=dict(self.annotations))
        return build_cluster(metadata, Spec.model_validate(self.spec), self.context.settings, Network())

    @property
    def boot_files(self) -> str:
        """Name of the ConfigMap from which a pod that is made now boots."""
        return bootstrap_config_map_name(self.name, build_boot_files(self.cluster, self.context.scripts).digest)

    def sync(self) -> SyncResponse:
        """The answer to a sync call."""
        return decide_sync(self.request(), self.context)

    def finalize(self) -> FinalizeResponse:
        """The answer to a finalize call of a Vk8s that somebody has deleted."""
        return decide_finalize(self.request(deletionTimestamp=DELETED_AT), self.context)

    def finalize_unselected(self) -> FinalizeResponse:
        """The answer to a finalize call of a Vk8s whose labels no CompositeController selects any more."""
        return decide_finalize(self.request(), self.context)

    def step(self) -> "World":
        """The world after one sync."""
        return self.stored(self.sync())

    def stored(self, answer: SyncResponse) -> "World":
        """The world after that answer: its children exist as answered, others are gone, the status is stored."""
        children: Children = {kind: {} for kind in CHILD_KINDS}
        for child in answer.children:
            key, name = group_key(child), child["metadata"]["name"]
            existing = self.children.get(key, {}).get(name)
            children[key][name] = update(existing, child) if existing else observe(child)
        return replace(self, children=children, status=answer.status)

    def steps(self, count: int) -> "World":
        """The world after `count` syncs."""
        world = self
        for _ in range(count):
            world = world.step()
        return world

    def with_child(self, kind: str, name: str, child: Manifest | None) -> "World":
        """The world with that child as given, or without it."""
        rest = {key: value for key, value in self.children[kind].items() if key != name}
        group = {**rest, **({name: child} if child is not None else {})}
        return replace(self, children={**self.children, kind: group})

    def with_metadata(self, kind: str, name: str, **metadata: Any) -> "World":
        """The world in which that child has these fields in its metadata."""
        child = self.children[kind][name]
        return self.with_child(kind, name, {**child, "metadata": {**child["metadata"], **metadata}})

    def with_annotations(self, kind: str, name: str, annotations: Mapping[str, str]) -> "World":
        """The world in which that child has these annotations, too."""
        before = self.children[kind][name]["metadata"]["annotations"]
        return self.with_metadata(kind, name, annotations={**before, **annotations})

    def with_deleted(self, kind: str, name: str, *finalizers: str) -> "World":
        """The world in which somebody has deleted that child, which these finalizers hold."""
        held = {"finalizers": list(finalizers)} if finalizers else {}
        return self.with_metadata(kind, name, deletionTimestamp="2026-01-02T03:04:05Z", **held)

    def with_pod_status(self, name: str, status: Manifest) -> "World":
        """The world in which the pod has that status."""
        return self.with_child("Pod.v1", name, {**self.children["Pod.v1"][name], "status": status})

    def with_ready_pods(self) -> "World":
        """The world in which every observed pod is Ready."""
        world = self
        for name in self.children["Pod.v1"]:
            world = world.with_pod_status(name, ready_status())
        return world


def observe(child: Manifest) -> Manifest:
    """`child` as the API server would hold it: with metadata of the server and of Metacontroller."""
    metadata = {
        **child["metadata"],
        "uid": f"uid-of-{child['metadata']['name']}",
        "resourceVersion": "1",
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "annotations": {
            **child["metadata"].get("annotations", {}),
            LAST_APPLIED: json.dumps(child, sort_keys=True, separators=(",", ":")),
        },
        "labels": {**child["metadata"]["labels"], "controller-uid": UID},
    }
    return {**deepcopy(child), "metadata": metadata}


def update(existing: Manifest, child: Manifest) -> Manifest:
    """The object after an answer with `child`: pods and Jobs stay as they are (OnDelete), others are as answered."""
    if child["kind"] in ("Pod", "Job"):
        return existing
    own, new = existing["metadata"], child["metadata"]
    labels = {**own.get("labels", {}), **new.get("labels", {})}
    annotations = {**own.get("annotations", {}), **new.get("annotations", {})}
    return {**existing, **deepcopy(child), "metadata": {**own, "labels": labels, "annotations": annotations}}


def ready_status(ip: str = "10.200.0.7") -> Manifest:
    """Status of a pod that is Ready."""
    return {"phase": "Running", "podIP": ip, "conditions": [{"type": "Ready", "status": "True"}]}


def running_world(**fields: Any) -> World:
    """A virtual cluster that is Running."""
    return World(**fields).steps(3).with_ready_pods().step()


def names(answer: SyncResponse) -> list[str]:
    """`Kind/name` of every child in the answer, sorted."""
    return sorted(f"{child['kind']}/{child['metadata']['name']}" for child in answer.children)


def get_child(answer: SyncResponse, name: str) -> Manifest:
    """The first child in the answer with that name."""
    return next(child for child in answer.children if child["metadata"]["name"] == name)


def condition(answer: SyncResponse, kind: str) -> Manifest:
    """A condition of the answered status."""
    conditions: list[Manifest] = answer.status["conditions"]
    return next(entry for entry in conditions if entry["type"] == kind)
