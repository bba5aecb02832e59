"""The result of checking a spec against a set of rules."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Messages: `problems` reject the spec and say what to write instead; `warnings` are shown in the status only."""

    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
