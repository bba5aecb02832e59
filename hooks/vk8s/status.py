"""The status of a Vk8s: what its owner sees with `kubectl get`. Computed from what is observed, never from wishes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hooks.manifest import Manifest
from hooks.vk8s.cluster import VirtualCluster
from hooks.vk8s.conditions import Condition, History, build_conditions
from hooks.vk8s.labels import NODE, ROLE
from hooks.vk8s.naming import kubeconfig_secret_name
from hooks.vk8s.observed import SECRET, Observed, is_terminating
from hooks.vk8s.plan import Plan, Trouble, group_key
from hooks.vk8s.pod_state import NodeState, describe_finalizers, find_node_state

ACCEPTED, CHILDREN_OBSERVED, INSTALLED, READY = "Accepted", "ChildrenObserved", "Installed", "Ready"
# Metacontroller says nothing when a name is taken. A child that has not been seen for so long is worth a sentence.
CHILD_PATIENCE = timedelta(seconds=30)


@dataclass(frozen=True)
class Situation:
    """What a status is computed from. `now`: UTC, whole seconds."""

    observed: Observed
    history: History
    generation: int
    now: datetime


@dataclass(frozen=True)
class Node:
    """One node and how it is."""

    name: str
    role: str
    pod: Manifest | None
    state: NodeState


def build_status(cluster: VirtualCluster, plan: Plan, situation: Situation) -> Manifest:
    """The status of a Vk8s whose spec is valid."""
    nodes = [_find_node(name, role, plan.waiting, situation.observed) for name, role in _spec_nodes(cluster)]
    conditions = [
        Condition(ACCEPTED, status=True, reason="Valid", message=_describe_acceptance(cluster, situation.observed)),
        find_children_condition(plan, situation),
        *_find_running_conditions(nodes, situation.history, plan.trouble),
    ]
    return {
        "phase": _find_phase(nodes, situation.history, plan.trouble),
        **_build_node_fields(nodes),
        **_build_kubeconfig_field(cluster.name, situation.observed),
        "conditions": build_conditions(conditions, situation.history, situation.now, situation.generation),
        "observedGeneration": situation.generation,
    }


def build_rejected_status(name: str, problems: list[str], situation: Situation) -> Manifest:
    """The status of a Vk8s whose spec can't be acted on: every problem, and what runs all the same."""
    nodes = _observed_nodes(situation.observed)
    notice = " Nothing is changed, and lost nodes are not replaced, until this is mended." if nodes else ""
    conditions = [
        Condition(ACCEPTED, status=False, reason="InvalidSpec", message=" ".join(problems) + notice),
        *_find_running_conditions(nodes, situation.history, None),
    ]
    return {
        "phase": _find_phase(nodes, situation.history, None) if nodes else "Fail",
        **_build_node_fields(nodes),
        **_build_kubeconfig_field(name, situation.observed),
        "conditions": build_conditions(conditions, situation.history, situation.now, situation.generation),
        "observedGeneration": situation.generation,
    }


def build_terminating_status(situation: Situation) -> Manifest:
    """The status of a Vk8s that is being deleted: what it waits for."""
    left = [f"{child['kind']} {name}{describe_finalizers(child)}" for _, name, child in situation.observed.items()]
    message = f"Waits until these are gone: {'; '.join(left)}." if left else "All children are gone."
    ready = Condition(READY, status=False, reason="Terminating", message=message)
    return {
        "phase": "Terminating",
        **_build_node_fields(_observed_nodes(situation.observed)),
        "conditions": build_conditions([ready], situation.history, situation.now, situation.generation),
        "observedGeneration": situation.generation,
    }


def find_children_condition(plan: Plan, situation: Situation) -> Condition:
    """Whether every child that the plan wants is observed, and what stands in the way of the others."""
    if plan.trouble:
        return Condition(CHILDREN_OBSERVED, status=False, reason=plan.trouble.reason, message=plan.trouble.message)
    missing = find_missing(plan, situation.observed)
    going = [
        f"{child['kind']} {child['metadata']['name']} is being deleted{describe_finalizers(child)}"
        for child in (situation.observed.find(group_key(want), want["metadata"]["name"]) for want in plan.children)
        if child is not None and is_terminating(child)
    ]
    if not missing and not going and not plan.waiting:
        return Condition(CHILDREN_OBSERVED, status=True, reason="AllObserved", message="Every child is there.")
    waiting = [f"{node} {reason}" for node, reason in plan.waiting.items()]
    expected = Condition(CHILDREN_OBSERVED, status=False, reason="BeingMade", message="")
    since = situation.history.since(expected)
    if missing and since is not None and situation.now - since >= CHILD_PATIENCE:
        cause = "the name is taken by another object, or the host cluster refused it: kubectl get events"
        hint = f"{', '.join(missing)}: {cause}"
        return Condition(CHILDREN_OBSERVED, status=False, reason="ChildMissing", message=_sentence([hint, *going]))
    making = [f"{', '.join(missing)} being made"] if missing else []
    reason = "Terminating" if going and not missing else "BeingMade"
    return Condition(CHILDREN_OBSERVED, status=False, reason=reason, message=_sentence([*making, *going, *waiting]))


