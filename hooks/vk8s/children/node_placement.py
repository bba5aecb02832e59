"""Where the pod of a node may run: what its owner wrote, and otherwise away from the other nodes where that can be."""

from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.labels import NODE_COMPONENT, component_selector, role_selector
from hooks.vk8s.spec.model import NodeSpec

HOST: Final = "kubernetes.io/hostname"
# Of 100. The loss of a host should take either the control plane or workers: one that has the control plane counts as
# much as one that has two workers.
_FROM_CONTROL_PLANE, _FROM_WORKERS = 100, 50


def build_placement(cluster: VirtualCluster, node: NodeSpec) -> Manifest:
    """The fields of the pod's spec that its scheduler goes by."""
    affinity = {"podAntiAffinity": _build_spread(cluster, node), **node.affinity}
    nearness = {kind: terms for kind, terms in affinity.items() if terms}
    constraints = [_complete(cluster, constraint) for constraint in node.topology_spread_constraints]
    return {
        **({"affinity": nearness} if nearness else {}),
        **({"nodeSelector": dict(node.node_selector)} if node.node_selector else {}),
        **({"priorityClassName": node.priority_class_name} if node.priority_class_name else {}),
        **({"runtimeClassName": node.runtime_class_name} if node.runtime_class_name else {}),
        **({"tolerations": [dict(toleration) for toleration in node.tolerations]} if node.tolerations else {}),
        **({"topologySpreadConstraints": constraints} if constraints else {}),
    }


def _build_spread(cluster: VirtualCluster, node: NodeSpec) -> Manifest:
    """Preferred, never required: with fewer hosts than nodes, all nodes run all the same."""
    name = cluster.name
    weights = (
        [(component_selector(name, NODE_COMPONENT), _FROM_CONTROL_PLANE)]
        if node.role == "master" and not cluster.is_replicated
        else [(role_selector(name, "master"), _FROM_CONTROL_PLANE), (role_selector(name, "worker"), _FROM_WORKERS)]
    )
    return {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {
                "weight": weight,
                "podAffinityTerm": {"labelSelector": {"matchLabels": labels}, "topologyKey": HOST},
            }
            for labels, weight in weights
        ]
    }


def _complete(cluster: VirtualCluster, constraint: Manifest) -> Manifest:
    """A constraint without a selector would be about no pod at all: it is about the nodes of the virtual cluster."""
    selector = {"labelSelector": {"matchLabels": component_selector(cluster.name, NODE_COMPONENT)}}
    return {**selector, **{field: value for field, value in constraint.items() if value is not None}}
