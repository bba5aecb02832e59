"""The nodes of a virtual cluster as its owner sees them: one line each, and the conditions that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hooks.kubernetes.conditions import Blocker, Condition, History
from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, POD, Observed
from hooks.vk8s.observed.pod_state import PodState, find_absent_state, find_pod_state
from hooks.vk8s.plan.assemble import Plan
from hooks.vk8s.plan.removals import Removal
from hooks.vk8s.plan.state import STATE_LOST
from hooks.vk8s.situation import Call, Situation
from hooks.vk8s.spec.labels import ROLE
from hooks.vk8s.spec.naming import state_claim_name

INSTALLED, READY = "Installed", "Ready"
CONTROL_PLANE_READY, WORKERS_READY = "ControlPlaneReady", "WorkersReady"


@dataclass(frozen=True)
class Node:
    """One node and how it is."""

    name: str
    role: str
    pod: Manifest | None
    state: PodState


@dataclass(frozen=True)
class Nodes:
    """The nodes that count, master first, and the `past` ones, which the spec no longer has and which are not gone.

    `addresses`: what the ip-manager has given them, by name.
    """

    wanted: list[Node]
    past: list[Node] = field(default_factory=list)
    addresses: Mapping[str, str] = field(default_factory=dict)

    @property
    def are_ready(self) -> bool:
        """Whether there are nodes, and all that count are Ready."""
        return bool(self.wanted) and all(node.state.ready for node in self.wanted)


def find_spec_nodes(situation: Situation, plan: Plan) -> Nodes:
    """The nodes of the spec, and the workers that left it. One whose name is in the spec again leaves first."""
    cluster, observed = situation.cluster, situation.observed
    leaving = {each.node: _find_leaving_node(each, observed) for each in plan.removals.removing}
    absent = {node.name: _find_absent_state(situation, plan, node.name) for node in cluster.nodes}
    wanted = [
        leaving.get(node.name) or _find_node(node.name, node.role, absent[node.name], observed)
        for node in cluster.nodes
    ]
    past = [node for name, node in leaving.items() if name not in absent]
    return Nodes(wanted, past, cluster.network.addresses)


def find_observed_nodes(call: Call) -> Nodes:
    """The nodes whose pods are observed, master first, for a spec that can't be read or does not count any more."""
    observed = call.observed
    labelled = [(name, pod["metadata"].get("labels", {})) for name, pod in sorted(observed.pods().items())]
    nodes = [(name, labels[ROLE]) for name, labels in labelled if NODE in labels and ROLE in labels]
    absent = find_absent_state(None, paused=False)
    by_role = sorted(nodes, key=lambda node: node[1] != "master")
    return Nodes([_find_node(name, role, absent, observed) for name, role in by_role])


def build_node_fields(nodes: Nodes) -> Manifest:
    """`readyNodes` and `nodes` of the status."""
    return {
        "readyNodes": f"{sum(node.state.ready for node in nodes.wanted)}/{len(nodes.wanted)}",
        "nodes": [_build_node_entry(node, nodes.addresses.get(node.name)) for node in [*nodes.wanted, *nodes.past]],
    }


def find_node_conditions(nodes: Nodes, history: History, blocker: Blocker | None) -> list[Condition]:
    """The two roles, `Installed`, which stays true once it was, and `Ready`."""
    installed = nodes.are_ready or history.is_true(INSTALLED)
    return [
        _find_role_condition(CONTROL_PLANE_READY, [node for node in nodes.wanted if node.role == "master"]),
        _find_role_condition(WORKERS_READY, [node for node in nodes.wanted if node.role != "master"]),
        Condition(
            INSTALLED,
            status=installed,
            reason="Installed" if installed else "Installing",
            message="All nodes have been Ready." if installed else "The nodes have not all been Ready yet.",
        ),
        _find_ready_condition(nodes, blocker),
    ]


def find_phase(nodes: Nodes, history: History, blocker: Blocker | None) -> str:
    """One word for the virtual cluster as a whole: with a `blocker`, never that it is Running."""
    if blocker:
        return "Degraded" if any(node.state.ready for node in nodes.wanted if node.role == "master") else "Fail"
    if nodes.are_ready:
        return "Running"
    if history.is_true(INSTALLED):
        return "Restarting"
    if any(node.pod for node in nodes.wanted):
        return "Installing"
    return "Waiting"


def _find_absent_state(situation: Situation, plan: Plan, name: str) -> PodState:
    if name in plan.state.lost:
        return PodState(ready=False, reason=STATE_LOST, message=plan.state.lost[name])
    return find_absent_state(plan.waiting.get(name), paused=situation.cluster.paused)


def _find_leaving_node(leaving: Removal, observed: Observed) -> Node:
    state = PodState(ready=False, reason="Leaving", message=leaving.message)
    return Node(leaving.node, "worker", observed.find(POD, leaving.node), state)


def _find_node(name: str, role: str, absent: PodState, observed: Observed) -> Node:
    pod, claim = observed.pods().get(name), observed.find(CLAIM, state_claim_name(name))
    return Node(name, role, pod, find_pod_state(pod, absent, claim))


def _build_node_entry(node: Node, address: str | None) -> Manifest:
    pod_ip = (node.pod or {}).get("status", {}).get("podIP")
    return {
        "name": node.name,
        "role": node.role,
        "ready": node.state.ready,
        **({"address": address} if address else {}),
        **({"podIP": pod_ip} if pod_ip else {}),
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


def _find_ready_condition(nodes: Nodes, blocker: Blocker | None) -> Condition:
    behind = [node for node in nodes.wanted if not node.state.ready]
    count = f"{len(nodes.wanted) - len(behind)} of {len(nodes.wanted)} nodes are Ready"
    past = f" {_describe(nodes.past)}" if nodes.past else ""
    if blocker and behind:
        return Condition(READY, status=False, reason=blocker.reason, message=f"{count}. {blocker.message}")
    if nodes.are_ready:
        warning = f" {blocker.message}" if blocker else ""
        return Condition(READY, status=True, reason="AllNodesReady", message=f"{count}.{warning}{past}")
    if not nodes.wanted:
        return Condition(READY, status=False, reason="NoNodes", message="There is no node.")
    return Condition(READY, status=False, reason=behind[0].state.reason, message=f"{count}: {_describe(behind)}{past}")


def _describe(nodes: list[Node]) -> str:
    return f"{'; '.join(f'{node.name} {node.state.message}' for node in nodes)}."
