"""How a virtual cluster is reached: its Services, and who may connect. What they lead to may come later."""

from hooks.vk8s.children.access_service import build_access_service
from hooks.vk8s.children.api_service import build_api_service
from hooks.vk8s.children.network_policy import build_network_policy
from hooks.vk8s.children.ports_service import build_ports_service
from hooks.vk8s.observed.children import NETWORK_POLICY, SERVICE
from hooks.vk8s.part import Part
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.labels import NODE_COMPONENT, component_selector, role_selector
from hooks.vk8s.spec.naming import access_service_name, network_policy_name, ports_service_name


def plan_services(situation: Situation) -> Part:
    """The Services and the NetworkPolicy. A kind that the CompositeController does not list yet is not returned."""
    cluster, spec = situation.cluster, situation.cluster.spec
    targets = _find_targets(situation)
    is_limited, has_ssh = situation.settings.network_policy, spec.access_pod_image and spec.access_pod_port
    unwanted = [
        *([] if spec.ports else [(SERVICE, ports_service_name(cluster.name))]),
        *([] if has_ssh else [(SERVICE, access_service_name(cluster.name))]),
        *([] if is_limited else [(NETWORK_POLICY, network_policy_name(cluster.name))]),
    ]
    return Part(
        children=[
            build_api_service(cluster.identity),
            *([build_ports_service(cluster.identity, spec.ports, targets)] if spec.ports else []),
            *(
                [build_access_service(cluster.identity, spec.access_pod_port)]
                if has_ssh and spec.access_pod_port
                else []
            ),
            *(
                [build_network_policy(cluster.identity, spec)]
                if is_limited and situation.observed.knows(NETWORK_POLICY)
                else []
            ),
        ],
        gone=frozenset(unwanted),
    )


def _find_targets(situation: Situation) -> dict[str, str]:
    """The workers while one is Ready: then no connection ends with a restart of the master. Else every node."""
    pods = [situation.pods.get(node.name) for node in situation.cluster.workers]
    if any(pod and pod.is_ready for pod in pods):
        return role_selector(situation.cluster.name, "worker")
    return component_selector(situation.cluster.name, NODE_COMPONENT)
