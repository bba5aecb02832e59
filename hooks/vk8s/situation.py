"""What a call is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hooks.kubernetes.conditions import Moment
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.observed.children import Observed
from hooks.vk8s.scripts import Scripts


@dataclass(frozen=True)
class Context:
    """Settings, boot files, time and randomness. `entropy`: 32 fresh random bytes; `now`: UTC, whole seconds."""

    settings: Settings
    scripts: Scripts
    now: datetime
    entropy: bytes


@dataclass(frozen=True)
class Situation(Moment):
    """What the status of a Vk8s is computed from, besides the plan."""

    observed: Observed
    cluster_domain: str
    related: Mapping[str, Mapping[str, Manifest]]
