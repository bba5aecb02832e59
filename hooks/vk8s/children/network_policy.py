"""NetworkPolicy `<vk8s>`: who may connect to the pods of a virtual cluster. What they connect to is not limited."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.access_service import SSH_PORT
from hooks.vk8s.keys.kubeconfig import API_PORT
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata, cluster_selector
from hooks.vk8s.spec.model import Spec
from hooks.vk8s.spec.naming import network_policy_name

# The API server writes it on each namespace, and lets nobody change it.
NAMESPACE_NAME = "kubernetes.io/metadata.name"


def build_network_policy(identity: Identity, spec: Spec) -> Manifest:
    """The NetworkPolicy for all pods of the virtual cluster.

    It is one for all of them, so each rule opens its ports on every pod, also on those where nothing listens: ssh and
    the API on workers, declared ports on the access pod. What a Node listens on (kubelet, etcd, VXLAN) stays closed.
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
                # Its owner's pods, and those of the Jobs that work in the virtual cluster.
                {
                    "ports": [_build_port(API_PORT)],
                    "from": [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: identity.namespace}}}],
                },
                # From everywhere: what comes through a port of the host's nodes may have the address of any of them.
                *([{"ports": [_build_port(port) for port in outside]}] if outside else []),
            ],
            # Not Egress: nodes pull images.
            "policyTypes": ["Ingress"],
        },
    }


def _build_port(port: int) -> Manifest:
    return {"protocol": "TCP", "port": port}
