"""What is on volumes: which cluster was initialized or joined there, and what of it a hook has seen.

A volume lives as long as a claim or a pod has it; after that it is gone for good, or retained by its owner.
"""

from dataclasses import dataclass, field
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, POD
from tests.simulation.etcd import Replica
from tests.simulation.host_api import HostApi, find_owner
from tests.simulation.risks import find_claim, may_initialize, read_node_name

# A Vk8s's uid, and the name of a node.
Node = tuple[str, str]
# Every so many volumes, one is of a class that retains.
RETAINED: Final = 3


@dataclass
class Volume:
    """A volume, and the `uids` by which owners give it up: of claims that it was bound to, and pods that mounted it.

    `data`: number of the content that was acknowledged on it, 0 for none; `cluster`: number of the etcd that was
    initialized on it or joined from it; `generation`: that of the state at that time.
    """

    number: int
    uids: set[str]
    data: int = 0
    cluster: int = 0
    generation: int = 1
    is_gone: bool = False
    # What it has of the etcd of several control-plane nodes.
    replica: Replica = field(default_factory=Replica)

    @property
    def is_retained(self) -> bool:
        """Whether it outlives its claim."""
        return self.number % RETAINED == 0

    @property
    def key(self) -> str:
        """What its content goes by: that of a copy is the same."""
        return str(self.data or self.number)


@dataclass(frozen=True)
class Noted:
    """The state of a node as a hook has seen it: the content, and the uids of claims that it was bound to."""

    data: int
    uids: frozenset[str]


@dataclass
class Volumes:
    """All of them, by the claims and pods that have them. `last`: the latest that had data, of each node."""

    api: HostApi
    of_claims: dict[str, Volume] = field(default_factory=dict)
    of_pods: dict[str, Volume] = field(default_factory=dict)
    last: dict[Node, Volume] = field(default_factory=dict)
    # What hooks have been shown, and must not lose sight of; and the losses that owners have accepted, by Vk8s.
    noted: dict[Node, Noted] = field(default_factory=dict)
    accepted: dict[str, set[str]] = field(default_factory=dict)
    # What is, or was, on claims that owners have put in place of others.
    copies: dict[str, int] = field(default_factory=dict)
    # The clusters that hooks have been shown, by Vk8s.
    known: dict[str, set[int]] = field(default_factory=dict)
    # The members of etcd that hooks have been shown as Ready.
    members: set[Replica] = field(default_factory=set)
    # Whether the hooks say which pod may found a cluster. Before they did, each one might.
    is_guarded: bool = False
    _count: int = 0

    def count(self) -> int:
        """A number that nothing else has."""
        self._count += 1
        return self._count

    def of_claim(self, claim: Manifest) -> Volume:
        """The volume that is bound to the claim."""
        uid = claim["metadata"]["uid"]
        return self.of_claims.setdefault(uid, Volume(self.count() if uid not in self.of_claims else 0, {uid}))

    def of_pod(self, pod: Manifest) -> Volume:
        """The volume that holds the state of a node pod: the one that it has mounted, or would mount now."""
        uid = pod["metadata"]["uid"]
        if uid in self.of_pods:
            return self.of_pods[uid]
        claim = self.api.peek(*key) if (key := find_claim(pod)) else None
        return self.of_claim(claim) if claim else Volume(0, {uid})

    def mount(self, pod: Manifest) -> Volume:
        """The pod starts, and has the volume from now on."""
        uid = pod["metadata"]["uid"]
        if uid not in self.of_pods:
            found = self.of_pod(pod)
            self.is_guarded |= may_initialize(pod)
            self.of_pods[uid] = found if found.number else Volume(self.count(), {uid})
            # What a pod has on a claim that is newer than the pod, hooks record under the pod's uid.
            self.of_pods[uid].uids.add(uid)
        return self.of_pods[uid]

    def bind(self, claim: Manifest, volume: Volume) -> None:
        """A claim that was made for it gets the volume."""
        self.of_claims[claim["metadata"]["uid"]] = volume
        self.copies[claim["metadata"]["uid"]] = volume.data
        volume.uids.add(claim["metadata"]["uid"])

    def copy(self, volume: Volume) -> Volume:
        """Another volume with the same content, as restored from a snapshot."""
        return Volume(self.count(), set(), volume.data, volume.cluster, volume.generation)

    def list_existing(self) -> list[Volume]:
        """Those that a claim or a pod has."""
        return [*self.of_claims.values(), *self.of_pods.values()]

    def sweep(self) -> None:
        """What nothing has any more is gone for good, unless it is retained."""
        there = {obj["metadata"]["uid"] for kind in (CLAIM, POD) for obj in self.api.kinds[kind].now.values()}
        for uid in [uid for uid in self.of_pods if uid not in there]:
            self._end(self.of_pods.pop(uid), there)
        for uid in [uid for uid in self.of_claims if uid not in there]:
            self._end(self.of_claims.pop(uid), there)

    def list_content(self, node: Node) -> set[int]:
        """What there is of a node's state: on the volume of its claim, and on that of its pod."""
        owner, name = node
        pods = [
            pod for pod in self.api.kinds[POD].now.values() if find_owner(pod) == owner and read_node_name(pod) == name
        ]
        mounted = [self.of_pods[pod["metadata"]["uid"]] for pod in pods if pod["metadata"]["uid"] in self.of_pods]
        claim = self.api.peek(CLAIM, f"{name}-state")
        bound = [self.of_claim(claim)] if claim else []
        return {volume.data for volume in [*mounted, *bound]}

    def list_lost(self, owner: str) -> dict[str, Noted]:
        """Nodes of a Vk8s whose state is no longer available, without its owner having accepted that."""
        accepted = self.accepted.get(owner, set())
        given_up = {self.copies[uid] for uid in accepted if uid in self.copies}
        return {
            name: noted
            for (uid, name), noted in self.noted.items()
            if uid == owner and not noted.uids & accepted and noted.data not in given_up
            if noted.data not in self.list_content((uid, name))
        }

    def forget(self, owner: str, staying: set[str] | None = None) -> None:
        """Nodes that have left, or all of a Vk8s, are not missed."""
        gone = [node for node in self.noted if node[0] == owner and node[1] not in (staying or set())]
        for node in gone:
            del self.noted[node]
        if staying is None:
            self.known.pop(owner, None)

    def _end(self, volume: Volume, there: set[str]) -> None:
        others = [uid for uid, each in {**self.of_claims, **self.of_pods}.items() if each is volume and uid in there]
        volume.is_gone = not others and not volume.is_retained
