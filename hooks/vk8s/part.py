"""What one planner wants of the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hooks.kubernetes.conditions import Blocker
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import Child


@dataclass(frozen=True, kw_only=True)
class Part:
    """One planner's part of the answer.

    `children` to answer with; `kept`: observed ones that are returned unchanged, with labels that say what they are;
    `gone`: observed ones that are left out now, whoever returns them; `waiting`: name of a pod that is not created yet
    to what continues a sentence that starts with its name; `blockers`: why nothing is as the spec asks; `due`: when
    time alone changes this part.
    """

    children: Sequence[Manifest] = ()
    kept: Mapping[Child, Mapping[str, str]] = field(default_factory=dict)
    gone: frozenset[Child] = frozenset()
    waiting: Mapping[str, str] = field(default_factory=dict)
    blockers: Sequence[Blocker] = ()
    due: datetime | None = None

    @property
    def blocker(self) -> Blocker | None:
        """The first of the blockers, which is the one to report."""
        return next(iter(self.blockers), None)
