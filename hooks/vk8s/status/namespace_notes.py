"""What the rules of the namespace add to the messages of nodes.

A pod that they reject, and limits that a pod has and the spec has not: the owner should know where they come from.
"""

from dataclasses import replace
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import parse_quantity
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.observed.pod_state import PodState
from hooks.vk8s.observed.refused import list_node_refusals
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.namespace_rules import NamespaceRules
from hooks.vk8s.status.nodes import Node, Nodes

# The API server's annotation of a pod that got resources from a LimitRange.
LIMIT_RANGER: Final = "kubernetes.io/limit-ranger"
# With less, a boot takes minutes.
_SLOW_CPU: Final = 1


def note_rules(nodes: Nodes, cluster: VirtualCluster, *, refused: bool) -> Nodes:
    """The nodes, with what the namespace's rules cause in their messages.

    If a limit that is not in the spec prevents a node from becoming Ready, its message says so. With `refused`, so does
    that of a node whose pod does not exist because the namespace rejects it.
    """
    specs = {node.name: node for node in cluster.nodes}
    noted = [_name_limit(node, specs[node.name], cluster.rules) for node in nodes.wanted]
    named = [_name_refusal(node, specs[node.name], cluster.rules) for node in noted] if refused else noted
    return replace(nodes, wanted=named)


def _name_refusal(node: Node, spec: NodeSpec, rules: NamespaceRules) -> Node:
    refusals = list_node_refusals(spec, rules) if node.pod is None and node.state.reason == "Waiting" else []
    if not refusals:
        return node
    words = "; ".join(refusal.words for refusal in refusals)
    return replace(node, state=PodState(ready=False, reason=refusals[0].reason, message=f"is refused: {words}"))


def _name_limit(node: Node, spec: NodeSpec, rules: NamespaceRules) -> Node:
    if node.pod is None or node.state.ready:
        return node
    resource = _guess_narrow_resource(node, node.pod)
    limit = node.pod.limits.get(resource) if resource else None
    if resource is None or limit is None or resource in spec.resources.limits:
        return node
    given = f"its {resource} limit of {limit} {_name_giver(node.pod.manifest, resource, rules)}"
    advice = f"write resources.limits.{resource} for {node.name}"
    return replace(node, state=replace(node.state, message=f"{node.state.message} ({given}: {advice})"))


def _guess_narrow_resource(node: Node, pod: Pod) -> str | None:
    """The resource that the pod seems to have too little of, if any."""
    container = pod.container_status
    ended = container.get("lastState", {}).get("terminated") or container.get("state", {}).get("terminated") or {}
    if "memory limit" in node.state.message or (ended.get("reason") == "OOMKilled" and node.state.reason != "Booting"):
        return "memory"
    if "ephemeral" in node.state.message:
        return "ephemeral-storage"
    cpu = pod.limits.get("cpu")
    is_slow = node.state.reason == "Booting" and cpu is not None and parse_quantity(cpu) < _SLOW_CPU
    return "cpu" if is_slow else None


def _name_giver(pod: Manifest, resource: str, rules: NamespaceRules) -> str:
    name = rules.find_default(resource)
    if name:
        return f"comes from LimitRange {name}"
    noted = (pod["metadata"].get("annotations") or {}).get(LIMIT_RANGER, "")
    return "comes from a LimitRange of the namespace" if resource in noted else "is not from the spec"
