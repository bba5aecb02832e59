"""The scene of a history: the host cluster, Metacontroller, the hooks that answer, and what has happened so far."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Final, TypeVar

from hooks.ippool.request import VK8S
from hooks.kubernetes.labels import PREFIX
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import JOB, POD, SECRET
from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.vk8s.situation import Context
from hooks.vk8s.spec.labels import ROLE
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.chaos.volumes import Node, Volumes
from tests.simulation.controller import AS_USUAL, Asking
from tests.simulation.etcd import Etcd
from tests.simulation.hooks import Call, Hooks, Version, list_versions
from tests.simulation.host_api import NAMESPACE, HostApi, find_owner
from tests.simulation.kinds import Key
from tests.simulation.metacontroller import Metacontroller, Watcher
from tests.world import Children, World

Option = TypeVar("Option")
HOSTS: Final = ("host-1", "host-2")
# What holds an object that is being deleted, until somebody takes it away.
HOLD: Final = "example.com/hold"


@dataclass
class Draw:
    """The choices of one event. They follow from its seed, and hardly from how many options there are."""

    seed: int

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311 a story, not a secret

    def pick(self, options: Sequence[Option]) -> Option:
        """One of the options, of which there is at least one."""
        return options[int(self._random.random() * len(options))]

    def chance(self, share: float) -> bool:
        """Whether that is so this time."""
        return self._random.random() < share


@dataclass
class Scene:
    """What exists, and what the judge has to know of its past. A node is the uid of a Vk8s and a name."""

    hooks: Hooks
    watcher: Watcher
    # Whether there are pools, and hooks that care; whether there may be several control-plane nodes.
    is_pooled: bool = False
    has_members: bool = False
    api: HostApi = field(default_factory=HostApi)
    # The status that each pod has, by its uid, under the name of it.
    outcomes: dict[str, str] = field(default_factory=dict)
    # Nodes that a Job has asked to leave, and the volumes of those that have noticed.
    told: set[Node] = field(default_factory=set)
    dismissed: set[str] = field(default_factory=set)
    # The CA that what is on a state volume was made with, and the PKI of each Vk8s as it was made.
    authorities: dict[str, str] = field(default_factory=dict)
    vault: dict[str, Manifest] = field(default_factory=dict)
    # Its annotations as they last were.
    notes: dict[str, dict[str, str]] = field(default_factory=dict)
    # The last spec of each Vk8s that was not broken.
    written: dict[str, Manifest] = field(default_factory=dict)
    # The etcd of each Vk8s that may have several control-plane nodes, and the number of its cluster.
    etcds: dict[str, Etcd] = field(default_factory=dict)
    clusters: dict[str, int] = field(default_factory=dict)
    lost_hosts: set[str] = field(default_factory=set)
    # Hosts whose kubelets have restarted, and when they have probed their pods.
    flaps: dict[str, timedelta] = field(default_factory=dict)
    # Nodes that were Ready, that a hook took down, and that have not been Ready since, with the uid of the pod; and
    # those that went while another was down, or while they were Ready, which no cache showed.
    down: dict[Node, str] = field(default_factory=dict)
    overtaken: set[Node] = field(default_factory=set)
    # Nodes whose allocation somebody has deleted.
    robbed: set[Node] = field(default_factory=set)
    # Vk8s whose PKI somebody has deleted, and those that live under two CAs since, as no cache showed that they lived.
    lost_pki: set[str] = field(default_factory=set)
    # Those whose PKI was restored without what was recorded on it.
    bare_pki: set[str] = field(default_factory=set)
    ruined: set[str] = field(default_factory=set)
    # Children that have lost their label, and the Vk8s that they were of.
    released: dict[Key, str] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)
    # Two versions answer in turn while hooks are rolled out.
    answering: list[Version] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.volumes = Volumes(self.api)
        self.controller = Metacontroller(self.api, self.hooks, self.watcher)
        self.versions = list_versions(ip_manager=self.is_pooled)
        self.answering = self.answering or [next(iter(self.versions.values()))]

    @property
    def hosts(self) -> Sequence[str]:
        """The hosts that pods run on."""
        return (*HOSTS, "host-3") if self.has_members else HOSTS

    def tell(self, sentence: str) -> None:
        """One more sentence of the story."""
        self.story.append(sentence)

    def sync(self, kind: str, name: str, done: int | None = None, asking: Asking = AS_USUAL) -> Call | None:
        """Metacontroller asks for one parent, and does so many of the requests that follow, or all."""
        version = self.answering[self.hooks.calls % len(self.answering)]
        for uid in self.controller.list_pending((kind, name)):
            self.act(uid)
        call = self.controller.sync(kind, name, version, asking)
        if call is None:
            return None
        self._tell_answer(call, version, self.controller.act(call.uid, done))
        return call

    def act(self, uid: str, count: int | None = None) -> None:
        """So many of the requests that a sync has decided on are made, or all."""
        outcomes = self.controller.act(uid, count)
        if outcomes:
            self.tell(f"meanwhile: {', '.join(outcomes)}")

    def _tell_answer(self, call: Call, version: Version, outcomes: list[str]) -> None:
        before = call.parent.get("status") or {}
        status = call.answer.status
        told = [f"phase {status['phase']}"] if status.get("phase") != before.get("phase") else []
        left = self.controller.count_pending(call.uid)
        rest = [f"{left} requests are yet to be made"] if left else []
        if told or outcomes or rest:
            kind = "" if call.kind == VK8S else "pool "
            what = "; ".join([*told, ", ".join(outcomes), *rest] if outcomes else [*told, *rest])
            self.tell(f"hooks {version.name} answer for {kind}{call.name}: {what}")

    def list_vk8s(self) -> list[Manifest]:
        """Every Vk8s, by name."""
        return [obj for _, obj in sorted(self.api.kinds[VK8S].now.items())]

    def list_pods(self) -> list[Manifest]:
        """The pods of all Vk8s, those of control-plane nodes first."""
        owners = {each["metadata"]["uid"] for each in self.list_vk8s()}
        pods = [pod for pod in self.api.kinds[POD].now.values() if find_owner(pod) in owners]
        return sorted(pods, key=lambda pod: (pod["metadata"]["labels"].get(ROLE) != "master", pod["metadata"]["name"]))

    def list_children(self, uid: str) -> Iterator[tuple[Key, Manifest]]:
        """Everything that a Vk8s owns, as it is."""
        for kind in CHILD_KINDS:
            for name, obj in self.api.kinds[kind].now.items():
                if find_owner(obj) == uid:
                    yield (kind, name), obj

    def find_child(self, uid: str, key: Key) -> Manifest | None:
        """That child of the Vk8s, as it is; None where the name is another's."""
        found = self.api.peek(*key)
        return found if found and find_owner(found) == uid else None

    def look(self, vk8s: Manifest) -> World:
        """A Vk8s and its children as they are."""
        children: Children = {kind: {} for kind in CHILD_KINDS}
        for (kind, name), obj in self.list_children(vk8s["metadata"]["uid"]):
            children[kind][name] = obj
        version = self.answering[0]
        return build_world(vk8s, children, {}, Context(version.settings, version.scripts, self.api.now, b""))

    def set_status(self, key: Key, status: Manifest) -> None:
        """A kubelet or controller writes the status of a child."""
        self.api.edit(key, lambda old: {**old, "status": status})

    def back_up(self, secret: Manifest) -> None:
        """The owner of a Vk8s has a copy of its PKI, just before it is lost."""
        noted = {key: text for key, text in secret["metadata"].get("annotations", {}).items() if key.startswith(PREFIX)}
        self.notes[find_owner(secret) or ""] = noted

    def restore_pki(self, vk8s: Manifest, *, is_bare: bool = False) -> None:
        """Its owner restores the PKI from a backup, as the runbook says: labelled, with no owner.

        `is_bare`: without the annotations that it had.
        """
        name, uid = vk8s["metadata"]["name"], vk8s["metadata"]["uid"]
        noted = {} if is_bare else self.notes.get(uid, {})
        labels = {"controller-uid": uid}
        metadata = {"name": f"{name}-pki", "namespace": NAMESPACE, "labels": labels, "annotations": noted}
        if not noted:
            self.volumes.forget(uid)
            self.bare_pki.add(uid)
        self.api.remove((SECRET, f"{name}-pki")) if self.api.peek(SECRET, f"{name}-pki") else None
        self.api.make({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **self.vault[uid]})
        self.tell(f"the PKI of {name} is restored{'' if noted else ', without annotations'}")

    def write_spec(self, name: str, spec: Any, *, is_broken: bool = False) -> None:
        """The owner of a Vk8s writes another spec."""
        self.api.edit((VK8S, name), lambda old: {**old, "spec": spec})
        if not is_broken:
            self.written[name] = spec

    def annotate(self, name: str, key: str, value: str | None) -> None:
        """The owner of a Vk8s writes an annotation, or takes it away."""

        def write(old: Manifest) -> Manifest:
            rest = {each: text for each, text in old["metadata"].get("annotations", {}).items() if each != key}
            return with_metadata(old, annotations={**rest, **({key: value} if value is not None else {})})

        self.api.edit((VK8S, name), write)

    def change(self, key: Key, change: Callable[[Manifest], Manifest]) -> None:
        """Somebody writes into an object."""
        self.api.edit(key, change)

    def list_jobs(self) -> list[tuple[str, Manifest]]:
        """Jobs that are not being deleted, by name."""
        return [(name, job) for name, job in sorted(self.api.kinds[JOB].now.items()) if not is_terminating(job)]


def build_world(
    vk8s: Manifest, children: Mapping[str, Mapping[str, Manifest]], related: Mapping[str, Any], context: Context
) -> World:
    """What a judge of one Vk8s reads."""
    metadata = vk8s["metadata"]
    return World(
        spec=vk8s.get("spec"),
        name=metadata["name"],
        uid=metadata["uid"],
        labels=metadata.get("labels", {}),
        annotations=metadata.get("annotations", {}),
        children={kind: dict(children.get(kind, {})) for kind in CHILD_KINDS},
        status=vk8s.get("status"),
        context=context,
        related=related,
    )
