"""Service `<vk8s>-api`: the address of the virtual cluster's API server, the same for its whole life."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.kubeconfig import API_PORT
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata, role_selector
from hooks.vk8s.spec.naming import api_service_name


def build_api_service(identity: Identity, *, only_ready: bool = False) -> Manifest:
    """The Service in front of the control plane: of all its nodes, or of those that are Ready."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": build_metadata(identity, api_service_name(identity.name)),
        "spec": {
            "type": "ClusterIP",
            "selector": role_selector(identity.name, "master"),
            "ports": [{"name": "https", "protocol": "TCP", "port": API_PORT, "targetPort": API_PORT}],
            # A control-plane pod is Ready when its Node is. Before that, its API server answers already, and with it
            # workers boot at the same time.
            "publishNotReadyAddresses": not only_ready,
        },
    }
