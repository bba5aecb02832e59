"""Planning the Services and the NetworkPolicy. They don't wait for the pods that they select."""

from hooks.vk8s.children.access_service import build_access_service
from hooks.vk8s.children.api_service import build_api_service
from hooks.vk8s.children.etcd_service import build_etcd_service
from hooks.vk8s.children.network_policy import build_network_policy
from hooks.vk8s.children.ports_service import build_ports_service
from hooks.vk8s.part import Part
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.labels import NODE_COMPONENT, component_selector, role_selector


def plan_services(situation: Situation) -> Part:
    """The Services and the NetworkPolicy that spec and settings ask for."""
    identity, spec = situation.identity, situation.cluster.spec
    # A node with a network of its owner's is Ready when that is installed, for which its API is needed.
    only_ready = situation.cluster.is_replicated and spec.kubernetes.cni != "none"
    targets, access_port = _choose_targets(situation), spec.access_pod_port if spec.access_pod_image else None
    return Part(
        children=[
            build_api_service(identity, only_ready=only_ready),
            *([build_etcd_service(identity)] if situation.cluster.is_replicated else []),
            *([build_ports_service(identity, spec.ports, targets)] if spec.ports else []),
            *([build_access_service(identity, access_port)] if access_port else []),
            *([build_network_policy(identity, spec)] if situation.settings.network_policy else []),
        ]
    )


def _choose_targets(situation: Situation) -> dict[str, str]:
    """The workers while one is Ready, so that a restart of the control plane breaks no connection; else every node."""
    pods = [situation.pods.get(node.name) for node in situation.cluster.workers]
    if any(pod and pod.is_ready for pod in pods):
        return role_selector(situation.cluster.name, "worker")
    return component_selector(situation.cluster.name, NODE_COMPONENT)
