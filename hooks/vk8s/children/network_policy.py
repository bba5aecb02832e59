"""NetworkPolicy `<vk8s>`: who may connect to the pods of a virtual cluster. Their own connections are not limited."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.access_service import SSH_PORT
from hooks.vk8s.keys.kubeconfig import API_PORT
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata, cluster_selector
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.naming import network_policy_name

# The API server sets this label on each namespace, and rejects changes of it.
NAMESPACE_NAME = "kubernetes.io/metadata.name"


def build_network_policy(identity: Identity, spec: Spec) -> Manifest:
    """The NetworkPolicy for all pods of the virtual cluster.

    There is one for all pods, so each rule opens its ports on every pod, even if nothing listens there: ssh and the API
    on workers, declared ports on the access pod. The ports of a Node itself (kubelet, etcd, VXLAN) stay closed.
    """
    own, ports = cluster_selector(identity.name), [port.target_port for port in spec.ports]
    outside = [*ports, *([SSH_PORT] if spec.access_pod_image else [])]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": build_metadata(identity, network_policy_name(identity.name)),
        "spec": {
            "podSelector": {"matchLabels": own},
            "ingress": [
                {"from": [{"podSelector": {"matchLabels": dict(own)}}]},
                # Pods of the owner, and of the Jobs that work in the virtual cluster.
                {
                    "ports": [_build_port(API_PORT)],
                    "from": [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: identity.namespace}}}],
                },
                # From everywhere: connections through a node port may come from the address of any host.
                *([{"ports": [_build_port(port) for port in outside]}] if outside else []),
            ],
            # Not Egress: nodes pull images.
            "policyTypes": ["Ingress"],
        },
    }


def _build_port(port: int) -> Manifest:
    return {"protocol": "TCP", "port": port}
