"""The note on the cold backup that is under way, or was last: its form, and where it is stored.

It is an annotation of the `pki` Secret, which outlives every pod. While it says that volumes are copied, the virtual
cluster is stopped, whatever happens to its status and to the hooks; `cold_backups` decides when that ends.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from hooks.kubernetes.conditions import format_time, parse_time

COLD_NOTE: Final = "vk8s.sktelecom.com/cold-backup-note"
# Of the Job of its snapshot: the store, as StoreAccess.digest.
COLD_STORE: Final = "vk8s.sktelecom.com/cold-backup-store"
COPYING, SUCCEEDED, FAILED = "Copying", "Succeeded", "Failed"
_LONGEST: Final = 1024


@dataclass(frozen=True)
class ColdNote:
    """A cold backup. `value`: of the owner's annotation; `phase`: empty if there was none.

    `snapshot`: of etcd, to which the volumes belong; `since`: when the nodes began to stop; `nodes`: those of the
    volumes; `message`: why it failed, or what was copied; `end`: when that was known;
    `store`: identifies where all of it is stored; `owner`: uid of the Vk8s.
    """

    value: str = ""
    phase: str = ""
    snapshot: str = ""
    since: datetime | None = None
    nodes: tuple[str, ...] = field(default=())
    message: str = ""
    end: datetime | None = None
    store: str = ""
    owner: str = ""

    @property
    def is_copying(self) -> bool:
        """Whether the virtual cluster is stopped, so that its volumes can be copied."""
        return self.phase == COPYING

    def encode(self) -> str:
        """The value of the annotation, which `parse_cold_note` reads."""
        fields = {
            "value": self.value,
            "phase": self.phase,
            "snapshot": self.snapshot,
            "since": format_time(self.since) if self.since else "",
            "nodes": list(self.nodes),
            "message": self.message[:_LONGEST],
            "end": format_time(self.end) if self.end else "",
            "store": self.store,
            "owner": self.owner,
        }
        return json.dumps({name: content for name, content in fields.items() if content}, sort_keys=True)


def parse_cold_note(text: str | None) -> ColdNote:
    """The note in the value of an annotation; an empty one if it can't be read: then nothing is stopped."""
    try:
        found: dict[str, Any] = dict(json.loads(text or ""))
        nodes = tuple(str(node) for node in found.get("nodes", []))
    except (TypeError, ValueError, RecursionError):
        return ColdNote()
    since, phase = parse_time(found.get("since")), str(found.get("phase", ""))
    texts = {name: str(found.get(name, "")) for name in ("value", "snapshot", "message", "store", "owner")}
    if phase not in (COPYING, SUCCEEDED, FAILED) or (phase == COPYING and since is None):
        return ColdNote()
    return ColdNote(phase=phase, since=since, nodes=nodes, end=parse_time(found.get("end")), **texts)
