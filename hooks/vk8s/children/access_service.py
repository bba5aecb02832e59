"""Service `<vk8s>-access-svc`: ssh from outside the host cluster."""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import ACCESS_COMPONENT, build_metadata, component_selector
from hooks.vk8s.spec.naming import access_service_name

SSH_PORT = 22


def build_access_service(identity: Identity, node_port: int) -> Manifest:
    """The Service from `node_port` of the hosts to the access pod."""
    port = {"name": "ssh", "protocol": "TCP", "port": SSH_PORT, "targetPort": SSH_PORT, "nodePort": node_port}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": build_metadata(identity, access_service_name(identity.name)),
        "spec": {"type": "NodePort", "selector": component_selector(identity.name, ACCESS_COMPONENT), "ports": [port]},
    }
