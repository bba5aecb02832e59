"""The spec of a Vk8s: fields, types, defaults. `cluster` derives from it what the values mean."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from hooks.kubernetes.forms import SpecModel
from hooks.kubernetes.names import DNS_1123, MAX_NODE_NAME, MAX_OBJECT_NAME, SUBDOMAIN
from hooks.kubernetes.quantity import QuantityText
from hooks.vk8s.spec.naming import MAX_PORT_NAME

# 198.18.0.0/15 is reserved for benchmarks of network devices (RFC 2544): never public, and seldom used.
DEFAULT_POD_CIDR = "198.18.0.0/16"
DEFAULT_SERVICE_CIDR = "198.19.0.0/16"
DEFAULT_STORAGE_SIZE = "20Gi"
# The default range of NodePorts.
NODE_PORTS = range(30000, 32768)
MAX_KEY_LENGTH = 8192
# RFC 5321, 4.5.3.1.
MAX_EMAIL = 254
MAX_NODES = 100
MAX_URL = 512
MAX_PREFIX = 256
MAX_SCHEDULE = 128
MAX_VOLUME_MINUTES = 1440
# As restic names them, short or long.
SNAPSHOT = r"^(latest|[0-9a-f]{8,64})$"
# The name of the port of Kubeflow's user interface.
KUBEFLOW_PORT = "kubeflow"
# Kubeflow's own default for its first user.
DEFAULT_EMAIL = "user@example.com"

Role = Literal["master", "worker"]
Cni = Literal["flannel", "none"]
# The API server accepts no space around it in a pod, and no registry has a space in a name.
Image = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^\S*$")]
LabelName = Annotated[str, StringConstraints(pattern=DNS_1123, max_length=63)]
ObjectName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_OBJECT_NAME)]
ClassName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_OBJECT_NAME, pattern=SUBDOMAIN)]


class Resources(SpecModel):
    """As in a pod: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/."""

    requests: dict[str, QuantityText] = Field(default_factory=dict)
    limits: dict[str, QuantityText] = Field(default_factory=dict)


class NodeSpec(SpecModel):
    """A node of the virtual cluster and, under the same name, a pod of the host cluster."""

    name: Annotated[str, StringConstraints(pattern=DNS_1123, max_length=MAX_NODE_NAME)]
    image: Image
    role: Role
    resources: Resources = Field(default_factory=Resources)
    node_selector: dict[str, str] = Field(default_factory=dict)
    runtime_class_name: ClassName | None = None
    # As in a pod; `placement` has their form.
    tolerations: list[dict[str, Any]] = Field(default_factory=list)
    affinity: dict[str, Any] = Field(default_factory=dict)
    topology_spread_constraints: list[dict[str, Any]] = Field(default_factory=list)
    priority_class_name: ClassName | None = None
    annotations: dict[str, str] = Field(default_factory=dict)


class KubernetesSpec(SpecModel):
    """Networks of the virtual cluster. All of it but `network_policies` is immutable."""

    pod_network_cidr: str = DEFAULT_POD_CIDR
    service_cidr: str = DEFAULT_SERVICE_CIDR
    cni: Cni = "flannel"
    network_policies: bool = True


class StorageSpec(SpecModel):
    """Where nodes keep their state: on a claim each or, with `ephemeral`, on the pod's own disk."""

    size: QuantityText = DEFAULT_STORAGE_SIZE
    storage_class_name: str | None = None
    ephemeral: bool = False
    retain: bool = False


class AccessSpec(SpecModel):
    """Public keys that may connect to the access pod, one per entry. Without any, the generated client key may."""

    authorized_keys: list[Annotated[str, StringConstraints(max_length=MAX_KEY_LENGTH)]] = Field(default_factory=list)


class PortSpec(SpecModel):
    """A port of the virtual cluster that is reachable from outside the host cluster."""

    name: Annotated[str, StringConstraints(max_length=MAX_PORT_NAME)]
    port: int = Field(ge=1, le=65535)
    target_port: int = Field(ge=1, le=65535)


