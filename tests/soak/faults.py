"""Which failures there are, and which comes when: all of it follows from one number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import Final

from testbed import controller

# The first process of a node.
INIT: Final = "init"
# What serves the writers' port, as the kernel shortens its name.
WRITER: Final = "systemd-socket-"
# Seconds between two faults: long enough to recover from some, short enough for others to fall into a recovery.
MEAN_WAIT: Final = 14.0
# What nobody watches over in a testbed is started again after so many seconds; a host, often after the host cluster has
# noticed its loss, which takes 50 seconds.
MEAN_AWAY: Final = 10.0
MEAN_HOST_AWAY: Final = 45.0
# The longest time is a multiple of the mean one.
LONGEST_AWAY: Final = 6
# What a fault hits: ids of processes or objects, the same as long as it is the same one that runs.
Victims = frozenset[int | str]


class Place(Enum):
    """Where the victims run. `WORKLOAD`: where the workload's pods are; `CONTROLLER`: in pods of the host cluster."""

    NODE = auto()
    MASTER = auto()
    WORKLOAD = auto()
    CLUSTER = auto()
    HOST = auto()
    CONTROLLER = auto()
    TESTBED = auto()


@dataclass(frozen=True)
class Kind:
    """A kind of failure. `program`: whose processes end, most of them without being asked.

    `away`: after how many seconds on average somebody starts it again; 0 if it comes back by itself.
    """

    name: str
    place: Place
    program: str
    away: float = 0


DELETION: Final = Kind("node pod deleted", Place.NODE, INIT)
_ANYWHERE: Final = (
    DELETION,
    Kind("node without power", Place.NODE, INIT),
    Kind("kubelet killed", Place.NODE, "kubelet"),
    Kind("containerd killed", Place.NODE, "containerd"),
    Kind("kube-proxy killed", Place.NODE, "kube-proxy"),
    Kind("pod of the workload killed", Place.WORKLOAD, WRITER),
    Kind("etcd killed", Place.MASTER, "etcd"),
    Kind("kube-apiserver killed", Place.MASTER, "kube-apiserver"),
)
# Of one control-plane node on one host.
KINDS: Final = (
    *_ANYWHERE,
    Kind("hooks killed", Place.TESTBED, controller.HOOKS, MEAN_AWAY),
    Kind("Metacontroller killed", Place.TESTBED, controller.METACONTROLLER, MEAN_AWAY),
    Kind("host's kubelet killed", Place.TESTBED, "kubelet", MEAN_AWAY),
    Kind("host's containerd killed", Place.TESTBED, "containerd", MEAN_AWAY),
)
# What an owner does: a control-plane node gets an empty volume, or all nodes are recreated, one after the other.
VOLUME: Final = Kind("volume deleted", Place.MASTER, INIT)
RESTART: Final = Kind("rolling restart", Place.CLUSTER, INIT)
# What a host may lose: the first ends all that runs there, the others nothing.
POWER: Final = Kind("host without power", Place.HOST, "", MEAN_HOST_AWAY)
NETWORK: Final = Kind("host without network", Place.HOST, "", MEAN_HOST_AWAY)
TIME: Final = Kind("host frozen", Place.HOST, "", MEAN_HOST_AWAY)
# Of several control-plane nodes on several hosts. What no other test does so often comes twice as often.
HOST_KINDS: Final = (
    *_ANYWHERE,
    RESTART,
    *(POWER, NETWORK, TIME, VOLUME) * 2,
    Kind("host's kubelet killed", Place.HOST, "kubelet"),
    Kind("host's containerd killed", Place.HOST, "containerd"),
    Kind("hooks deleted", Place.CONTROLLER, "vk8s-hooks"),
    Kind("Metacontroller deleted", Place.CONTROLLER, "metacontroller"),
)


@dataclass(frozen=True)
class Fault:
    """One failure, `wait` seconds after the one before. `target`: the node or host, empty if there is but one.

    `away`: seconds until what has nobody is started again.
    """

    kind: Kind
    target: str
    wait: float
    away: float

    def __str__(self) -> str:
        return f"{self.kind.name}: {self.target}" if self.target else self.kind.name

    @property
    def thing(self) -> str:
        """What is away, if anything is: a host, or a program."""
        return self.target or self.kind.program


def draw(seed: int, kinds: Sequence[Kind], targets: Mapping[Place, Sequence[str]]) -> Iterator[Fault]:
    """The faults of a seed, without end. `targets`: what faults of a place may hit; none means all of it."""
    random = Random(seed)  # noqa: S311 - it has to be the same again
    while True:
        kind = random.choice(kinds)
        target = random.choice(targets.get(kind.place, [""]))
        wait, away = random.expovariate(1 / MEAN_WAIT), min(random.expovariate(1), LONGEST_AWAY)
        yield Fault(kind, target, wait, away * kind.away)
