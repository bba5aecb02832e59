"""The status of an IPPool: how many addresses it has, and everything that prevents it from serving nodes."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from hooks.ippool.allocate import Allotment, Scene, list_older
from hooks.ippool.allocation import Allocation
from hooks.ippool.pools import find_pool
from hooks.kubernetes.conditions import Condition, Moment, build_conditions
from hooks.kubernetes.manifest import Manifest

ACCEPTED, READY = "Accepted", "Ready"
# A message names so many and counts the rest.
_MOST_NAMED: Final = 5


class Remark(NamedTuple):
    """Something that the owner of a pool should know: a CamelCase reason and a sentence."""

    reason: str
    sentence: str


def build_status(scene: Scene, allotment: Allotment, moment: Moment) -> Manifest:
    """The status that `kubectl get ippools` and `kubectl describe ippool` show."""
    conditions = [_report_accepted(scene), _report_ready(scene, allotment)]
    at_share = sorted({node.vk8s.metadata.namespace for node in allotment.over})
    return {
        "capacity": scene.pool.addresses.size,
        "used": len(allotment.kept),
        "free": allotment.free,
        "missing": len(allotment.without) + len(allotment.over),
        **({"namespacesAtShare": at_share} if at_share else {}),
        "conditions": build_conditions(conditions, moment),
        "observedGeneration": moment.generation,
    }


def build_unselected_status(scene: Scene, moment: Moment) -> Manifest:
    """The same for a pool that no CompositeController selects any more: it keeps its allocations, and adds none."""
    capacity, used = scene.pool.addresses.size, len(scene.own)
    message = (
        "Nobody has deleted this object, but its labels no longer match spec.parentResource.labelSelector of its "
        "CompositeController: write labels that match. Until then no address is allocated or released."
    )
    return {
        "capacity": capacity,
        "used": used,
        "free": max(0, capacity - used),
        "missing": 0,
        "conditions": build_conditions(
            [Condition(kind, status=False, reason="NotSelected", message=message) for kind in (ACCEPTED, READY)], moment
        ),
        "observedGeneration": moment.generation,
    }


def _report_accepted(scene: Scene) -> Condition:
    problems = scene.pool.problems
    if problems:
        message = f"{' '.join(problems)} No address is allocated until this is fixed; those in use stay."
        return Condition(ACCEPTED, status=False, reason="InvalidSpec", message=message)
    return Condition(ACCEPTED, status=True, reason="Valid", message="The spec is valid.")


def _report_ready(scene: Scene, allotment: Allotment) -> Condition:
    """Whether each node that the pool serves has an address. The message also has all notices."""
    count = f"{allotment.free} of {scene.pool.addresses.size} addresses are free."
    obstacles, notices = list(_explain_obstacles(scene, allotment)), list(_list_notices(scene, allotment))
    remarks = [*obstacles, *notices]
    return Condition(
        READY,
        status=not obstacles,
        reason=remarks[0].reason if remarks else "AllServed",
        message=" ".join([count, *(remark.sentence for remark in remarks)]),
    )


def _explain_obstacles(scene: Scene, allotment: Allotment) -> Iterator[Remark]:
    """Why nodes get no address."""
    if not scene.pool.is_open:
        users = sorted(_describe_user(allocation) for allocation in allotment.kept)
        waiting = f", and waits until these nodes are gone: {_name(users)}" if users else ""
        yield Remark("Terminating", f"It is being deleted: it allocates no more addresses{waiting}.")
    if scene.pool.problems:
        yield Remark("InvalidSpec", "The spec is invalid, see condition Accepted.")
    if allotment.without:
        yield Remark("Exhausted", f"No address is left for these nodes: {_name(map(str, allotment.without))}.")
    if allotment.over:
        share = f"Each namespace may have {scene.pool.share} addresses"
        yield Remark("ShareExhausted", f"{share}, and these nodes exceed that: {_name(map(str, allotment.over))}.")


def _list_notices(scene: Scene, allotment: Allotment) -> Iterator[Remark]:
    """Where the pool behaves differently from what its spec suggests; nothing while the spec has no effect anyway."""
    if scene.pool.problems or not scene.pool.is_open:
        return
    for older in list_older(scene):
        common = scene.pool.addresses.common(older.addresses)
        if common.size:
            shared = _name(common.describe())
            yield Remark("Overlap", f"Pool {older.name}, which is older, also has {shared}; it alone allocates them.")
    outside = sorted(each.address for each in allotment.kept if each.number not in scene.pool.addresses)
    if outside:
        yield Remark("OutsideRange", f"Not in the spec, and kept until their nodes are gone: {_name(outside)}.")
    default = find_pool(None, [scene.pool, *scene.others])
    if scene.pool.is_default and default and default is not scene.pool:
        yield Remark("AnotherDefault", f"default has no effect: pool {default.name}, which is older, is the default.")


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
