"""How many nodes evictions may take down at a time, where the owner limits that.

A node that has been down for long no longer counts: it may wait for a host that never comes back, and the other hosts
have to be drained all the same. So no drain is blocked for good, unless the owner allows no eviction at all, or the PKI
is missing, which only the control-plane node may have: then nothing is planned, and the budget stays. Since when
a node has been down is recorded in the budget, because its pod may be gone, or be recreated again and again.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hooks.kubernetes.conditions import format_time, parse_time
from hooks.kubernetes.labels import PREFIX
from hooks.vk8s.children.disruption_budget import build_disruption_budget, build_etcd_budget
from hooks.vk8s.observed.children import DISRUPTION_BUDGET
from hooks.vk8s.observed.keep import read_annotation, read_labels
from hooks.vk8s.part import Part
from hooks.vk8s.plan.review import ACCEPTED
from hooks.vk8s.situation import Call, Situation
from hooks.vk8s.spec.labels import COMPONENT, NODE_COMPONENT, ROLE
from hooks.vk8s.spec.model import Role
from hooks.vk8s.spec.naming import disruption_budget_name

# A host is back sooner after an upgrade, and so is a node that was moved.
PATIENCE: Final = timedelta(minutes=10)
# `<node>=<time>`, separated by commas; empty while all nodes are Ready.
DOWN_SINCE: Final = f"{PREFIX}down-since"


def plan_disruptions(situation: Situation, members: Collection[str]) -> Part:
    """The budget that the spec asks for, and that of several control-plane nodes, which may be `members` of etcd.

    There is none during a pause, which leaves nothing to evict.
    """
    cluster, budget = situation.cluster, situation.cluster.spec.disruption_budget
    if cluster.paused:
        return Part()
    owners = _plan_budget(situation, budget.max_unavailable) if budget else Part()
    # None is subtracted, however long it has been down: with one less, the API would stop.
    etcd = [build_etcd_budget(cluster.identity, _count_needed(members))] if len(members) > 1 else []
    return replace(owners, children=[*owners.children, *etcd])


def _count_needed(members: Collection[str]) -> int:
    """How many members a drain leaves: all but one, and both of two, as there are while nodes are removed."""
    return max(len(members) - 1, len(members) // 2 + 1)


def _plan_budget(situation: Situation, max_unavailable: int) -> Part:
    """The budget that the spec asks for; with several control-plane nodes, which have their own, for the workers.

    Every other node pod that is Ready counts as well, such as that of a worker that is being removed: the host cluster
    counts it, too, and would let it stand for one that stays.
    """
    cluster = situation.cluster
    nodes = cluster.workers if cluster.is_replicated else cluster.nodes
    ready, noted = _list_ready(situation, "worker" if cluster.is_replicated else None), _read_down(situation)
    names = {node.name for node in nodes}
    since = {node: noted.get(node, situation.now) for node in sorted(names - ready)}
    ends = [time + PATIENCE for time in since.values()]
    counted = len(names | ready) - sum(end <= situation.now for end in ends)
    note = ",".join(f"{node}={format_time(time)}" for node, time in since.items())
    least = max(0, counted - max_unavailable)
    return Part(
        children=[
            build_disruption_budget(cluster.identity, least, {DOWN_SINCE: note}, is_replicated=cluster.is_replicated)
        ],
        due=min((end for end in ends if end > situation.now), default=None),
    )


def plan_rejected(call: Call) -> Part:
    """The budget of a spec that has been rejected for long goes: no node that is lost meanwhile could be subtracted."""
    child = (DISRUPTION_BUDGET, disruption_budget_name(call.identity.name))
    if not call.observed.has(*child):
        return Part()
    end = (call.history.since(ACCEPTED, status=False) or call.now) + PATIENCE
    return Part(due=end) if call.now < end else Part(gone=frozenset([child]))


def _list_ready(situation: Situation, role: Role | None) -> set[str]:
    """Names of the node pods that are Ready, which are those that the host cluster counts; with a role, only those."""
    ready = {name: read_labels(pod.manifest) for name, pod in situation.pods.items() if pod.is_ready}
    nodes = {name: labels for name, labels in ready.items() if labels.get(COMPONENT) == NODE_COMPONENT}
    return {name for name, labels in nodes.items() if role in (None, labels.get(ROLE))}


def _read_down(situation: Situation) -> Mapping[str, datetime]:
    """Since when nodes have been down, as last recorded."""
    budget = situation.observed.find(DISRUPTION_BUDGET, disruption_budget_name(situation.identity.name))
    return dict(_parse_times(next(read_annotation(budget, DOWN_SINCE)) or "")) if budget else {}


def _parse_times(notes: str) -> Iterator[tuple[str, datetime]]:
    for note in notes.split(","):
        node, _, text = note.partition("=")
        if time := parse_time(text):
            yield node, time
