"""What a Vk8s says of itself. Nothing is known here that its spec and its status don't say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from kubectl_vk8s import Manifest
from kubectl_vk8s.names import STOPPED_ANNOTATION
from kubectl_vk8s.sentences import split_by_node
from kubectl_vk8s.versions import read_tag

MASTER: Final = "master"
VALID: Final = "The spec is valid."
# Reasons that pass by themselves: something boots, is created, or waits for its turn.
PASSING: Final = frozenset(
    [
        "BackingUp",
        "BeingMade",
        "Booting",
        "ContainerCreating",
        "Failed",
        "Evicted",
        "Installing",
        "Leaving",
        "Paused",
        "PoolsNotSent",
        "Restoring",
        "Starting",
        "Terminating",
        "Waiting",
        "WaitingForAddress",
        "WaitingForNodes",
    ]
)


@dataclass(frozen=True)
class Condition:
    """A condition of the status."""

    type: str
    is_true: bool
    reason: str
    message: str

    @property
    def is_passing(self) -> bool:
        """Whether it becomes true by itself."""
        return self.reason in PASSING


@dataclass(frozen=True)
class Node:
    """One node of the status. `message`: what the status says of it while it is not Ready.

    `member`: what it is as a member of etcd, if there are several control-plane nodes.
    """

    name: str
    role: str
    is_ready: bool
    reason: str
    message: str
    address: str
    member: str = ""


@dataclass(frozen=True)
class Vk8s:
    """A Vk8s as the API server has it."""

    manifest: Manifest

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.manifest["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return str(self.manifest["metadata"]["namespace"])

    @property
    def spec(self) -> Manifest:
        """What its owner wrote."""
        spec: Manifest = self.manifest["spec"]
        return spec

    @property
    def status(self) -> Manifest:
        """Its status; empty until the hooks have looked at it. The API server gives it one without a phase before."""
        status: Manifest = self.manifest.get("status") or {}
        return status if "phase" in status else {}

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its annotations."""
        return self.manifest["metadata"].get("annotations") or {}

    @property
    def is_current(self) -> bool:
        """Whether the status is about the spec as it is now."""
        return bool(self.status.get("observedGeneration") == self.manifest["metadata"]["generation"])

    @property
    def is_terminating(self) -> bool:
        """Whether it is being deleted."""
        return "deletionTimestamp" in self.manifest["metadata"]

    @property
    def is_paused(self) -> bool:
        """Whether its owner asked for a pause, in either of the two ways."""
        return bool(self.spec.get("paused")) or self.annotations.get(STOPPED_ANNOTATION) == "true"

    @property
    def is_ephemeral(self) -> bool:
        """Whether it loses its state with its pods."""
        return bool((self.spec.get("storage") or {}).get("ephemeral"))

    @property
    def phase(self) -> str:
        """The phase of the status; New while it has none."""
        return str(self.status.get("phase") or "New")

    @property
    def ready_nodes(self) -> str:
        """Ready nodes, of all: 2/3."""
        return str(self.status.get("readyNodes") or f"0/{len(self.spec_nodes)}")

    @property
    def control_plane(self) -> Manifest:
        """How many voters etcd has, and how many are a quorum; empty if there is one control-plane node."""
        found: Manifest = self.status.get("controlPlane") or {}
        return found

    @property
    def backup_request(self) -> Manifest:
        """How far the snapshot is that its owner has requested; empty if there is none."""
        found: Manifest = (self.status.get("backup") or {}).get("request") or {}
        return found

    @property
    def cold_backup(self) -> Manifest:
        """How far the cold backup is that its owner has requested, or the last one; empty if there is none."""
        found: Manifest = (self.status.get("backup") or {}).get("cold") or {}
        return found

    @property
    def spec_nodes(self) -> Sequence[Manifest]:
        """The nodes of the spec, the control-plane node first."""
        nodes: Sequence[Manifest] = self.spec.get("nodes") or []
        return nodes

    @property
    def version(self) -> str:
        """The version of Kubernetes in the image of the control-plane node; empty where its tag does not say."""
        return next((read_tag(node["image"]) for node in self.spec_nodes if node["role"] == MASTER), "")

    @property
    def workers(self) -> Sequence[Manifest]:
        """The workers of the spec."""
        return [node for node in self.spec_nodes if node["role"] != MASTER]

    @cached_property
    def conditions(self) -> Mapping[str, Condition]:
        """The conditions by type, in the order of the status."""
        return {
            entry["type"]: Condition(entry["type"], entry["status"] == "True", entry["reason"], entry["message"])
            for entry in self.status.get("conditions") or []
        }

    @property
    def is_rejected(self) -> bool:
        """Whether the hooks do not act on the spec: nothing changes until its owner edits it."""
        accepted = self.conditions.get("Accepted")
        return accepted is not None and not accepted.is_true

    @property
    def message(self) -> str:
        """One or two sentences on how it is; for a spec that is rejected, why."""
        if self.is_rejected:
            return self.conditions["Accepted"].message
        ready = self.conditions.get("Ready")
        return ready.message if ready else "Nobody has looked at it yet."

    @cached_property
    def nodes(self) -> Sequence[Node]:
        """The nodes of the status, the control-plane node first; of the spec while there is no status."""
        entries = self.status.get("nodes")
        if entries is None:
            return [Node(node["name"], node["role"], False, "Waiting", "", "") for node in self.spec_nodes]  # noqa: FBT003 a field
        roles = [self.conditions[kind] for kind in _ROLES if kind in self.conditions]
        messages = [each.message for each in roles if not each.is_true]
        said = dict(split_by_node(messages, [entry["name"] for entry in entries]))
        return [
            Node(
                entry["name"],
                entry["role"],
                entry["ready"],
                entry["reason"],
                "" if entry["ready"] else said.get(entry["name"], ""),
                entry.get("address") or entry.get("podIP") or "",
                entry.get("member") or "",
            )
            for entry in entries
        ]

    def list_problems(self) -> list[Condition]:
        """What is not as it should be, the worst first: what needs somebody comes before what passes by itself."""
        warnings = [
            Condition(each.type, is_true=True, reason="Warning", message=each.message.removeprefix(VALID).strip())
            for each in self.conditions.values()
            if each.type == "Accepted" and each.is_true and each.message != VALID
        ]
        wrong = [each for each in self.conditions.values() if not each.is_true and each.type not in _SUMMARIES]
        listed = {each.reason for each in wrong}
        wrong += [each for each in self._list_summaries() if each.reason not in listed]
        return [*sorted(wrong, key=lambda each: each.is_passing), *warnings]

    @property
    def needs_somebody(self) -> bool:
        """Whether it stays as it is until somebody does something."""
        return any(not each.is_true and not each.is_passing for each in self.list_problems())

    def compute_age(self, now: datetime) -> int:
        """Seconds since it was created."""
        created = datetime.fromisoformat(self.manifest["metadata"]["creationTimestamp"]).astimezone(UTC)
        return max(0, int((now - created).total_seconds()))

    def summarize(self, now: datetime) -> Manifest:
        """What every command shows of it to programs."""
        return {
            "namespace": self.namespace,
            "name": self.name,
            "phase": self.phase,
            "readyNodes": self.ready_nodes,
            "version": self.version,
            "ageSeconds": self.compute_age(now),
        }

    def _list_summaries(self) -> Iterator[Condition]:
        """Conditions that repeat others, unless they alone say something."""
        ready = self.conditions.get("Ready")
        if ready and not ready.is_true:
            yield ready


# Installed says what the phase says.
_SUMMARIES: Final = frozenset({"Ready", "Installed"})
_ROLES: Final = ("ControlPlaneReady", "WorkersReady")


def format_age(seconds: int) -> str:
    """As kubectl writes it: 42s, 21m, 5h, 12d."""
    for limit, unit, size in ((120, "s", 1), (7200, "m", 60), (172800, "h", 3600)):
        if seconds < limit:
            return f"{seconds // size}{unit}"
    return f"{seconds // 86400}d"
