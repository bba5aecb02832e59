"""Which failures there are, and which comes when: all of it follows from one number."""

from collections.abc import Iterator, Sequence
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
# What nobody watches over in a testbed is started again after so many seconds.
MEAN_AWAY: Final = 10.0
LONGEST_AWAY: Final = 60.0


class Place(Enum):
    """Where the victims run."""

    NODE = auto()
    MASTER = auto()
    TESTBED = auto()


@dataclass(frozen=True)
class Kind:
    """A kind of failure. `program`: whose processes end, all but once without being asked."""

    name: str
    place: Place
    program: str


DELETION: Final = Kind("node pod deleted", Place.NODE, INIT)
KINDS: Final = (
    DELETION,
    Kind("node without power", Place.NODE, INIT),
    Kind("kubelet killed", Place.NODE, "kubelet"),
    Kind("containerd killed", Place.NODE, "containerd"),
    Kind("kube-proxy killed", Place.NODE, "kube-proxy"),
    Kind("pod of the workload killed", Place.NODE, WRITER),
    Kind("etcd killed", Place.MASTER, "etcd"),
    Kind("kube-apiserver killed", Place.MASTER, "kube-apiserver"),
    Kind("hooks killed", Place.TESTBED, controller.HOOKS),
    Kind("Metacontroller killed", Place.TESTBED, controller.METACONTROLLER),
    Kind("host's kubelet killed", Place.TESTBED, "kubelet"),
    Kind("host's containerd killed", Place.TESTBED, "containerd"),
)


@dataclass(frozen=True)
class Fault:
    """One failure, `wait` seconds after the one before. `away`: seconds until what has nobody is started again."""

    kind: Kind
    node: str
    wait: float
    away: float

    def __str__(self) -> str:
        return self.kind.name if self.kind.place is Place.TESTBED else f"{self.kind.name}: {self.node}"


def draw(seed: int, nodes: Sequence[str]) -> Iterator[Fault]:
    """The faults of a seed, without end; `nodes`: the control-plane node first."""
    random = Random(seed)  # noqa: S311 - it has to be the same again
    while True:
        kind, node = random.choice(KINDS), random.choice(nodes)
        wait, away = random.expovariate(1 / MEAN_WAIT), random.expovariate(1 / MEAN_AWAY)
        yield Fault(kind, nodes[0] if kind.place is Place.MASTER else node, wait, min(away, LONGEST_AWAY))
