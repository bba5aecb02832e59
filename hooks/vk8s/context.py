"""What a decision depends on besides the request."""

from dataclasses import dataclass
from datetime import datetime

from hooks.settings import Settings
from hooks.vk8s.scripts import Scripts


@dataclass(frozen=True)
class Context:
    """Settings, boot files, time and randomness. `entropy`: 32 fresh random bytes; `now`: UTC, whole seconds."""

    settings: Settings
    scripts: Scripts
    now: datetime
    entropy: bytes
