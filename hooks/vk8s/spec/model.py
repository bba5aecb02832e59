"""The spec of a Vk8s as its owner writes it: fields, types, defaults. What the values mean lives in `cluster`."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from hooks.kubernetes.forms import SpecModel
from hooks.kubernetes.names import DNS_1123, MAX_NODE_NAME
from hooks.kubernetes.quantity import QuantityText
from hooks.vk8s.spec.naming import MAX_PORT_NAME

# 198.18.0.0/15 is set aside for benchmarks of network devices (RFC 2544): never public, seldom anyone's network.
DEFAULT_POD_CIDR = "198.18.0.0/16"
DEFAULT_SERVICE_CIDR = "198.19.0.0/16"
DEFAULT_STORAGE_SIZE = "20Gi"
# Which ports a Kubernetes cluster gives to NodePorts, unless told otherwise.
NODE_PORTS = range(30000, 32768)
MAX_KEY_LENGTH = 8192
# RFC 5321, 4.5.3.1.
MAX_EMAIL = 254
# As of any object whose name need not be a label.
MAX_OBJECT_NAME = 253
# The name of the port that leads to Kubeflow's user interface.
KUBEFLOW_PORT = "kubeflow"
# Whom Kubeflow itself names as its first user.
DEFAULT_EMAIL = "user@example.com"

Role = Literal["master", "worker"]
Cni = Literal["flannel", "none"]
Image = Annotated[str, StringConstraints(min_length=1, max_length=512)]


class Resources(SpecModel):
    """As in a pod: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/."""

    requests: dict[str, QuantityText] = Field(default_factory=dict)
    limits: dict[str, QuantityText] = Field(default_factory=dict)


class NodeSpec(SpecModel):
    """One node of the virtual cluster, one pod of the host cluster, under one name."""

    name: Annotated[str, StringConstraints(pattern=DNS_1123, max_length=MAX_NODE_NAME)]
    image: Image
    role: Role
    resources: Resources = Field(default_factory=Resources)
    tolerations: list[dict[str, Any]] = Field(default_factory=list)
    node_selector: dict[str, str] = Field(default_factory=dict)
    runtime_class_name: str | None = None


class KubernetesSpec(SpecModel):
    """Networks of the virtual cluster. They can't change once it exists."""

    pod_network_cidr: str = DEFAULT_POD_CIDR
    service_cidr: str = DEFAULT_SERVICE_CIDR
    cni: Cni = "flannel"


class StorageSpec(SpecModel):
    """Where nodes keep their state: a claim each, or with `ephemeral` the pod's own disk."""

    size: QuantityText = DEFAULT_STORAGE_SIZE
    storage_class_name: str | None = None
    ephemeral: bool = False


class AccessSpec(SpecModel):
    """Who may connect to the access pod: public keys, one per entry. Without any, the generated client key may."""

    authorized_keys: list[Annotated[str, StringConstraints(max_length=MAX_KEY_LENGTH)]] = Field(default_factory=list)


class PortSpec(SpecModel):
    """A port of the virtual cluster that is to be reached from outside the host cluster."""

    name: Annotated[str, StringConstraints(max_length=MAX_PORT_NAME)]
    port: int = Field(ge=1, le=65535)
    target_port: int = Field(ge=1, le=65535)


class PasswordSecretRef(SpecModel):
    """Where a password is: a Secret in the namespace of the Vk8s, and the key in it."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_OBJECT_NAME)]
    key: Annotated[str, StringConstraints(min_length=1, max_length=MAX_OBJECT_NAME)] = "password"


class KubeflowSpec(SpecModel):
    """Which Kubeflow is to be installed, and who its first user is; without a Secret, a password is made."""

    version: str
    email: Annotated[str, StringConstraints(max_length=MAX_EMAIL)] = DEFAULT_EMAIL
    password_secret_ref: PasswordSecretRef | None = None


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

    @property
    def control_plane(self) -> list[NodeSpec]:
        """The nodes with role master, in their order."""
        return [node for node in self.nodes if node.role == "master"]

    @property
    def workers(self) -> list[NodeSpec]:
        """The nodes with role worker, in their order."""
        return [node for node in self.nodes if node.role == "worker"]
