"""The identity of a virtual cluster's state: which volumes hold it. The form of the note, and where it is.

It is an annotation on the `pki` Secret, which outlives every pod. What is noted when, and what follows: `state`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.names import DNS_1123, MAX_NODE_NAME

STATE: Final = "vk8s.sktelecom.com/state"
# On a pod that was made for another generation than the first.
GENERATION: Final = "vk8s.sktelecom.com/generation"
FIRST_GENERATION: Final = 1
_GENERATIONS: Final = range(FIRST_GENERATION, 10**9)


@dataclass(frozen=True)
class StateNote:
    """Where the state of a virtual cluster is.

    `claims`: name of a node to the uid of the PersistentVolumeClaim with which it has been Ready; with the master's
    entry, the virtual cluster is founded. `generation` rises whenever its data begins anew: an empty cluster that its
    owner asked for, a restore, a forced quorum.
    """

    claims: Mapping[str, str] = field(default_factory=dict)
    generation: int = FIRST_GENERATION

    def encode(self) -> str:
        """The value of the annotation; `parse_note` reads it."""
        return json.dumps({"claims": dict(self.claims), "generation": self.generation}, sort_keys=True)

    def build_annotations(self) -> dict[str, str]:
        """What is noted on a pod when it is made; nothing in the first generation, which most have for life."""
        return {GENERATION: str(self.generation)} if self.generation > FIRST_GENERATION else {}


def parse_note(text: str | None) -> StateNote | None:
    """The note in the value of an annotation; None where there is none that can be read."""
    try:
        found = json.loads(text or "")
        claims, generation = found["claims"], found["generation"]
        noted = {str(node): str(uid) for node, uid in claims.items()}
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return None
    is_number = type(generation) is int and generation in _GENERATIONS
    # Whatever is no name of a node, nobody could ever take out of the note again.
    return StateNote({node: uid for node, uid in noted.items() if _is_node(node)}, generation) if is_number else None


def read_noted_generation(pod: Manifest) -> int:
    """The generation that a pod was made for; the first where none is noted."""
    noted = (pod["metadata"].get("annotations") or {}).get(GENERATION, "")
    return int(noted) if re.fullmatch(r"[0-9]{1,9}", noted) else FIRST_GENERATION


def _is_node(name: str) -> bool:
    return len(name) <= MAX_NODE_NAME and re.fullmatch(DNS_1123, name) is not None
