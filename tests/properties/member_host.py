"""A host cluster with the pods, claims and Jobs of one Vk8s, whose control-plane nodes are members of an etcd."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from hooks.kubernetes.conditions import format_time
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, JOB, POD, group_key
from hooks.wire import SyncResponse
from tests.simulation.etcd import Etcd, Replica, build_start
from tests.world import CONTEXT, NOW, Children, World, node, observe, spec, update

DONE = {"conditions": [{"type": "Complete", "status": "True"}]}
WORKER = node("w", "worker")


@dataclass
class MemberHost:
    """`volumes`: by the uid of the claim; `mounted`: by the uid of the pod, which keeps it for its life."""

    world: World = field(default_factory=lambda: World(spec=build_spec("abc")))
    etcd: Etcd = field(default_factory=Etcd)
    volumes: dict[str, Replica] = field(default_factory=dict)
    mounted: dict[str, Replica] = field(default_factory=dict)
    seconds: int = 0
    _count: int = 0

    @property
    def masters(self) -> dict[str, Manifest]:
        """The control-plane pods by name."""
        pods = self.world.children[POD].items()
        return {name: pod for name, pod in pods if pod["metadata"]["labels"]["vk8s.sktelecom.com/role"] == "master"}

    @property
    def running(self) -> list[Replica]:
        """The volumes of the control-plane nodes that run."""
        uids = [pod["metadata"]["uid"] for pod in self.masters.values()]
        return [self.mounted[uid] for uid in uids if uid in self.mounted]

    @property
    def existing(self) -> list[Replica]:
        """The volumes that a pod or a claim has."""
        claims = [claim["metadata"]["uid"] for claim in self.world.children[CLAIM].values()]
        return [*self.running, *(self.volumes[uid] for uid in claims if uid in self.volumes)]

    def apply(self, answer: SyncResponse, seen: Children) -> None:
        """What Metacontroller does with an answer about children as it has `seen` them, which may be long ago."""
        desired = {(group_key(child), child["metadata"]["name"]): child for child in answer.children}
        children = {kind: dict(group) for kind, group in self.world.children.items()}
        for kind, name, child in list_all(seen):
            real = children[kind].get(name)
            if real is None or real["metadata"]["uid"] != child["metadata"]["uid"]:
                continue
            if (kind, name) in desired:
                children[kind][name] = update(real, desired[kind, name])
            else:
                del children[kind][name]
        for (kind, name), child in desired.items():
            if name not in seen[kind] and name not in children[kind]:
                children[kind][name] = self._create(child)
        self.world = replace(self.world, children=children, status=answer.status)

    def boot(self) -> None:
        """Every control-plane pod that has a volume boots, and the pods are as Ready as the nodes."""
        for name, pod in self.masters.items():
            uid, claim = pod["metadata"]["uid"], self.world.children[CLAIM].get(f"{name}-state")
            if claim and uid not in self.mounted:
                self.mounted[uid] = self.volumes.setdefault(claim["metadata"]["uid"], Replica())
            if uid in self.mounted and not self.mounted[uid].has_left:
                self.etcd.boot(build_start(pod, self.mounted[uid]), self.running)
        self.show()

    def show(self) -> None:
        """Gives each pod its status, as the state of etcd is now."""
        has_quorum = self.etcd.has_quorum(self.running)
        for name, pod in self.world.children[POD].items():
            replica = self.mounted.get(pod["metadata"]["uid"])
            is_member = replica is not None and self.etcd.is_voter(replica)
            ready = has_quorum and (is_member or name == WORKER["name"])
            self._set_ready(name, pod, ready=ready)

    def complete_jobs(self) -> None:
        """The Jobs that remove nodes end, if etcd lets the members go."""
        for name, job in self.world.children[JOB].items():
            left = name.removesuffix("-leave")
            if not job.get("status") and self.etcd.has_quorum(self.running) and self.etcd.leave(left, self.running):
                self.world = self.world.with_child(JOB, name, {**job, "status": DONE})

    def pass_time(self, seconds: int) -> None:
        """The clock goes on."""
        self.seconds += seconds
        now = NOW + timedelta(seconds=self.seconds)
        self.world = replace(self.world, context=replace(CONTEXT, now=now))

    def _create(self, child: Manifest) -> Manifest:
        self._count += 1
        made = observe(child)
        metadata = {**made["metadata"], "uid": f"uid-{self._count}", "creationTimestamp": self._now}
        return {**made, "metadata": metadata}

    def _set_ready(self, name: str, pod: Manifest, *, ready: bool) -> None:
        before = pod.get("status", {}).get("conditions", [{}])[0]
        status = "True" if ready else "False"
        since = before["lastTransitionTime"] if before.get("status") == status else self._now
        started = pod.get("status", {}).get("started", self._now)
        shown: dict[str, Any] = {
            "phase": "Running",
            "started": started,
            "conditions": [{"type": "Ready", "status": status, "lastTransitionTime": since}],
            "containerStatuses": [{"name": "node", "state": {"running": {"startedAt": started}}}],
        }
        self.world = self.world.with_pod_status(name, shown)

    @property
    def _now(self) -> str:
        return format_time(NOW + timedelta(seconds=self.seconds))


def build_spec(masters: str, **fields: Any) -> Manifest:
    """A spec with these control-plane nodes, one letter each, and a worker."""
    return spec(nodes=[*(node(name, "master") for name in masters), WORKER], **fields)


def list_all(children: Children) -> Iterator[tuple[str, str, Manifest]]:
    """Kind, name and object of every child."""
    for kind, group in children.items():
        yield from ((kind, name, child) for name, child in list(group.items()))
