"""Conditions Reconciling and Stalled: whether a Vk8s changes by itself, or stays as it is until somebody acts.

Flux, Helm and Argo CD read them. As kstatus defines them, each exists only while it is true, and never both. A Vk8s
with neither is as its spec says, or paused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hooks.kubernetes.conditions import RECONCILING, STALLED, Blocker, Condition
from hooks.vk8s.observed.children import POD
from hooks.vk8s.plan.replacements import Replacements
from hooks.vk8s.situation import Call
from hooks.vk8s.spec.naming import access_pod_names
from hooks.vk8s.status.access import ACCESS_READY
from hooks.vk8s.status.nodes import CONTROL_PLANE_READY, INSTALLED, READY, WORKERS_READY, Nodes

# Why a condition is false, while something is under way that makes it true.
PASSING: Final = frozenset(
    [
        "BeingMade",
        "Booting",
        "ContainerCreating",
        "Evicted",
        "Failed",
        "Installing",
        "Leaving",
        "Paused",
        "PoolsNotSent",
        "Starting",
        "Terminating",
        "Waiting",
        "WaitingForAddress",
        "WaitingForNodes",
    ]
)
# Why a condition is false that nothing makes true but the owner, or an administrator.
STALLING: Final = frozenset(
    [
        "AddressIgnored",
        "Adopted",
        "CAExpired",
        "CANotYetValid",
        "ChildImmutable",
        "CrashLoopBackOff",
        "ErrImageNeverPull",
        "IPManagerOff",
        "InstallerNotSet",
        "InvalidImageName",
        "InvalidSpec",
        "LimitRange",
        "NoMaster",
        "NoNodes",
        "NotSelected",
        "PKIInvalid",
        "PKILost",
        "PoolInvalid",
        "PoolTerminating",
        "StateAtRisk",
        "StateLost",
        "VersionMismatch",
    ]
)
# All other reasons are problems of the host cluster, which may end by themselves: a registry or a host that does not
# answer, no room. Somebody has to look at those that last. A Deployment has the same time for its progress.
PATIENCE: Final = timedelta(minutes=10)
ROLLING_OUT: Final = "RollingOut"
_NOTHING: Final = Replacements()
# What these conditions say of nodes is read from the nodes.
_OF_NODES: Final = (CONTROL_PLANE_READY, WORKERS_READY, INSTALLED, READY)


@dataclass(frozen=True)
class _Fault:
    """Something that is not as the spec says. `since`: None if no condition says since when."""

    reason: str
    message: str
    since: datetime | None


def report_movement(
    call: Call, nodes: Nodes, conditions: Sequence[Condition], replaced: Replacements = _NOTHING
) -> list[Condition]:
    """Reconciling or Stalled, with the reason and message of Ready if that is not true; nothing during a pause.

    `conditions`: all others, Accepted first and Ready last; `replaced`: the rollout, if the spec is valid.
    """
    if nodes.phase == "Paused":
        return []
    stalled = [each for each in _list_faults(call, nodes, conditions, replaced) if _is_stalled(call, each)]
    if stalled:
        return [Condition(STALLED, status=True, reason=stalled[0].reason, message=stalled[0].message)]
    moving = _find_movement(nodes, conditions, replaced)
    return [Condition(RECONCILING, status=True, reason=moving.reason, message=moving.message)] if moving else []


def _find_movement(nodes: Nodes, conditions: Sequence[Condition], replaced: Replacements) -> Blocker | None:
    """Why it is not as the spec says, with a reason and a message; None if it is."""
    accepted, ready = conditions[0], conditions[-1]
    false = [each for each in (ready, *conditions) if not each.status and each.type != INSTALLED]
    if false:
        return Blocker(false[0].reason, false[0].message)
    if replaced.outdated:
        return Blocker(ROLLING_OUT, accepted.message)
    return Blocker("Leaving", ready.message) if nodes.past else None


def _list_faults(call: Call, nodes: Nodes, conditions: Sequence[Condition], replaced: Replacements) -> Iterator[_Fault]:
    """What may need somebody. A pod that is replaced, now or in its turn, does not count."""
    history, ready = call.history, conditions[-1]
    is_access_replaced = any((POD, name) in replaced.gone for name in access_pod_names(call.identity.name))
    for each in conditions:
        if not each.status and each.type not in _OF_NODES and not (each.type == ACCESS_READY and is_access_replaced):
            yield _Fault(each.reason, each.message, history.since(each.type, status=False) or call.now)
    for node in nodes.wanted:
        if not node.state.ready and node.name not in replaced.outdated and (POD, node.name) not in replaced.gone:
            kind = CONTROL_PLANE_READY if node.role == "master" else WORKERS_READY
            yield _Fault(node.state.reason, ready.message, history.since(kind, status=False) or call.now)
    if replaced.outdated and set(replaced.outdated) <= replaced.held.keys():
        yield _Fault(ROLLING_OUT, conditions[0].message, None)


def _is_stalled(call: Call, fault: _Fault) -> bool:
    """Whether somebody has to act. With each edit of the spec, what may pass gets its time again."""
    if fault.reason in STALLING or fault.reason in PASSING:
        return fault.reason in STALLING
    latest = call.now - PATIENCE
    moves_since = call.history.since(RECONCILING, status=True)
    is_late = moves_since is not None and moves_since <= latest
    return (fault.since or latest) <= latest and (is_late or call.history.is_true_of(STALLED, call.generation))
