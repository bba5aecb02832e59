"""How many nodes evictions may take down at a time, where the owner limits that.

A node that has been down for long no longer counts: it may wait for a host that never comes back, and the other hosts
have to be drained all the same. So no drain is blocked for good, unless the owner allows no eviction at all.
"""

from datetime import datetime, timedelta
from typing import Final

from hooks.vk8s.children.disruption_budget import build_disruption_budget
from hooks.vk8s.part import Part
from hooks.vk8s.situation import Situation

# A host is back sooner after an upgrade, and so is a node that was moved.
PATIENCE: Final = timedelta(minutes=10)
_READY: Final = "Ready"


def plan_disruptions(situation: Situation) -> Part:
    """The budget, if the spec has one; none during a pause, which leaves nothing to evict."""
    cluster, budget = situation.cluster, situation.cluster.spec.disruption_budget
    if budget is None or cluster.paused:
        return Part()
    ends = [end for node in cluster.nodes if (end := _compute_patience_end(situation, node.name))]
    counted = len(cluster.nodes) - sum(end <= situation.now for end in ends)
    return Part(
        children=[build_disruption_budget(cluster.identity, max(0, counted - budget.max_unavailable))],
        due=min((end for end in ends if end > situation.now), default=None),
    )


def _compute_patience_end(situation: Situation, node: str) -> datetime | None:
    """Until when a node that is not Ready counts as one that comes back; None where it is Ready, or none knows when."""
    pod = situation.pods.get(node)
    if pod is not None and pod.is_ready:
        return None
    since = pod.unready_since if pod else situation.history.since(_READY, status=False)
    return since + PATIENCE if since else None
