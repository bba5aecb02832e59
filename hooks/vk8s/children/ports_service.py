"""Service `<vk8s>`: the declared ports, from outside the host cluster to node pods."""

from collections.abc import Mapping, Sequence

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import build_metadata
from hooks.vk8s.spec.model import NODE_PORTS, PortSpec
from hooks.vk8s.spec.naming import ports_service_name


def build_ports_service(identity: Identity, ports: Sequence[PortSpec], selector: Mapping[str, str]) -> Manifest:
    """The Service for `ports`, which must not be empty, to the node pods of `selector`."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": build_metadata(identity, ports_service_name(identity.name)),
        "spec": {
            "type": "NodePort",
            "selector": dict(selector),
            "ports": [_build_port(port) for port in ports],
        },
    }


def _build_port(port: PortSpec) -> Manifest:
    """The same port outside if it is in the range of NodePorts; else one that the host cluster chooses."""
    fixed = {"nodePort": port.port} if port.port in NODE_PORTS else {}
    return {"name": port.name, "protocol": "TCP", "port": port.port, "targetPort": port.target_port, **fixed}
