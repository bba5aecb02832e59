"""Where a soak test can run: what it has to know of the virtual cluster and of what is under it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from testbed.kubectl import Kubectl
from tests.nested.virtual import VirtualCluster
from tests.soak.faults import Fault, Victims
from tests.soak.ledger import Record

# A container that ended several times is started again after up to five minutes, by the kubelet's own rule; then a
# control-plane node boots on two cores that others use, too.
RECOVERY_SECONDS = 420


class BrokenError(Exception):
    """What must never happen has happened; the message says what."""


class Workload(Protocol):
    """What writes to the virtual cluster all the time."""

    @property
    def ledger(self) -> Record:
        """What it has written."""

    def read(self) -> list[int] | None:
        """All numbers that are there; None while there is no answer."""

    def stop(self) -> None:
        """Returns when nothing more is written."""


class World(Protocol):
    """A virtual cluster that is Running, and what is under it."""

    @property
    def virtual(self) -> VirtualCluster:
        """The virtual cluster."""

    @property
    def inside(self) -> Kubectl:
        """`kubectl` for what is in it."""

    def draw(self, seed: int) -> Iterator[Fault]:
        """The faults of a seed, without end."""

    def look(self) -> Callable[[Fault], Victims]:
        """What a fault hits, as everything is at this moment; nothing where it is gone already."""

    def strike(self, fault: Fault, victims: Victims) -> bool:
        """Injects a fault; False if it is one that must not come at this moment, and nothing has happened."""

    def restore(self, fault: Fault) -> None:
        """Gives back what a fault has left it without."""

    def wait_until_well(self) -> None:
        """Returns when everything works. Raises TimeoutError, BrokenError."""


class Site(Protocol):
    """A place that is set up for a soak test, and removed afterwards. `text`: what it is."""

    text: str
    # How to remove what is left of it.
    removal: str

    def list_obstacles(self) -> list[str]:
        """Why this machine can't have one now."""

    def start(self) -> tuple[World, Sequence[Workload]]:
        """Returns when the virtual cluster is Running, and every workload has been answered."""

    def keep_logs(self, directory: Path) -> None:
        """Copies what goes away with it to a directory."""

    def remove(self) -> None:
        """Removes all of it."""
