"""The status of a Vk8s: what its owner sees with `kubectl get`. Computed from what is observed, never from wishes."""

from collections.abc import Sequence

from hooks.kubernetes.conditions import Condition, Trouble, build_conditions
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.kubeflow.versions import find_mismatch
from hooks.vk8s.observed.children import Observed
from hooks.vk8s.observed.pod_state import describe_finalizers, find_absent_state, find_pod_state
from hooks.vk8s.observed.refused import REFUSED, find_held
from hooks.vk8s.plan.addresses import find_network_conditions, is_waiting_for_network
from hooks.vk8s.plan.assemble import Plan
from hooks.vk8s.plan.replacements import find_outdated
from hooks.vk8s.plan.state import STATE_AT_RISK, find_unsafe_nodes, read_note
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.cluster import Identity, VirtualCluster
from hooks.vk8s.spec.naming import ACCESS_CONTAINER, access_pod_name
from hooks.vk8s.status.endpoints import build_endpoint_fields
from hooks.vk8s.status.kubeflow import find_kubeflow_conditions
from hooks.vk8s.status.namespace_notes import name_given_limits, name_refusals
from hooks.vk8s.status.nodes import (
    READY,
    Nodes,
    build_node_fields,
    find_node_conditions,
    find_observed_nodes,
    find_phase,
    find_spec_nodes,
)
from hooks.vk8s.status.progress import find_children_condition

ACCEPTED, ACCESS_READY = "Accepted", "AccessReady"


def build_status(cluster: VirtualCluster, plan: Plan, situation: Situation, warnings: Sequence[str]) -> Manifest:
    """The status of a Vk8s whose spec is valid. `warnings`: sentences on what in it is accepted all the same."""
    children = find_children_condition(plan, situation)
    nodes = name_given_limits(find_spec_nodes(cluster, plan, situation.observed), cluster)
    nodes = name_refusals(nodes, cluster) if children.reason in REFUSED else nodes
    outdated = _find_outdated(cluster, plan, situation.observed)
    acceptance = " ".join(
        [_describe_acceptance(cluster, outdated), *_describe_held(cluster, outdated, situation), *warnings]
    )
    conditions = [
        Condition(ACCEPTED, status=True, reason="Valid", message=acceptance),
        children,
        *find_network_conditions(cluster, situation.observed),
        *_find_access_conditions(cluster, plan, situation.observed),
        *find_kubeflow_conditions(cluster, plan, situation),
        *find_node_conditions(nodes, situation.history, plan.trouble),
    ]
    phase = "Paused" if cluster.paused and plan.trouble is None else _find_phase(cluster, nodes, plan, situation)
    # A rollout is over with its last node, not whenever all nodes happen to be Ready.
    shown = "Restarting" if outdated and phase == "Running" else phase
    return _build(shown, nodes, conditions, situation) | build_endpoint_fields(cluster.identity, situation)


def build_rejected_status(
    identity: Identity, problems: list[str], situation: Situation, reason: str = "InvalidSpec"
) -> Manifest:
    """The status of a Vk8s that can't be acted on: every problem, and what runs all the same."""
    nodes = find_observed_nodes(situation.observed)
    unsafe = find_unsafe_nodes(read_note(identity.name, situation.observed), situation.observed)
    sentence = f"The volumes of these nodes are gone, or are being deleted: {', '.join(unsafe)}."
    trouble = Trouble(STATE_AT_RISK, sentence) if unsafe else None
    notice = " Nothing is changed, and lost nodes are not replaced, until this is mended." if nodes.wanted else ""
    conditions = [
        Condition(ACCEPTED, status=False, reason=reason, message=" ".join(problems) + notice),
        *find_node_conditions(nodes, situation.history, trouble),
    ]
    phase = find_phase(nodes, situation.history, trouble) if nodes.wanted else "Fail"
    return _build(phase, nodes, conditions, situation) | build_endpoint_fields(identity, situation)


def build_terminating_status(situation: Situation, release: str) -> Manifest:
    """The status of a Vk8s that is being deleted: what it waits for. `release`: what is not its own, and what to do."""
    left = [_describe_left(name, child) for _, name, child in situation.observed.items()]
    gone = f"Waits until these are gone: {'; '.join(left)}." if left else "All children are gone."
    message = f"{gone} {release}" if release else gone
    ready = Condition(READY, status=False, reason="Adopted" if release else "Terminating", message=message)
    return _build("Terminating", find_observed_nodes(situation.observed), [ready], situation)


def _find_phase(cluster: VirtualCluster, nodes: Nodes, plan: Plan, situation: Situation) -> str:
    if plan.trouble is None and is_waiting_for_network(cluster, situation.observed):
        return "WaitingNetwork"
    return find_phase(nodes, situation.history, plan.trouble)


def _describe_left(name: str, child: Manifest) -> str:
    """What is still there, and what could hold it: a pod ends when the kubelet of its host says so."""
    spec = child.get("spec")
    host = spec.get("nodeName") if isinstance(spec, dict) else None
    return f"{child['kind']} {name}{f' on host {host}' if host else ''}{describe_finalizers(child)}"


def _build(phase: str, nodes: Nodes, conditions: list[Condition], situation: Situation) -> Manifest:
    return {
        "phase": phase,
        **build_node_fields(nodes),
        "conditions": build_conditions(conditions, situation),
        "observedGeneration": situation.generation,
    }


def _find_access_conditions(cluster: VirtualCluster, plan: Plan, observed: Observed) -> list[Condition]:
    """Whether one can connect by ssh; nothing where the spec does not ask for it."""
    if cluster.spec.access_pod_image is None:
        return []
    name = access_pod_name(cluster.name)
    absent = find_absent_state(plan.waiting.get(name), paused=cluster.paused)
    state = find_pod_state(observed.pods().get(name), absent, container=ACCESS_CONTAINER)
    return [Condition(ACCESS_READY, status=state.ready, reason=state.reason, message=f"{name} {state.message}.")]


def _find_outdated(cluster: VirtualCluster, plan: Plan, observed: Observed) -> list[str]:
    """Names of the nodes whose pods are still to be made anew after an edit; none during a pause: that ends all."""
    staying = cluster.without({leaving.node for leaving in plan.leaving})
    return [] if cluster.paused else [node.name for node in find_outdated(staying, observed)]


def _describe_acceptance(cluster: VirtualCluster, outdated: list[str]) -> str:
    """That the spec is valid, and what of it has no effect yet, or none at all."""
    mismatch = find_mismatch(cluster.spec)
    parts = [
        "The spec is valid.",
        *([f"To be made anew, one at a time while all others are Ready: {', '.join(outdated)}."] if outdated else []),
        *([mismatch] if mismatch else []),
        *(["accessPodPort has no effect without accessPodImage."] if _has_idle_port(cluster) else []),
    ]
    return " ".join(parts)


def _describe_held(cluster: VirtualCluster, outdated: list[str], situation: Situation) -> list[str]:
    """Which outdated nodes keep their pods, as the host cluster would refuse the next ones."""
    held = find_held(cluster, situation.observed)
    return [f"Not {name}, whose next pod would be refused: {held[name]}." for name in outdated if name in held]


def _has_idle_port(cluster: VirtualCluster) -> bool:
    return cluster.spec.access_pod_port is not None and cluster.spec.access_pod_image is None
