"""Several control-plane nodes as members of one etcd: what is on which volume, who is a member, and who has a quorum.

What the nodes do by themselves (hooks/vk8s/bootstrap/members.sh, founding.sh, quorum.sh) is one step here, `boot`.
"""

from dataclasses import dataclass, field

from hooks.kubernetes.manifest import Manifest


@dataclass(eq=False)
class Volume:
    """A state volume. `data`: the last write on it, None if it is empty; `forced`: the quorum that it belongs to.

    `member`: the id with which its etcd is a member; `has_left`: whether its node has left the cluster for good.
    """

    data: int | None = None
    member: int | None = None
    forced: str = ""
    has_left: bool = False


@dataclass(frozen=True)
class Start:
    """A control-plane pod that starts: the name of its node, its volume, and what its environment says."""

    node: str
    volume: Volume
    may_found: bool
    is_one_of_several: bool
    forced: str


@dataclass
class Etcd:
    """The members, by id, with the names of their nodes. `committed`: the last acknowledged write."""

    members: dict[int, tuple[str, Volume]] = field(default_factory=dict)
    committed: int = 0
    foundings: int = 0
    _count: int = 0

    def has_quorum(self, running: list[Volume]) -> bool:
        """Whether the members among the running nodes are more than half of all."""
        alive = [volume for _, volume in self.members.values() if volume in running and not volume.has_left]
        return bool(self.members) and len(alive) > len(self.members) // 2

    def write(self, running: list[Volume]) -> None:
        """A client writes; it is acknowledged if there is a quorum, and then every running member has it."""
        if self.has_quorum(running):
            self.committed += 1
            for _, volume in self.members.values():
                if volume in running:
                    volume.data = self.committed

    def boot(self, start: Start, running: list[Volume]) -> None:
        """A node boots. Without an answer of a quorum, one that has to join, or may have been removed, waits."""
        volume = start.volume
        if start.forced and volume.forced != start.forced:
            self._give_up_quorum(start)
        if volume.data is None and start.may_found:
            self.foundings += 1
            self.members, self.committed = {}, 0
            self._add(start)
        elif start.is_one_of_several and volume.member not in self.members and self.has_quorum(running):
            self._remove_all(start.node)
            self._add(start)
        if volume.member in self.members and self.has_quorum(running):
            volume.data = self.committed

    def leave(self, node: str, running: list[Volume]) -> bool:
        """The node's member is removed, if the others allow it; whether there is none any more."""
        ids = [number for number, (name, _) in self.members.items() if name == node]
        if not self.has_quorum(running) or len(self.members) == len(ids):
            return not ids
        for number in ids:
            _, volume = self.members.pop(number)
            volume.has_left = True
        return True

    def list_holders(self, volumes: list[Volume]) -> list[Volume]:
        """Those that have every acknowledged write."""
        return [volume for volume in volumes if volume.data == self.committed]

    def _give_up_quorum(self, start: Start) -> None:
        volume = start.volume
        if start.forced.rpartition(".")[0] != start.node:
            volume.data, volume.member = None, None
        elif volume.data is not None:
            self.members, self.committed = {}, volume.data
            self._add(start)
        volume.forced = start.forced

    def _remove_all(self, node: str) -> None:
        self.members = {number: member for number, member in self.members.items() if member[0] != node}

    def _add(self, start: Start) -> None:
        self._count += 1
        self.members[self._count] = (start.node, start.volume)
        start.volume.member, start.volume.data, start.volume.forced = self._count, self.committed, start.forced


def read_environment(pod: Manifest) -> dict[str, str]:
    """The variables of a node pod that have a value."""
    variables = pod["spec"]["containers"][0]["env"]
    return {each["name"]: each["value"] for each in variables if "value" in each}
