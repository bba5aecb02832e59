"""PersistentVolumeClaim `<node>-state`: etcd, kubelet, container images and /etc/kubernetes of one node."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.labels import build_metadata, claim_labels
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.naming import state_claim_name


def build_state_claim(cluster: VirtualCluster, node: NodeSpec) -> Manifest:
    """The claim for the state of `node`, created once. It stays until the node is removed or the Vk8s is deleted."""
    storage = cluster.spec.storage
    storage_class = {"storageClassName": storage.storage_class_name} if storage.storage_class_name is not None else {}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": build_metadata(cluster.identity, state_claim_name(node.name), claim_labels(node)),
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": storage.size}},
            **storage_class,
        },
    }
