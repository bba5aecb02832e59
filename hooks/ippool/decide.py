"""From a hook request about an IPPool to its answer. The same request and time give the same bytes."""

from datetime import datetime, timedelta
from typing import Final

from hooks.ippool.allocate import AllocationPlan, Grant, PoolInputs, plan_allocations
from hooks.ippool.allocation import API_VERSION, build_allocation, keep_allocation
from hooks.ippool.pools import build_pool, parse_pools
from hooks.ippool.request import PoolCustomizeRequest, PoolRequest
from hooks.ippool.status import build_status, build_unselected_status
from hooks.kubernetes.conditions import StatusContext, parse_history, parse_time
from hooks.kubernetes.labels import CONTROLLER_UID
from hooks.kubernetes.manifest import Manifest
from hooks.wire import CustomizeResponse, FinalizeResponse, SyncResponse

# Allocations that were created before the deletion of the pool was noticed have been observed by then.
CACHE_PATIENCE: Final = timedelta(seconds=10)
# Metacontroller ignores a create whose name is taken, and no event reports it.
RESYNC_WHILE_UNOBSERVED: Final = 3.0


def decide_sync(request: PoolRequest, now: datetime) -> SyncResponse:
    """All allocations of the pool that are to exist now, and its status."""
    inputs, parent = _read(request), request.parent
    plan = plan_allocations(inputs)
    moment = StatusContext(parse_history(parent.status), parent.metadata.generation, now)
    return SyncResponse(
        status=build_status(inputs, plan, moment),
        children=_build_children(inputs, plan),
        resync_after_seconds=RESYNC_WHILE_UNOBSERVED if plan.grants else 0,
    )


def decide_finalize(request: PoolRequest, now: datetime) -> FinalizeResponse:
    """The same for a pool that is being deleted: it allocates nothing, and stays until its addresses are unused.

    Metacontroller also finalizes a pool whose labels no longer match the selector: that one keeps all its allocations.
    """
    if request.parent.metadata.deletion_timestamp is None:
        return _keep_unselected(request, now)
    answer = decide_sync(request, now)
    deleted = parse_time(request.parent.metadata.deletion_timestamp) or now
    rest = 0.0 if answer.children else (deleted + CACHE_PATIENCE - now).total_seconds()
    return FinalizeResponse(
        status=answer.status,
        children=answer.children,
        resync_after_seconds=max(rest, 0),
        finalized=not answer.children and rest <= 0,
    )


def decide_customize(request: PoolCustomizeRequest) -> CustomizeResponse:
    """All Vk8s, all pools, and all allocations except for the pool's own, which are its children.

    Allocations of others are needed because their addresses are taken, and their nodes need no other address.
    """
    own = {"key": CONTROLLER_UID, "operator": "NotIn", "values": [request.parent.metadata.uid]}
    return CustomizeResponse(
        related_resources=[
            {"apiVersion": API_VERSION, "resource": "vk8s"},
            {"apiVersion": API_VERSION, "resource": "ippools"},
            {"apiVersion": API_VERSION, "resource": "ipallocations", "labelSelector": {"matchExpressions": [own]}},
        ]
    )


def _keep_unselected(request: PoolRequest, now: datetime) -> FinalizeResponse:
    inputs, parent = _read(request), request.parent
    moment = StatusContext(parse_history(parent.status), parent.metadata.generation, now)
    return FinalizeResponse(
        status=build_unselected_status(inputs, moment),
        children=[keep_allocation(allocation) for allocation in inputs.own],
        finalized=False,
    )


def _read(request: PoolRequest) -> PoolInputs:
    """The inputs of a decision, in an order that does not depend on the request's."""
    parent, related = request.parent, request.related
    pools = sorted(parse_pools(related.pools.values()), key=lambda pool: pool.seniority)
    return PoolInputs(
        pool=build_pool(parent.metadata, parent.spec),
        others=[pool for pool in pools if pool.metadata.uid != parent.metadata.uid],
        own=sorted(request.children.allocations.values(), key=lambda allocation: allocation.address),
        foreign=list(related.allocations.values()),
        vk8s=sorted(related.vk8s.values(), key=lambda vk8s: vk8s.seniority),
    )


def _build_children(inputs: PoolInputs, plan: AllocationPlan) -> list[Manifest]:
    kept = [keep_allocation(allocation) for allocation in plan.kept]
    return [*kept, *(_build_new(grant, inputs.pool.name) for grant in plan.grants)]


def _build_new(grant: Grant, pool: str) -> Manifest:
    vk8s = grant.node.vk8s.metadata
    identity = {"namespace": vk8s.namespace, "name": vk8s.name, "uid": vk8s.uid}
    return build_allocation(
        grant.address, {"address": grant.address, "pool": pool, "node": grant.node.name, "vk8s": identity}
    )
