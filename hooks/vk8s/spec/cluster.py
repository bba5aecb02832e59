"""The virtual cluster that a valid Vk8s describes, for builders and status. Each fact is derived once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from hooks.settings import Settings
from hooks.vk8s.spec.cold_note import ColdNote
from hooks.vk8s.spec.model import NodeSpec, RestoreSpec, Spec
from hooks.vk8s.spec.namespace_rules import NamespaceRules
from hooks.vk8s.spec.naming import api_service_name, etcd_service_name
from hooks.vk8s.spec.network import Network
from hooks.vk8s.spec.state_note import StateNote
from hooks.wire import Metadata

# From the original operator: pauses the virtual cluster, whatever its value is.
STOPPED_ANNOTATION = "vk8s-resource-stopped"
RESTART_ANNOTATION = "vk8s.sktelecom.com/restart"
# Names of nodes, separated by commas, or `true` for all: they are removed without a drain.
FORCE_REMOVE_ANNOTATION = "vk8s.sktelecom.com/force-remove"
# Uids of PersistentVolumeClaims, separated by commas: their data is given up, and empty volumes may replace them.
ACCEPT_LOSS_ANNOTATION = "vk8s.sktelecom.com/accept-state-loss"
# Any text. Each value takes one backup.
SNAPSHOT_ANNOTATION = "vk8s.sktelecom.com/snapshot"
# Any text. Each value takes one backup with the volumes inside, for which the virtual cluster is stopped.
COLD_BACKUP_ANNOTATION = "vk8s.sktelecom.com/cold-backup"
# The hash of a CA, as in the `join` Secret: everything that it signed is given up, and another CA may replace it.
ACCEPT_CA_LOSS_ANNOTATION = "vk8s.sktelecom.com/accept-ca-loss"
# Uids of earlier Vk8s of this name, separated by commas: their volumes and keys are taken over.
ADOPT_ANNOTATION = "vk8s.sktelecom.com/adopt"
# Instead of their names, if a message has no room for all nodes.
EVERY_NODE = "*"


@dataclass(frozen=True)
class Identity:
    """Identifies the Vk8s, even if its spec can't be read."""

    name: str
    namespace: str
    uid: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class VirtualCluster:
    """A virtual cluster as its spec describes it."""

    identity: Identity
    spec: Spec
    cluster_domain: str
    node_certificate_seconds: int
    node_probe_seconds: int
    paused: bool = False
    is_paused_by_owner: bool = False
    # Any text. Pods that were created with another value are recreated.
    restart: str | None = None
    # The values of the annotations.
    force_remove: str = ""
    accept_loss: str = ""
    accept_ca_loss: str = ""
    adopts: str = ""
    snapshot: str = ""
    cold_backup: str = ""
    # The cold backup that is under way, or was last; Failed as soon as it can't succeed any more.
    cold: ColdNote = field(default_factory=ColdNote)
    # The snapshot that it began with, and `volumes`, the nodes of which that backup has volumes.
    restored: Mapping[str, str] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    state: StateNote = field(default_factory=StateNote)
    # Of the namespace in the host cluster; empty if Metacontroller does not send them.
    rules: NamespaceRules = field(default_factory=NamespaceRules)
    # Whether its etcd has several members, or is about to: there are several control-plane nodes, or there still are
    # some that are no longer in the spec.
    is_replicated: bool = False
    # Whether there are workers of an earlier version, which may join by a token that makes its holder any node.
    admits_token: bool = False

    @property
    def name(self) -> str:
        """Name of the Vk8s."""
        return self.identity.name

    @property
    def nodes(self) -> list[NodeSpec]:
        """Every node, the control plane first."""
        return self.spec.nodes

    @property
    def control_plane(self) -> list[NodeSpec]:
        """The control-plane nodes."""
        return self.spec.control_plane

    @property
    def workers(self) -> list[NodeSpec]:
        """The workers. Without any, the control-plane node runs all pods, so it has no taint."""
        return self.spec.workers

    def is_forced_out(self, node: str) -> bool:
        """Whether the node is to be removed without draining it."""
        names = _split(self.force_remove)
        return node in names or names == ["true"]

    @property
    def given_up(self) -> list[str]:
        """What the owner has given up: uids of claims, some with `/` and the uid of the pod that waits for it."""
        return _split(self.accept_loss)

    def gives_up(self, claim: str) -> bool:
        """Whether the owner has given up the data of the claim with that uid, which is gone."""
        return any(entry.partition("/")[0] == claim for entry in self.given_up)

    @property
    def founder(self) -> NodeSpec | None:
        """The control-plane node that may initialize the cluster, if any: no data is recorded that it would replace."""
        is_new = self.spec.storage.ephemeral or not any(node.name in self.state.claims for node in self.control_plane)
        return self.control_plane[0] if is_new else None

    def find_restore(self, node: NodeSpec) -> RestoreSpec | None:
        """The snapshot that `node` begins with: it initializes the cluster, and has no data that would count."""
        return self.spec.restore_from if node == self.founder else None

    def find_fetched(self, node: NodeSpec) -> RestoreSpec | None:
        """What is fetched to the volume of `node`: the snapshot that it begins with, or only volumes of that backup.

        The volumes are those of the node of that name. They are fetched to no claim with which it has been Ready.
        """
        restore = self.spec.restore_from
        if restore is None or node == self.founder:
            return restore
        names, is_known = _split(self.restored.get("volumes", "")), node.name in self.state.claims
        if is_known or self.spec.storage.ephemeral or not {node.name, EVERY_NODE}.intersection(names):
            return None
        return restore.model_copy(update={"snapshot": self.restored["snapshot"]})

    @property
    def cold_request(self) -> str:
        """The cold backup that the owner asks for and that has not ended; empty if none can be taken."""
        is_possible = self.spec.backup is not None and not self.spec.storage.ephemeral
        return self.cold_backup if is_possible and self.cold_backup != self.cold.value else ""

    @property
    def is_backing_up(self) -> bool:
        """Whether a cold backup pauses it, and not its owner."""
        return self.paused and not self.is_paused_by_owner

    def without(self, nodes: Collection[str]) -> "VirtualCluster":
        """The virtual cluster without these workers."""
        staying = [node for node in self.nodes if node.name not in nodes]
        return replace(self, spec=self.spec.model_copy(update={"nodes": staying}))

    @property
    def etcd_service(self) -> str:
        """Full name of the Service with the names of the control-plane nodes; empty while one has no need of a name."""
        service = f"{etcd_service_name(self.name)}.{self.identity.namespace}.svc.{self.cluster_domain}"
        return service if self.is_replicated else ""

    @property
    def api_names(self) -> list[str]:
        """The names of the API Service in the host cluster's DNS, from the shortest to the full one."""
        return list_api_names(self.identity, self.cluster_domain)

    @property
    def endpoint(self) -> str:
        """Full name of the API Service. It stays the same when the control-plane pod gets another address."""
        return self.api_names[-1]


