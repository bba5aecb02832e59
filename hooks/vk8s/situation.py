"""What a call is about: made once, in `decide`, and given to every planner and to the status."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from hooks.kubernetes.conditions import Moment
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.observed.children import CLAIM, JOB, Observed
from hooks.vk8s.observed.job import Job
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.scripts import Scripts
from hooks.vk8s.spec.cluster import Identity, VirtualCluster
from hooks.vk8s.spec.naming import bootstrap_config_map_name, state_claim_name
from hooks.vk8s.spec.state_note import StateNote


@dataclass(frozen=True)
class Context:
    """Settings, boot files, time and randomness. `entropy`: 32 fresh random bytes; `now`: UTC, whole seconds."""

    settings: Settings
    scripts: Scripts
    now: datetime
    entropy: bytes


@dataclass(frozen=True)
class Call(Moment):
    """What any call is about, even one whose spec can't be read."""

    identity: Identity
    observed: Observed
    related: Mapping[str, Mapping[str, Manifest]]
    context: Context
    # Where the state of the nodes is, as it was last noted.
    note: StateNote

    @cached_property
    def pods(self) -> Mapping[str, Pod]:
        """The observed pods by name."""
        return {name: Pod(manifest) for name, manifest in self.observed.pods().items()}

    @cached_property
    def jobs(self) -> Mapping[str, Job]:
        """The observed Jobs by name."""
        return {name: Job(manifest) for name, manifest in self.observed.children.get(JOB, {}).items()}

    @property
    def unsafe_nodes(self) -> list[str]:
        """Names of the nodes whose noted claims are gone or going, whatever the spec says."""
        return [node for node in self.note.claims if (CLAIM, state_claim_name(node)) not in self.observed.lasting]

    @property
    def settings(self) -> Settings:
        """The settings of the hooks."""
        return self.context.settings


@dataclass(frozen=True)
class Situation(Call):
    """What a call about a Vk8s with a valid spec is about."""

    cluster: VirtualCluster

    @property
    def boot_files(self) -> str:
        """Name of the ConfigMap from which a pod that is created now boots."""
        return bootstrap_config_map_name(self.identity.name, self.context.scripts.digest)

    @property
    def running_image(self) -> str:
        """The image that a master runs, so that a host has it already; that of the spec where no master exists."""
        masters = self.cluster.control_plane
        images = [pod.image for node in masters if (pod := self.pods.get(node.name))]
        return next(filter(None, images), masters[0].image)

    def without(self, nodes: Collection[str]) -> "Situation":
        """The same, as if the spec did not name these workers."""
        return replace(self, cluster=self.cluster.without(nodes)) if nodes else self