class PasswordSecretRef(SpecModel):
    """A key of a Secret in the namespace of the Vk8s."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_OBJECT_NAME)]
    key: Annotated[str, StringConstraints(min_length=1, max_length=MAX_OBJECT_NAME)] = "password"


class KubeflowSpec(SpecModel):
    """The Kubeflow to install, and its first user. Without a Secret, a password is generated."""

    version: str
    email: Annotated[str, StringConstraints(max_length=MAX_EMAIL)] = DEFAULT_EMAIL
    password_secret_ref: PasswordSecretRef | None = None


class DisruptionBudget(SpecModel):
    """How many nodes evictions may take down at a time."""

    max_unavailable: int = Field(ge=0, le=MAX_NODES)


class NameRef(SpecModel):
    """An object in the namespace of the Vk8s."""

    name: ObjectName


class CaConfigMapRef(SpecModel):
    """A key of a ConfigMap in the namespace of the Vk8s."""

    name: ObjectName
    key: ObjectName = "ca.crt"


class S3Spec(SpecModel):
    """A bucket for snapshots. Keys begin with the prefix, then the namespace and the name of the Vk8s."""

    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL)]
    bucket: Annotated[str, StringConstraints(min_length=3, max_length=63)]
    prefix: Annotated[str, StringConstraints(max_length=MAX_PREFIX)] | None = None
    region: Annotated[str, StringConstraints(max_length=64)] | None = None
    credentials_secret_ref: NameRef
    ca_config_map_ref: CaConfigMapRef | None = None


class SnapshotStore(SpecModel):
    """Where snapshots are: in a claim or a bucket; and the password that they are encrypted with, if any."""

    claim: NameRef | None = None
    s3: S3Spec | None = None
    password_secret_ref: PasswordSecretRef | None = None


class BackupSpec(SnapshotStore):
    """When snapshots of etcd are taken, how many are kept, and where."""

    schedule: Annotated[str, StringConstraints(min_length=1, max_length=MAX_SCHEDULE)]
    time_zone: Annotated[str, StringConstraints(max_length=64)] | None = None
    keep: int = Field(default=7, ge=1, le=1000)
    volume_minutes: int = Field(default=60, ge=1, le=MAX_VOLUME_MINUTES)


class RestoreSpec(SnapshotStore):
    """The snapshot that a virtual cluster begins with, of the Vk8s with that name and namespace."""

    snapshot: Annotated[str, StringConstraints(pattern=SNAPSHOT)] = "latest"
    name: LabelName | None = None
    namespace: LabelName | None = None


class Spec(SpecModel):
    """`spec` of a Vk8s."""

    nodes: list[NodeSpec] = Field(min_length=1)
    kubernetes: KubernetesSpec = Field(default_factory=KubernetesSpec)
    storage: StorageSpec = Field(default_factory=StorageSpec)
    paused: bool = False
    ip_pool: Annotated[str, StringConstraints(min_length=1, max_length=MAX_OBJECT_NAME)] | None = None
    access_pod_image: Image | None = None
    access_pod_port: int | None = Field(default=None, ge=NODE_PORTS.start, le=NODE_PORTS.stop - 1)
    kubeflow: KubeflowSpec | None = None
    access: AccessSpec = Field(default_factory=AccessSpec)
    ports: list[PortSpec] = Field(default_factory=list)
    disruption_budget: DisruptionBudget | None = None
    backup: BackupSpec | None = None
    restore_from: RestoreSpec | None = None

    @property
    def control_plane(self) -> list[NodeSpec]:
        """The control-plane nodes, in their order."""
        return [node for node in self.nodes if node.role == "master"]

    @property
    def workers(self) -> list[NodeSpec]:
        """The workers, in their order."""
        return [node for node in self.nodes if node.role == "worker"]
