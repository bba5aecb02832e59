"""The status of an IPPool: how many addresses it has, and everything that prevents it from serving nodes."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from hooks.ippool.allocate import AllocationPlan, PoolInputs, list_older
from hooks.ippool.allocation import Allocation
from hooks.ippool.pools import find_pool
from hooks.kubernetes.conditions import STALLED, Condition, StatusContext, build_conditions
from hooks.kubernetes.manifest import Manifest

ACCEPTED, READY = "Accepted", "Ready"
# A message names so many and counts the rest.
_MOST_NAMED: Final = 5


class Notice(NamedTuple):
    """Something that the owner of a pool should know: a CamelCase reason and a sentence."""

    reason: str
    sentence: str


def build_status(inputs: PoolInputs, plan: AllocationPlan, moment: StatusContext) -> Manifest:
    """The status that `kubectl get ippools` and `kubectl describe ippool` show."""
    accepted = _report_accepted(inputs)
    conditions = [accepted, _report_ready(inputs, plan), *_report_stalled(accepted)]
    at_share = sorted({node.vk8s.metadata.namespace for node in plan.over})
    return {
        "capacity": inputs.pool.addresses.size,
        "used": len(plan.kept),
        "free": plan.free,
        "missing": len(plan.without) + len(plan.over),
        **({"namespacesAtShare": at_share} if at_share else {}),
        "conditions": build_conditions(conditions, moment),
        "observedGeneration": moment.generation,
    }


def build_unselected_status(inputs: PoolInputs, moment: StatusContext) -> Manifest:
    """The same for a pool that no CompositeController selects any more: it keeps its allocations, and adds none."""
    capacity, used = inputs.pool.addresses.size, len(inputs.own)
    message = (
        "Nobody has deleted this object, but its labels no longer match spec.parentResource.labelSelector of its "
        "CompositeController: write labels that match. Until then no address is allocated or released."
    )
    accepted, ready = (
        Condition(kind, status=False, reason="NotSelected", message=message) for kind in (ACCEPTED, READY)
    )
    return {
        "capacity": capacity,
        "used": used,
        "free": max(0, capacity - used),
        "missing": 0,
        "conditions": build_conditions([accepted, ready, *_report_stalled(accepted)], moment),
        "observedGeneration": moment.generation,
    }


def _report_accepted(inputs: PoolInputs) -> Condition:
    problems = inputs.pool.problems
    if problems:
        message = f"{' '.join(problems)} No address is allocated until this is fixed; those in use stay."
        return Condition(ACCEPTED, status=False, reason="InvalidSpec", message=message)
    return Condition(ACCEPTED, status=True, reason="Valid", message="The spec is valid.")


def _report_stalled(accepted: Condition) -> list[Condition]:
    """Stalled, as kstatus defines it, if the pool stays as it is until somebody acts: not merely until nodes go."""
    return [] if accepted.status else [replace(accepted, type=STALLED, status=True)]


def _report_ready(inputs: PoolInputs, plan: AllocationPlan) -> Condition:
    """Whether each node that the pool serves has an address. The message also has all notices."""
    count = f"{plan.free} of {inputs.pool.addresses.size} addresses are free."
    blockers, notices = list(_explain_blockers(inputs, plan)), list(_list_notices(inputs, plan))
    notices = [*blockers, *notices]
    return Condition(
        READY,
        status=not blockers,
        reason=notices[0].reason if notices else "AllServed",
        message=" ".join([count, *(notice.sentence for notice in notices)]),
    )


def _explain_blockers(inputs: PoolInputs, plan: AllocationPlan) -> Iterator[Notice]:
    """Why nodes get no address."""
    if not inputs.pool.is_open:
        users = sorted(_describe_user(allocation) for allocation in plan.kept)
        waiting = f", and waits until these nodes are gone: {_name(users)}" if users else ""
        yield Notice("Terminating", f"It is being deleted: it allocates no more addresses{waiting}.")
    if inputs.pool.problems:
        yield Notice("InvalidSpec", "The spec is invalid, see condition Accepted.")
    if plan.without:
        yield Notice("Exhausted", f"No address is left for these nodes: {_name(map(str, plan.without))}.")
    if plan.over:
        share = f"Each namespace may have {inputs.pool.share} addresses"
        yield Notice("ShareExhausted", f"{share}, and these nodes exceed that: {_name(map(str, plan.over))}.")


def _list_notices(inputs: PoolInputs, plan: AllocationPlan) -> Iterator[Notice]:
    """Where the pool behaves differently from what its spec suggests; nothing while the spec has no effect anyway."""
    if inputs.pool.problems or not inputs.pool.is_open:
        return
    for older in list_older(inputs):
        common = inputs.pool.addresses.common(older.addresses)
        if common.size:
            shared = _name(common.describe())
            yield Notice("Overlap", f"Pool {older.name}, which is older, also has {shared}; it alone allocates them.")
    outside = sorted(each.address for each in plan.kept if each.number not in inputs.pool.addresses)
    if outside:
        yield Notice("OutsideRange", f"Not in the spec, and kept until their nodes are gone: {_name(outside)}.")
    default = find_pool(None, [inputs.pool, *inputs.others])
    if inputs.pool.is_default and default and default is not inputs.pool:
        yield Notice("AnotherDefault", f"default has no effect: pool {default.name}, which is older, is the default.")


def _describe_user(allocation: Allocation) -> str:
    """`namespace/name node` of the holder; the address if that can't be read."""
    if allocation.holder is None:
        return allocation.address
    vk8s = allocation.spec["vk8s"]
    return f"{vk8s['namespace']}/{vk8s['name']} {allocation.holder.node}"


def _name(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    listed = list(names)
    more = len(listed) - _MOST_NAMED
    return ", ".join(listed[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
