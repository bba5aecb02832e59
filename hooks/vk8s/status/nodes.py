"""The nodes in the status, one entry each, and the conditions and the phase that follow from them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hooks.kubernetes.conditions import Blocker, Condition, History
from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.observed.pod_state import PodState, build_absent_state, read_pod_state
from hooks.vk8s.plan.assemble import Plan
from hooks.vk8s.plan.losses import STATE_LOST
from hooks.vk8s.plan.removals import Removal
from hooks.vk8s.situation import Call, Situation
from hooks.vk8s.spec.labels import ROLE
from hooks.vk8s.spec.naming import state_claim_name
from hooks.vk8s.status.hosts import advise_on_hosts, name_host
from hooks.vk8s.status.members import ControlPlane, count_voters, describe_joining, read_member

INSTALLED, READY = "Installed", "Ready"
CONTROL_PLANE_READY, WORKERS_READY = "ControlPlaneReady", "WorkersReady"


@dataclass(frozen=True)
class Node:
    """A node and its state. `member`: what it is as a member of etcd, if there are several control-plane nodes."""

    name: str
    role: str
    pod: Pod | None
    state: PodState
    member: str = ""


@dataclass(frozen=True)
class Nodes:
    """The nodes that count, the control plane first, and the parts of the status that follow from them.

    `past`: those that are no longer in the spec and not gone yet; `addresses`: those allocated from a pool, by name;
    `blocker`: a problem of the whole cluster; `is_rolling`: pods are still to be replaced after an edit; `halt`: a
    phase that does not depend on the nodes, such as Paused; `advice`: what to do about nodes that
    are not Ready; `control_plane`: the sum of several control-plane nodes.
    """

    wanted: list[Node]
    history: History
    blocker: Blocker | None = None
    past: list[Node] = field(default_factory=list)
    addresses: Mapping[str, str] = field(default_factory=dict)
    is_rolling: bool = False
    halt: str = ""
    advice: Sequence[str] = ()
    control_plane: ControlPlane | None = None

    @property
    def fields(self) -> Manifest:
        """`readyNodes`, `nodes` and `controlPlane` of the status."""
        return {
            "readyNodes": f"{sum(node.state.ready for node in self.wanted)}/{len(self.wanted)}",
            **({"controlPlane": self.control_plane.fields} if self.control_plane else {}),
            "nodes": [_build_entry(node, self.addresses.get(node.name)) for node in [*self.wanted, *self.past]],
        }

    @property
    def conditions(self) -> list[Condition]:
        """The two roles, `Installed`, which stays true once it is true, and `Ready`."""
        installed = self._are_ready or self.history.is_true(INSTALLED)
        return [
            self._report_control_plane(),
            _report_role(WORKERS_READY, [node for node in self.wanted if node.role != "master"]),
            Condition(
                INSTALLED,
                status=installed,
                reason="Installed" if installed else "Installing",
                message="All nodes have been Ready." if installed else "The nodes have not all been Ready yet.",
            ),
            self._report_ready(),
        ]

    @property
    def phase(self) -> str:
        """The phase of the virtual cluster. With a blocker, it is never Running."""
        if self.blocker:
            return "Degraded" if any(node.state.ready for node in self.wanted if node.role == "master") else "Fail"
        if self.halt:
            return self.halt
        if self._are_ready and not self.is_rolling:
            return "Running"
        if self._are_ready or self.history.is_true(INSTALLED):
            return "Restarting"
        if any(node.pod for node in self.wanted):
            return "Installing"
        return "Waiting"

    @property
    def _are_ready(self) -> bool:
        return bool(self.wanted) and all(node.state.ready for node in self.wanted)

    def _report_control_plane(self) -> Condition:
        condition = _report_role(CONTROL_PLANE_READY, [node for node in self.wanted if node.role == "master"])
        if self.control_plane is None:
            return condition
        counted = self.control_plane.describe()
        return replace(condition, message=f"{counted}." if condition.status else f"{counted}: {condition.message}")

    def _report_ready(self) -> Condition:
        behind = [node for node in self.wanted if not node.state.ready]
        count = f"{len(self.wanted) - len(behind)} of {len(self.wanted)} nodes are Ready"
        past = f" {_describe(self.past)}" if self.past else ""
        if self.blocker and behind:
            return _not_ready(self.blocker.reason, f"{count}. {self.blocker.message}")
        if not self.wanted:
            return _not_ready("NoNodes", "There is no node.")
        if behind:
            return _not_ready(behind[0].state.reason, f"{count}: {' '.join([_describe(behind), *self.advice])}{past}")
        warning = f" {self.blocker.message}" if self.blocker else ""
        return Condition(READY, status=True, reason="AllNodesReady", message=f"{count}.{warning}{past}")


def report_spec_nodes(situation: Situation, plan: Plan) -> Nodes:
    """The nodes of the spec, and the workers that are being removed, even if their name is in the spec again."""
    removing = {each.node: _report_removed_node(situation, each) for each in plan.removals.removing}
    wanted = [
        removing.get(node.name)
        or _report_node(situation, (node.name, node.role), _build_absent_state(situation, plan, node.name))
        for node in situation.cluster.nodes
    ]
    names = {node.name for node in wanted}
    past = [node for name, node in removing.items() if name not in names]
    nodes = Nodes(
        wanted,
        situation.history,
        plan.blocker,
        past,
        situation.cluster.network.addresses,
        # A rollout ends with its last node, not whenever all nodes happen to be Ready.
        is_rolling=bool(plan.replacements.outdated),
        halt=_choose_halt(situation),
        advice=advise_on_hosts(situation),
    )
    return _add_members(situation, nodes, plan.removals.left) if situation.cluster.is_replicated else nodes


def report_observed_nodes(call: Call, blocker: Blocker | None = None) -> Nodes:
    """The nodes with observed pods, the control plane first, for a spec that is invalid or no longer counts."""
    labelled = [(name, pod.manifest["metadata"].get("labels", {})) for name, pod in sorted(call.pods.items())]
    nodes = [(name, labels[ROLE]) for name, labels in labelled if NODE in labels and ROLE in labels]
    absent = build_absent_state(None, paused=False)
    by_role = sorted(nodes, key=lambda node: node[1] != "master")
    reported = Nodes([_report_node(call, node, absent) for node in by_role], call.history, blocker)
    return _add_members(call, reported) if call.note.members else reported


def _add_members(call: Call, nodes: Nodes, left: Collection[str] = ()) -> Nodes:
    """The nodes, with what those of the control plane are as members of etcd."""
    wanted, past = ([_name_member(call, node) for node in group] for group in (nodes.wanted, nodes.past))
    members = {node.name: node.member for node in [*wanted, *past] if node.role == "master"}
    return replace(nodes, wanted=wanted, past=past, control_plane=count_voters(call, members, left))


def _name_member(call: Call, node: Node) -> Node:
    if node.role != "master":
        return node
    member = read_member(call, node.name, node.state)
    return replace(node, member=member, state=describe_joining(call, member, node.state))


def _choose_halt(situation: Situation) -> str:
    """The phase of a virtual cluster that is not to run now. A cold backup is like any restart."""
    if situation.cluster.paused:
        return "" if situation.cluster.is_backing_up else "Paused"
    return "WaitingNetwork" if _is_waiting_for_network(situation) else ""


def _is_waiting_for_network(situation: Situation) -> bool:
    """Whether a pod is not created yet because its node has no address."""
    network, pods = situation.cluster.network, situation.pods
    return any(network.explain_missing_address(node.name) and node.name not in pods for node in situation.cluster.nodes)


def _build_absent_state(situation: Situation, plan: Plan, name: str) -> PodState:
    if name in plan.state.lost:
        return PodState(ready=False, reason=STATE_LOST, message=plan.state.lost[name])
    cluster = situation.cluster
    return build_absent_state(plan.waiting.get(name), paused=cluster.paused, backing_up=cluster.is_backing_up)


def _report_removed_node(situation: Situation, removal: Removal) -> Node:
    state = PodState(ready=False, reason="Leaving", message=removal.message)
    return Node(removal.node, removal.role, situation.pods.get(removal.node), state)


def _report_node(call: Call, node: tuple[str, str], absent: PodState) -> Node:
    name, role = node
    pod, claim = call.pods.get(name), call.observed.find(CLAIM, state_claim_name(name))
    return Node(name, role, pod, name_host(call, pod, read_pod_state(pod, absent, claim)))


def _build_entry(node: Node, address: str | None) -> Manifest:
    pod_ip = node.pod.status.get("podIP") if node.pod else None
    return {
        "name": node.name,
        "role": node.role,
        "ready": node.state.ready,
        **({"member": node.member} if node.member else {}),
        **({"address": address} if address else {}),
        **({"podIP": pod_ip} if pod_ip else {}),
        "reason": node.state.reason,
    }


def _report_role(kind: str, nodes: list[Node]) -> Condition:
    """Whether the nodes of one role are Ready. Without workers, WorkersReady is true."""
    behind = [node for node in nodes if not node.state.ready]
    if behind:
        return Condition(kind, status=False, reason=behind[0].state.reason, message=_describe(behind))
    if nodes:
        return Condition(kind, status=True, reason="Ready", message=_describe(nodes))
    if kind == WORKERS_READY:
        return Condition(
            kind, status=True, reason="NoWorkers", message="There are no workers; pods run on the control-plane node."
        )
    return Condition(kind, status=False, reason="NoMaster", message="There is no control-plane node.")


def _not_ready(reason: str, message: str) -> Condition:
    return Condition(READY, status=False, reason=reason, message=message)


def _describe(nodes: list[Node]) -> str:
    return f"{'; '.join(f'{node.name} {node.state.message}' for node in nodes)}."
