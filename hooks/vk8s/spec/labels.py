"""Labels and annotations of the children, and the selectors. User labels go to every child, never into a selector."""

from collections.abc import Mapping
from typing import Final

from hooks.kubernetes.labels import CONTROLLER_UID, MANAGED_BY, NODE, PREFIX, VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.model import NodeSpec, Role

ROLE = f"{PREFIX}role"
COMPONENT = f"{PREFIX}component"
BOOTSTRAP_COMPONENT, NODE_COMPONENT, ACCESS_COMPONENT, LEAVE_COMPONENT = "bootstrap", "node", "access", "leave"
KUBEFLOW_COMPONENT, BACKUP_COMPONENT = "kubeflow", "backup"

# Labels by which controllers and tools recognize their objects. Copied to a child, they make the API server reject a
# Job, Kueue suspend it, kube-proxy ignore a Service, Helm or Argo CD take a child for an object that their user wrote,
# or a tool prune it.
_STEERING_NAMES: Final = frozenset(
    [
        "app.kubernetes.io/instance",
        "controller-revision-hash",
        "helm.sh/chart",
        "job-name",
        "pod-template-generation",
        "pod-template-hash",
    ]
)
_STEERING_DOMAINS: Final = frozenset(
    [
        "addonmanager.kubernetes.io",
        "apps.kubernetes.io",
        "applyset.kubernetes.io",
        "argocd.argoproj.io",
        "batch.kubernetes.io",
        "endpointslice.kubernetes.io",
        "jobset.sigs.k8s.io",
        "kapp.k14s.io",
        "kueue.x-k8s.io",
        "leaderworkerset.sigs.k8s.io",
        "objectset.rio.cattle.io",
        "scheduling.x-k8s.io",
        "service.kubernetes.io",
        "statefulset.kubernetes.io",
        "toolkit.fluxcd.io",
    ]
)

# A service mesh redirects the traffic of a pod: here, that of the kubelet, the network and the pods of a whole node.
# https://istio.io/latest/docs/reference/config/labels/ and https://linkerd.io/2/reference/proxy-configuration/
NO_MESH_LABELS: Final = {"istio.io/dataplane-mode": "none", "sidecar.istio.io/inject": "false"}
NO_MESH_ANNOTATIONS: Final = {"linkerd.io/inject": "disabled"}


def user_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels of a Vk8s that are copied to its children: all except for those that identify an object."""
    own = {CONTROLLER_UID, *MANAGED_BY}
    return {
        key: value
        for key, value in labels.items()
        if key not in own and not key.startswith(PREFIX) and not is_steering(key)
    }


def is_steering(label: str) -> bool:
    """Whether a controller, or a tool that prunes, recognizes its objects by the label."""
    domain = label.partition("/")[0]
    # Each controller of Flux has a subdomain.
    parent = domain.partition(".")[2]
    return label in _STEERING_NAMES or not _STEERING_DOMAINS.isdisjoint((domain, parent))


def child_labels(identity: Identity) -> dict[str, str]:
    """Labels of every child of the Vk8s: those of its owner, and those that identify the child."""
    return {**user_labels(identity.labels), **MANAGED_BY, **cluster_selector(identity.name)}


def cluster_selector(vk8s: str) -> dict[str, str]:
    """The labels of all objects of one virtual cluster, unique within its namespace."""
    return {VK8S: vk8s}


def role_selector(vk8s: str, role: Role) -> dict[str, str]:
    """The node pods of one role."""
    return {**cluster_selector(vk8s), ROLE: role}


def component_selector(vk8s: str, component: str) -> dict[str, str]:
    """The pods of one component."""
    return {**cluster_selector(vk8s), COMPONENT: component}


def node_labels(node: NodeSpec) -> dict[str, str]:
    """The labels that identify the pod of a node."""
    return {COMPONENT: NODE_COMPONENT, NODE: node.name, ROLE: node.role}


def claim_labels(node: NodeSpec) -> dict[str, str]:
    """The labels that identify the claim of a node."""
    return {NODE: node.name, ROLE: node.role}


def leave_labels(node: str) -> dict[str, str]:
    """The labels of a Job, and of its pods, that removes a node."""
    return {COMPONENT: LEAVE_COMPONENT, NODE: node}


def kubeflow_labels() -> dict[str, str]:
    """The labels of a Job, and of its pods, that installs Kubeflow."""
    return {COMPONENT: KUBEFLOW_COMPONENT}


def backup_labels() -> dict[str, str]:
    """The labels of what takes backups: CronJob, Jobs and their pods."""
    return {COMPONENT: BACKUP_COMPONENT}


def volumes_labels(node: str) -> dict[str, str]:
    """The labels of a Job, and of its pods, that copies the volumes of a node."""
    return {**backup_labels(), NODE: node}


def build_pod_metadata(
    identity: Identity, name: str, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> Manifest:
    """`metadata` of a pod. It opts out of service meshes, unless its owner's labels opt in."""
    metadata = build_annotated_metadata(identity, name, labels, {**NO_MESH_ANNOTATIONS, **annotations})
    return {**metadata, "labels": {**NO_MESH_LABELS, **metadata["labels"]}}


def build_annotated_metadata(
    identity: Identity, name: str, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> Manifest:
    """`metadata` of the child `name`, with annotations."""
    return {**build_metadata(identity, name, labels), "annotations": dict(annotations)}


def build_metadata(identity: Identity, name: str, extra_labels: Mapping[str, str] | None = None) -> Manifest:
    """`metadata` of the child `name`, in the parent's namespace, as all children are."""
    return {
        "name": name,
        "namespace": identity.namespace,
        "labels": {**child_labels(identity), **(extra_labels or {})},
    }
