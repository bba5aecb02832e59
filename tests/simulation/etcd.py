"""Several control-plane nodes as members of one etcd: what is on which volume, who is a member, and who has a quorum.

What the nodes do by themselves (hooks/vk8s/bootstrap/members.sh, founding.sh, quorum.sh) is one step here, `boot`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from hooks.kubernetes.manifest import Manifest
from tests.simulation.risks import may_initialize, read_forced, read_generation, read_node_name


@dataclass(eq=False)
class Replica:
    """What a state volume has of etcd. `data`: the last write on it, None if it is empty.

    `member`: the id with which its etcd is a member; `forced`: the quorum that it belongs to; `has_booted`: whether a
    node has started with it; `has_left`: whether its node has left the cluster for good.
    """

    data: int | None = None
    member: int | None = None
    forced: str = ""
    has_booted: bool = False
    has_left: bool = False


@dataclass(frozen=True)
class Start:
    """A control-plane pod that starts: the name of its node, its volume, and what its environment says."""

    node: str
    replica: Replica
    may_found: bool
    generation: int
    is_one_of_several: bool
    forced: str


@dataclass
class Etcd:
    """The members, by id, with the names of their nodes. `committed`: the last acknowledged write.

    `founded`: the generations for which a cluster was initialized.
    """

    members: dict[int, tuple[str, Replica]] = field(default_factory=dict)
    committed: int = 0
    founded: list[int] = field(default_factory=list)
    _count: int = 0

    @property
    def nodes(self) -> set[str]:
        """The names of the nodes that are members."""
        return {node for node, _ in self.members.values()}

    def has_quorum(self, running: Collection[Replica]) -> bool:
        """Whether the members among the running nodes are more than half of all."""
        alive = [replica for _, replica in self.members.values() if replica in running and not replica.has_left]
        return bool(self.members) and len(alive) > len(self.members) // 2

    def is_voter(self, replica: Replica) -> bool:
        """Whether it is that of a member."""
        return replica.member in self.members and not replica.has_left

    def write(self, running: Collection[Replica]) -> None:
        """A client writes; it is acknowledged if there is a quorum, and then every running member has it."""
        if self.has_quorum(running):
            self.committed += 1
            for _, replica in self.members.values():
                if replica in running:
                    replica.data = self.committed

    def boot(self, start: Start, running: Collection[Replica]) -> None:
        """A node boots. Without an answer of a quorum, one that has to join, or may have been removed, waits."""
        replica = start.replica
        if start.forced and replica.forced != start.forced:
            self._enter_forced(start, running)
        if replica.data is None and start.may_found and not replica.has_booted:
            self.founded.append(start.generation)
            self.members, self.committed = {}, 0
            self._add(start)
        elif start.is_one_of_several and replica.member not in self.members and self.has_quorum(running):
            self._remove_all(start.node)
            self._add(start)
        replica.has_booted = True
        if replica.member in self.members and self.has_quorum(running):
            replica.data = self.committed

    def leave(self, node: str, running: Collection[Replica]) -> bool:
        """The node's member is removed, if the others allow it; whether there is none any more.

        etcd removes one that runs only if those that run are still a quorum of the rest.
        """
        ids = [number for number, (name, _) in self.members.items() if name == node]
        rest = [replica for number, (_, replica) in self.members.items() if number not in ids]
        is_quorum = sum(replica in running for replica in rest) > len(rest) // 2
        if not self.has_quorum(running) or not is_quorum:
            return not ids
        for number in ids:
            _, replica = self.members.pop(number)
            replica.has_left = True
        return True

    def list_holders(self, replicas: Iterable[Replica]) -> list[Replica]:
        """Those that have every acknowledged write."""
        return [replica for replica in replicas if replica.data == self.committed]

    def _enter_forced(self, start: Start, running: Collection[Replica]) -> None:
        """One node goes on with its data, unless the others are a quorum; that of all others is set aside."""
        replica, others = start.replica, [each for each in running if each is not start.replica]
        if start.forced.rpartition(".")[0] != start.node or self.has_quorum(others):
            replica.data, replica.member = None, None
        elif replica.data is not None:
            self.members, self.committed = {}, replica.data
            self._add(start)
        replica.forced = start.forced

    def _remove_all(self, node: str) -> None:
        self.members = {number: member for number, member in self.members.items() if member[0] != node}

    def _add(self, start: Start) -> None:
        self._count += 1
        self.members[self._count] = (start.node, start.replica)
        replica = start.replica
        replica.member, replica.data, replica.forced = self._count, self.committed, start.forced


def build_start(pod: Manifest, replica: Replica) -> Start:
    """The start of a control-plane pod on this volume."""
    forced, may_found = read_forced(pod), may_initialize(pod)
    is_one_of_several = "subdomain" in pod["spec"]
    return Start(read_node_name(pod) or "", replica, may_found, read_generation(pod), is_one_of_several, forced)
