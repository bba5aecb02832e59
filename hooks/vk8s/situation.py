"""The inputs of a decision: built once, in `decide`, and passed to every planner and to the status."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from hooks.kubernetes.conditions import StatusContext
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.observed.backup_report import Past
from hooks.vk8s.observed.children import CLAIM, JOB, Observed
from hooks.vk8s.observed.hosts import compute_silence_due, list_suspects, select_silent
from hooks.vk8s.observed.job import Job
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.observed.restore_report import read_restored
from hooks.vk8s.scripts import Scripts
from hooks.vk8s.spec.cluster import Identity, VirtualCluster
from hooks.vk8s.spec.cold_note import ColdNote
from hooks.vk8s.spec.naming import bootstrap_config_map_name, state_claim_name
from hooks.vk8s.spec.state_note import StateNote


@dataclass(frozen=True)
class Context:
    """Settings, bootstrap files, time and randomness. `entropy`: 32 new random bytes; `now`: UTC, whole seconds."""

    settings: Settings
    scripts: Scripts
    now: datetime
    entropy: bytes


@dataclass(frozen=True)
class Call(StatusContext):
    """The inputs of any call, even if the spec can't be read."""

    identity: Identity
    observed: Observed
    related: Mapping[str, Mapping[str, Manifest]]
    context: Context
    # The volumes that hold the state of the nodes, as last recorded.
    note: StateNote
    # The cold backup that is under way, or was last.
    cold: ColdNote
    # What the status says of earlier backups.
    past_backups: Past
    # What the status says of the restore that the virtual cluster began with.
    past_restored: Mapping[str, str]

    @cached_property
    def pods(self) -> Mapping[str, Pod]:
        """The observed pods by name."""
        return {name: Pod(manifest) for name, manifest in self.observed.pods().items()}

    @cached_property
    def restored(self) -> Mapping[str, str]:
        """The snapshot that the virtual cluster began with: its name, its time, and the Vk8s; empty without one."""
        return read_restored(self.pods.values()) or self.past_restored

    @cached_property
    def silent_hosts(self) -> Mapping[str, datetime]:
        """The hosts of its pods that do not answer, and since when."""
        return select_silent(self.suspected_hosts, self.now)

    @property
    def silence_due(self) -> datetime | None:
        """When a host may begin to count as one that does not answer, which no event reports."""
        return compute_silence_due(self.suspected_hosts, self.now)

    @cached_property
    def suspected_hosts(self) -> Mapping[str, datetime]:
        """The hosts of its pods that may not answer, and since when."""
        return list_suspects(self.pods.values())

    @cached_property
    def jobs(self) -> Mapping[str, Job]:
        """The observed Jobs by name."""
        return {name: Job(manifest) for name, manifest in self.observed.children.get(JOB, {}).items()}

    @property
    def unsafe_nodes(self) -> list[str]:
        """Names of the nodes whose recorded claims are gone or being deleted, whatever the spec says."""
        return [node for node in self.note.claims if (CLAIM, state_claim_name(node)) not in self.observed.lasting]

    @property
    def settings(self) -> Settings:
        """The settings of the hooks."""
        return self.context.settings


@dataclass(frozen=True)
class Situation(Call):
    """The inputs of a call about a Vk8s with a valid spec. `removed`: roles of nodes that exist and are not in it."""

    cluster: VirtualCluster
    removed: Mapping[str, str]

    @property
    def boot_files(self) -> str:
        """Name of the ConfigMap with the bootstrap files of a pod that is created now."""
        return bootstrap_config_map_name(self.identity.name, self.context.scripts.digest)

    @property
    def running_image(self) -> str:
        """The image of a control-plane pod, which some host has already pulled; without one, that of the spec."""
        masters = self.cluster.control_plane
        images = [pod.image for node in masters if (pod := self.pods.get(node.name))]
        return next(filter(None, images), masters[0].image)

    def without(self, nodes: Collection[str]) -> "Situation":
        """The same without these workers."""
        return replace(self, cluster=self.cluster.without(nodes)) if nodes else self
