"""What a set of rules has to say of a spec."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Sentences: `problems` reject the spec and say what to write instead; `warnings` are shown, and change nothing."""

    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
