"""The status of a Vk8s, as `kubectl get` shows it. It reports what is observed, never what is merely planned."""

from collections.abc import Mapping, Sequence
from typing import Final

from hooks.kubernetes.conditions import Blocker, Condition, build_conditions
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.kubeflow.status import report_kubeflow
from hooks.vk8s.observed.children import CRON_JOB, DISRUPTION_BUDGET, describe_finalizers
from hooks.vk8s.observed.refused import REFUSED
from hooks.vk8s.plan.assemble import Plan
from hooks.vk8s.plan.review import ACCEPTED
from hooks.vk8s.plan.state import STATE_AT_RISK
from hooks.vk8s.situation import Call, Situation
from hooks.vk8s.status.access import report_access
from hooks.vk8s.status.addresses import report_network
from hooks.vk8s.status.backups import report_backups
from hooks.vk8s.status.cold_backups import format_note
from hooks.vk8s.status.movement import report_movement
from hooks.vk8s.status.namespace_notes import note_rules
from hooks.vk8s.status.nodes import READY, Nodes, report_observed_nodes, report_spec_nodes
from hooks.vk8s.status.progress import report_children

_NO_BUDGETS: Final = (
    "disruptionBudget has no effect: the CompositeController does not list PodDisruptionBudgets. Apply "
    "metacontroller/vk8s.yaml of this version."
)
_NO_CRON_JOBS: Final = (
    "backup has no effect: the CompositeController does not list CronJobs. Apply metacontroller/vk8s.yaml of this "
    "version."
)
_NO_RESTORE: Final = (
    "restoreFrom has no effect: the virtual cluster is initialized, and its data is never replaced by a snapshot while "
    "it is there."
)

_STOPPED: Final = " The nodes are stopped for a cold backup, and start again once this is fixed."


def build_status(situation: Situation, plan: Plan) -> Manifest:
    """The status of a Vk8s whose spec is valid."""
    acceptance = Condition(ACCEPTED, status=True, reason="Valid", message=_describe_acceptance(situation, plan))
    children = report_children(situation, plan)
    nodes = note_rules(report_spec_nodes(situation, plan), situation.cluster, refused=children.reason in REFUSED)
    backups = report_backups(situation, plan.backups, plan.cold_backups)
    conditions = [
        acceptance,
        children,
        *report_network(situation),
        *report_access(situation, plan),
        *report_kubeflow(situation, plan.kubeflow, plan.blocker),
        *backups.conditions,
        *nodes.conditions,
    ]
    movement = report_movement(situation, nodes, conditions, plan.replacements)
    return _build(nodes.phase, nodes, [*conditions, *movement], situation) | backups.fields


def build_rejected_status(call: Call, problems: Sequence[str], reason: str = "InvalidSpec") -> Manifest:
    """The status of a Vk8s that is rejected: every problem, and the nodes that run nevertheless."""
    sentence = f"The volumes of these nodes are gone, or are being deleted: {', '.join(call.unsafe_nodes)}."
    nodes = report_observed_nodes(call, Blocker(STATE_AT_RISK, sentence) if call.unsafe_nodes else None)
    notice = " Nothing is changed, and lost nodes are not replaced, until this is fixed." if nodes.wanted else ""
    if call.cold.is_copying and not nodes.wanted:
        notice = _STOPPED
    conditions = [
        Condition(ACCEPTED, status=False, reason=reason, message=" ".join(problems) + notice),
        *nodes.conditions,
    ]
    movement = report_movement(call, nodes, conditions)
    phase = nodes.phase if nodes.wanted else "Fail"
    cold = format_note(call.cold)
    found = {**call.past_backups.format().get("backup", {}), **({"cold": cold} if cold else {})}
    return _build(phase, nodes, [*conditions, *movement], call) | ({"backup": found} if found else {})


def build_terminating_status(call: Call, releases: Mapping[str, str]) -> Manifest:
    """The status of a Vk8s that is being deleted: what it waits for.

    `releases`: how its owner releases what must not be deleted with it, by reason; empty texts don't count.
    """
    left = [_describe_left(name, child) for (_, name), child in call.observed.by_key.items()]
    gone = f"Waits until these are gone: {'; '.join(left)}." if left else "All children are gone."
    needed = {reason: release for reason, release in releases.items() if release}
    reason = next(iter(needed), "Terminating")
    ready = Condition(READY, status=False, reason=reason, message=" ".join([gone, *needed.values()]))
    return _build("Terminating", report_observed_nodes(call), [ready], call) | call.past_backups.format()


def _describe_left(name: str, child: Manifest) -> str:
    """A child that still exists, and what may hold it: finalizers, or for a pod the kubelet of its host."""
    spec = child.get("spec")
    host = spec.get("nodeName") if isinstance(spec, dict) else None
    return f"{child['kind']} {name}{f' on host {host}' if host else ''}{describe_finalizers(child)}"


def _build(phase: str, nodes: Nodes, conditions: list[Condition], call: Call) -> Manifest:
    return {
        "phase": phase,
        **nodes.fields,
        **({"restoredFrom": dict(call.restored)} if call.restored else {}),
        "conditions": build_conditions(conditions, call),
        "observedGeneration": call.generation,
    }


def _describe_acceptance(situation: Situation, plan: Plan) -> str:
    """That the spec is valid, and which parts of it have no effect yet, or none at all."""
    outdated, held, mismatch = plan.replacements.outdated, plan.replacements.held, plan.kubeflow.mismatch
    spec = situation.cluster.spec
    is_budget_idle = spec.disruption_budget is not None and not situation.observed.knows(DISRUPTION_BUDGET)
    has_idle_port = spec.access_pod_port is not None and spec.access_pod_image is None
    parts = [
        "The spec is valid.",
        *(
            [f"Waiting to be recreated, one at a time, while all other nodes are Ready: {', '.join(outdated)}."]
            if outdated
            else []
        ),
        *([mismatch] if mismatch else []),
        *(["accessPodPort has no effect without accessPodImage."] if has_idle_port else []),
        *([_NO_BUDGETS] if is_budget_idle else []),
        *([_NO_RESTORE] if spec.restore_from and not situation.cluster.founder and not situation.restored else []),
        *([_NO_CRON_JOBS] if spec.backup and not situation.observed.knows(CRON_JOB) else []),
        *(
            f"{name} is not recreated, as its next pod would be refused: {held[name]}."
            for name in outdated
            if name in held
        ),
        *plan.warnings,
    ]
    return " ".join(parts)