def find_missing(plan: Plan, observed: Observed) -> list[str]:
    """The planned children that are not observed, as `Kind name`."""
    return [
        f"{child['kind']} {child['metadata']['name']}"
        for child in plan.children
        if not observed.has(group_key(child), child["metadata"]["name"])
    ]


def _sentence(parts: list[str]) -> str:
    return f"{'; '.join(parts)}."


def _spec_nodes(cluster: VirtualCluster) -> list[tuple[str, str]]:
    return [(node.name, node.role) for node in cluster.nodes]


def _observed_nodes(observed: Observed) -> list[Node]:
    """The nodes whose pods are observed, master first, for a spec that can't be read or does not count any more."""
    labelled = [(name, pod["metadata"].get("labels", {})) for name, pod in sorted(observed.pods().items())]
    nodes = [(name, labels[ROLE]) for name, labels in labelled if NODE in labels and ROLE in labels]
    return [_find_node(name, role, {}, observed) for name, role in sorted(nodes, key=lambda node: node[1] != "master")]


def _find_node(name: str, role: str, waiting: Mapping[str, str], observed: Observed) -> Node:
    pod = observed.pods().get(name)
    return Node(name, role, pod, find_node_state(pod, waiting.get(name)))


def _build_node_fields(nodes: list[Node]) -> Manifest:
    return {
        "readyNodes": f"{sum(node.state.ready for node in nodes)}/{len(nodes)}",
        "nodes": [_build_node_entry(node) for node in nodes],
    }


def _build_kubeconfig_field(vk8s: str, observed: Observed) -> Manifest:
    name = kubeconfig_secret_name(vk8s)
    return {"kubeconfigSecret": name} if observed.has(SECRET, name) else {}


def _build_node_entry(node: Node) -> Manifest:
    address = (node.pod or {}).get("status", {}).get("podIP")
    return {
        "name": node.name,
        "role": node.role,
        "ready": node.state.ready,
        **({"podIP": address} if address else {}),
        "reason": node.state.reason,
    }


def _find_running_conditions(nodes: list[Node], history: History, trouble: Trouble | None) -> list[Condition]:
    """`Installed`, which stays true once it was, and `Ready`."""
    all_ready = _are_ready(nodes)
    installed = all_ready or history.is_true(INSTALLED)
    return [
        Condition(
            INSTALLED,
            status=installed,
            reason="Installed" if installed else "Installing",
            message="All nodes have been Ready." if installed else "The nodes have not all been Ready yet.",
        ),
        _find_ready_condition(nodes, trouble),
    ]


def _find_ready_condition(nodes: list[Node], trouble: Trouble | None) -> Condition:
    behind = [node for node in nodes if not node.state.ready]
    count = f"{len(nodes) - len(behind)} of {len(nodes)} nodes are Ready"
    if trouble and behind:
        return Condition(READY, status=False, reason=trouble.reason, message=f"{count}. {trouble.message}")
    if _are_ready(nodes):
        return Condition(READY, status=True, reason="AllNodesReady", message=f"{count}.")
    if not nodes:
        return Condition(READY, status=False, reason="NoNodes", message="There is no node.")
    details = _sentence([f"{node.name} {node.state.message}" for node in behind])
    return Condition(READY, status=False, reason=behind[0].state.reason, message=f"{count}: {details}")


def _are_ready(nodes: list[Node]) -> bool:
    return bool(nodes) and all(node.state.ready for node in nodes)


def _find_phase(nodes: list[Node], history: History, trouble: Trouble | None) -> str:
    if _are_ready(nodes):
        return "Running"
    if history.is_true(INSTALLED):
        return "Restarting"
    if any(node.pod for node in nodes):
        return "Installing"
    return "Fail" if trouble else "Waiting"


def _describe_acceptance(cluster: VirtualCluster, observed: Observed) -> str:
    """That the spec is valid, and what of it this version does not act on."""
    spec = cluster.spec
    ignored = {
        "accessPodImage": spec.access_pod_image,
        "accessPodPort": spec.access_pod_port,
        "kubeflow": spec.kubeflow,
        "ports": spec.ports,
    }
    names = [name for name, value in ignored.items() if value]
    known = {node.name for node in cluster.nodes}
    left = [node.name for node in _observed_nodes(observed) if node.name not in known]
    parts = [
        "The spec is valid.",
        *([f"Not acted on by this version: {', '.join(names)}."] if names else []),
        *([f"No longer in the spec, and kept, as this version removes no node: {', '.join(left)}."] if left else []),
    ]
    return " ".join(parts)
