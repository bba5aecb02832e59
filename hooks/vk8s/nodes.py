"""The nodes of a virtual cluster as its owner sees them: one line each, and the conditions that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass

from hooks.manifest import Manifest
from hooks.vk8s.cluster import VirtualCluster
from hooks.vk8s.conditions import Condition, History
from hooks.vk8s.labels import NODE, ROLE
from hooks.vk8s.naming import state_claim_name
from hooks.vk8s.observed import CLAIM, Observed
from hooks.vk8s.plan import Trouble
from hooks.vk8s.pod_state import PodState, find_absent_state, find_pod_state

INSTALLED, READY = "Installed", "Ready"
CONTROL_PLANE_READY, WORKERS_READY = "ControlPlaneReady", "WorkersReady"


@dataclass(frozen=True)
class Node:
    """One node and how it is."""

    name: str
    role: str
    pod: Manifest | None
    state: PodState


def find_spec_nodes(cluster: VirtualCluster, waiting: Mapping[str, str], observed: Observed) -> list[Node]:
    """The nodes of the spec, master first; `waiting` says what a pod that is not made yet waits for."""
    absent = {node.name: find_absent_state(waiting.get(node.name), paused=cluster.paused) for node in cluster.nodes}
    return [_find_node(node.name, node.role, absent[node.name], observed) for node in cluster.nodes]


def find_observed_nodes(observed: Observed) -> list[Node]:
    """The nodes whose pods are observed, master first, for a spec that can't be read or does not count any more."""
    labelled = [(name, pod["metadata"].get("labels", {})) for name, pod in sorted(observed.pods().items())]
    nodes = [(name, labels[ROLE]) for name, labels in labelled if NODE in labels and ROLE in labels]
    absent = find_absent_state(None, paused=False)
    by_role = sorted(nodes, key=lambda node: node[1] != "master")
    return [_find_node(name, role, absent, observed) for name, role in by_role]


def build_node_fields(nodes: list[Node]) -> Manifest:
    """`readyNodes` and `nodes` of the status."""
    return {
        "readyNodes": f"{sum(node.state.ready for node in nodes)}/{len(nodes)}",
        "nodes": [_build_node_entry(node) for node in nodes],
    }


def find_node_conditions(nodes: list[Node], history: History, trouble: Trouble | None) -> list[Condition]:
    """The two roles, `Installed`, which stays true once it was, and `Ready`."""
    installed = are_ready(nodes) or history.is_true(INSTALLED)
    return [
        _find_role_condition(CONTROL_PLANE_READY, [node for node in nodes if node.role == "master"]),
        _find_role_condition(WORKERS_READY, [node for node in nodes if node.role != "master"]),
        Condition(
            INSTALLED,
            status=installed,
            reason="Installed" if installed else "Installing",
            message="All nodes have been Ready." if installed else "The nodes have not all been Ready yet.",
        ),
        _find_ready_condition(nodes, trouble),
    ]


def find_phase(nodes: list[Node], history: History, trouble: Trouble | None) -> str:
    """One word for the virtual cluster as a whole."""
    if are_ready(nodes):
        return "Running"
    if history.is_true(INSTALLED):
        return "Restarting"
    if any(node.pod for node in nodes):
        return "Installing"
    return "Fail" if trouble else "Waiting"


def are_ready(nodes: list[Node]) -> bool:
    """Whether there are nodes, and all are Ready."""
    return bool(nodes) and all(node.state.ready for node in nodes)


def _find_node(name: str, role: str, absent: PodState, observed: Observed) -> Node:
    pod, claim = observed.pods().get(name), observed.find(CLAIM, state_claim_name(name))
    return Node(name, role, pod, find_pod_state(pod, absent, claim))


def _build_node_entry(node: Node) -> Manifest:
    address = (node.pod or {}).get("status", {}).get("podIP")
    return {
        "name": node.name,
        "role": node.role,
        "ready": node.state.ready,
        **({"podIP": address} if address else {}),
        "reason": node.state.reason,
    }


def _find_role_condition(kind: str, nodes: list[Node]) -> Condition:
    """Whether the nodes of one role are Ready; a cluster without workers lacks none."""
    behind = [node for node in nodes if not node.state.ready]
    if behind:
        return Condition(kind, status=False, reason=behind[0].state.reason, message=_describe(behind))
    if nodes:
        return Condition(kind, status=True, reason="Ready", message=_describe(nodes))
    if kind == WORKERS_READY:
        return Condition(kind, status=True, reason="NoWorkers", message="There are no workers; pods run on the master.")
    return Condition(kind, status=False, reason="NoMaster", message="There is no master.")


def _find_ready_condition(nodes: list[Node], trouble: Trouble | None) -> Condition:
    behind = [node for node in nodes if not node.state.ready]
    count = f"{len(nodes) - len(behind)} of {len(nodes)} nodes are Ready"
    if trouble and behind:
        return Condition(READY, status=False, reason=trouble.reason, message=f"{count}. {trouble.message}")
    if are_ready(nodes):
        return Condition(READY, status=True, reason="AllNodesReady", message=f"{count}.")
    if not nodes:
        return Condition(READY, status=False, reason="NoNodes", message="There is no node.")
    return Condition(READY, status=False, reason=behind[0].state.reason, message=f"{count}: {_describe(behind)}")


def _describe(nodes: list[Node]) -> str:
    return f"{'; '.join(f'{node.name} {node.state.message}' for node in nodes)}."
