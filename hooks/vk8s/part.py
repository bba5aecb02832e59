"""What one planner contributes to the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hooks.kubernetes.conditions import Blocker
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import Child


@dataclass(frozen=True, kw_only=True)
class Part:
    """One planner's part of the answer.

    `children`: those to create or update; `kept`: observed ones that are returned unchanged, with the labels that
    identify them; `gone`: observed ones that are left out now, even if another part returns them; `waiting`: by the
    name of a pod that is not created yet, what continues a sentence that starts with the name; `blockers`: why the spec
    can't be fulfilled; `due`: when time alone changes this part.
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
