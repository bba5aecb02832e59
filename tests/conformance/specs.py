"""Which of Kubernetes' own specs run, and how: those that share the cluster, and those that must be alone in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# The label of specs that define what a Kubernetes is, and the one of specs that run one after the other.
CONFORMANCE, SERIAL = "Conformance", "Serial"
# The most that ran here on two busy cores without a spec that failed because it was too slow.
PROCESSES: Final = 6
# After this, ginkgo ends a part that hangs; a part takes half an hour on two cores that others use, too.
_MINUTES: Final = 120


@dataclass(frozen=True)
class Choice:
    """What is asked for: expressions for the names of specs. Without a focus, all of Conformance."""

    focus: Sequence[str] = ()
    skip: Sequence[str] = ()

    @property
    def is_all(self) -> bool:
        """Whether nothing of Conformance is left out."""
        return not self.focus and not self.skip


@dataclass(frozen=True)
class Part:
    """Specs that run in one go. `labels`: an expression for their labels, in ginkgo's language."""

    name: str
    labels: str
    choice: Choice
    processes: int

    def build_arguments(self) -> list[str]:
        """The arguments with which ginkgo runs exactly these specs."""
        return [
            f"--procs={self.processes}",
            f"--timeout={_MINUTES}m",
            f"--label-filter={self.labels}",
            *(f"--focus={expression}" for expression in self.choice.focus),
            *(f"--skip={expression}" for expression in self.choice.skip),
        ]


def plan_parts(choice: Choice, processes: int, names: Sequence[str]) -> list[Part]:
    """The parts of these names for a choice, in the order in which they run."""
    scope = "" if choice.focus else f"{CONFORMANCE} && "
    parts = [
        Part("parallel", f"{scope}!{SERIAL}", choice, processes),
        Part("serial", f"{scope}{SERIAL}", choice, 1),
    ]
    return [part for part in parts if part.name in names]


def plan_again(names: Sequence[str]) -> Part:
    """The specs of these names once more, one after the other, with the cluster for themselves."""
    focus = [f"^{re.escape(name)}$" for name in names]
    return Part("again", "", Choice(focus), 1)
