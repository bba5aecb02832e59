"""The note on the identity of a virtual cluster's state: which volumes hold it. Its form, and where it is stored.

It is an annotation of the `pki` Secret, which outlives every pod. `state` decides what is recorded when.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.names import DNS_1123, MAX_NODE_NAME

STATE: Final = "vk8s.sktelecom.com/state"
# Annotation of a pod that was created for a generation after the first.
GENERATION: Final = "vk8s.sktelecom.com/generation"
# Annotation of a control-plane pod that was created after a forced quorum: which one.
FORCED: Final = "vk8s.sktelecom.com/forced-quorum"
FIRST_GENERATION: Final = 1
_GENERATIONS: Final = range(FIRST_GENERATION, 10**9)


@dataclass(frozen=True)
class StateNote:
    """The volumes that hold the state of a virtual cluster.

    `claims`: by node, the uid of the PersistentVolumeClaim with which it has been Ready. With an entry of a
    control-plane node, the virtual cluster is initialized. `generation` increases whenever its data starts over: an
    empty cluster that its owner asked for, a restore. `members`: the nodes that etcd may list as members, if there has
    ever been more than one. `joining`: those of several control-plane nodes that have no data, as they have never had
    any, or as an empty volume replaces a lost one; until they are Ready. `forced`: `<node>.<number>` if a quorum was
    lost and its owner gave up what the others had: the data since then is that of this node.
    """

    claims: Mapping[str, str] = field(default_factory=dict)
    generation: int = FIRST_GENERATION
    members: frozenset[str] = frozenset()
    joining: frozenset[str] = frozenset()
    forced: str = ""

    def encode(self) -> str:
        """The value of the annotation, which `parse_note` reads."""
        members = {"members": sorted(self.members)} if self.members else {}
        joining = {"joining": sorted(self.joining)} if self.joining else {}
        forced = {"forced": self.forced} if self.forced else {}
        fields = {"claims": dict(self.claims), "generation": self.generation, **members, **joining, **forced}
        return json.dumps(fields, sort_keys=True)

    def force(self, node: str) -> str:
        """The value of `forced` with which the data of `node` becomes that of all, once."""
        return f"{node}.{int(self.forced.rpartition('.')[2] or 0) + 1}"

    def build_annotations(self) -> dict[str, str]:
        """The annotations of a new pod; none in the first generation, which most clusters never leave."""
        return {GENERATION: str(self.generation)} if self.generation > FIRST_GENERATION else {}


def parse_note(text: str | None) -> StateNote | None:
    """The note in the value of an annotation; None if it can't be read."""
    try:
        found = json.loads(text or "")
        claims, generation = found["claims"], found["generation"]
        noted = {str(node): str(uid) for node, uid in claims.items()}
        members, joining = _read_nodes(found, "members"), _read_nodes(found, "joining")
        forced = str(found.get("forced", ""))
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return None
    is_number = type(generation) is int and generation in _GENERATIONS
    # An entry that is no name of a node could never be removed again.
    kept = {node: uid for node, uid in noted.items() if _is_node(node)}
    forced = forced if re.fullmatch(r"[-a-z0-9]+\.[0-9]{1,9}", forced) else ""
    return StateNote(kept, generation, members, joining, forced) if is_number else None


def read_pod_generation(pod: Manifest) -> int:
    """The generation that a pod was created for: the first, unless an annotation says otherwise."""
    noted = (pod["metadata"].get("annotations") or {}).get(GENERATION, "")
    return int(noted) if re.fullmatch(r"[0-9]{1,9}", noted) else FIRST_GENERATION


def read_pod_forced(pod: Manifest) -> str:
    """The forced quorum that a control-plane pod was created for; empty if there was none."""
    return str((pod["metadata"].get("annotations") or {}).get(FORCED, ""))


def _read_nodes(note: Mapping[str, Iterable[object]], key: str) -> frozenset[str]:
    return frozenset(filter(_is_node, map(str, note.get(key, []))))


def _is_node(name: str) -> bool:
    return len(name) <= MAX_NODE_NAME and re.fullmatch(DNS_1123, name) is not None