def _split(names: str) -> list[str]:
    """The words between commas, without empty ones."""
    return [word for name in names.split(",") if (word := name.strip())]


def list_api_names(identity: Identity, cluster_domain: str) -> list[str]:
    """The names of the API Service in the host cluster's DNS, from the shortest to the full one."""
    short = api_service_name(identity.name)
    service = f"{short}.{identity.namespace}"
    return [short, service, f"{service}.svc", f"{service}.svc.{cluster_domain}"]


def parse_identity(metadata: Metadata) -> Identity:
    """The identity in an object's metadata."""
    return Identity(metadata.name, metadata.namespace, metadata.uid, metadata.labels)


def build_cluster(metadata: Metadata, spec: Spec, settings: Settings, network: Network) -> VirtualCluster:
    """The virtual cluster that a valid `spec` describes, with the addresses of its nodes."""
    annotations = metadata.annotations
    paused = spec.paused or STOPPED_ANNOTATION in annotations
    return VirtualCluster(
        parse_identity(metadata),
        spec,
        settings.cluster_domain,
        int(settings.node_certificate_validity.total_seconds()),
        settings.node_probe_seconds,
        paused=paused,
        is_paused_by_owner=paused,
        restart=annotations.get(RESTART_ANNOTATION),
        force_remove=annotations.get(FORCE_REMOVE_ANNOTATION, ""),
        accept_loss=annotations.get(ACCEPT_LOSS_ANNOTATION, ""),
        accept_ca_loss=annotations.get(ACCEPT_CA_LOSS_ANNOTATION, ""),
        adopts=",".join(_split(annotations.get(ADOPT_ANNOTATION, ""))),
        snapshot=annotations.get(SNAPSHOT_ANNOTATION, ""),
        cold_backup=annotations.get(COLD_BACKUP_ANNOTATION, ""),
        network=network,
        is_replicated=len(spec.control_plane) > 1,
    )
