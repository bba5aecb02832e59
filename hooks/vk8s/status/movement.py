"""Conditions Reconciling and Stalled: whether a Vk8s changes by itself, or stays as it is until somebody acts.

Flux, Helm and Argo CD read them. As kstatus defines them, each exists only while it is true, and never both. A Vk8s
with neither is as its spec says, or paused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hooks.kubernetes.conditions import RECONCILING, STALLED, Blocker, Condition
from hooks.vk8s.observed.children import POD
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.plan.addresses import OFF
from hooks.vk8s.plan.replacements import Replacements
from hooks.vk8s.situation import Call
from hooks.vk8s.status.access import ACCESS_READY, find_access_pod
from hooks.vk8s.status.nodes import CONTROL_PLANE_READY, INSTALLED, READY, WORKERS_READY, Node, Nodes

# Why a condition is false, while something is under way that makes it true.
PASSING: Final = frozenset(
    [
        "BackingUp",
        "BeingMade",
        "Booting",
        "ContainerCreating",
        "Evicted",
        "Failed",
        "Installing",
        "Leaving",
        "Paused",
        "PoolsNotSent",
        "Restoring",
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
        "AwaitsAdoption",
        "BackupImageNotSet",
        "BackupKeyInvalid",
        "CAExpired",
        "CANotYetValid",
        "ChildImmutable",
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
        "QuorumLost",
        "Retained",
        "StateAtRisk",
        "StateLost",
        "VersionMismatch",
    ]
)
# Why a condition is false, while nothing is to change: what failed is over, and the next one is up to the owner.
OVER: Final = frozenset(["ColdBackupFailed"])
# All other reasons are problems of the host cluster, which may end by themselves: a registry or a host that does not
# answer, no room. Somebody has to look at those that last. A Deployment has the same time for its progress.
PATIENCE: Final = timedelta(minutes=10)
ROLLING_OUT: Final = "RollingOut"
# The reasons after which another one begins a time of its own. Those that stall at once end with their cause.
_OWN: Final = PASSING | STALLING | {ROLLING_OUT}
_NOTHING: Final = Replacements()
# What these conditions say of nodes is read from the nodes.
_OF_NODES: Final = (CONTROL_PLANE_READY, WORKERS_READY, INSTALLED, READY)


@dataclass(frozen=True)
class _Fault:
    """Something that is not as the spec says. `is_final`: no retry fixes it.

    `may_recur`: if its reason passes, what was wrong before is not over yet.
    """

    reason: str
    message: str
    is_final: bool = False
    may_recur: bool = False


def report_movement(
    call: Call, nodes: Nodes, conditions: Sequence[Condition], replaced: Replacements = _NOTHING
) -> list[Condition]:
    """Reconciling or Stalled, with the reason of what may need somebody; nothing during a pause.

    `conditions`: all others, Accepted first and Ready last; `replaced`: the rollout, if the spec is valid.
    """
    if nodes.phase == "Paused":
        return []
    # Nodes that are Ready need no more addresses.
    ready = conditions[-1].status
    counting = [each for each in conditions if each.reason not in OVER and not (each.reason == OFF and ready)]
    fault = _choose_fault(call, list(_list_faults(call, nodes, counting, replaced)))
    if fault and (fault.is_final or _is_late(call, fault.reason)):
        return [Condition(STALLED, status=True, reason=fault.reason, message=fault.message)]
    moving = fault or _find_movement(nodes, counting, replaced)
    if moving is None:
        return []
    since = _compute_start(call, moving.reason)
    return [Condition(RECONCILING, status=True, reason=moving.reason, message=moving.message, since=since)]


def _find_movement(nodes: Nodes, conditions: Sequence[Condition], replaced: Replacements) -> Blocker | None:
    """Why it is not as the spec says, where nothing needs somebody; None if it is."""
    accepted, ready = conditions[0], conditions[-1]
    false = [each for each in (ready, *conditions) if not each.status and each.type != INSTALLED]
    if false:
        # What is wrong with a pod that is replaced is over.
        return Blocker(false[0].reason if false[0].reason in PASSING else ROLLING_OUT, false[0].message)
    if replaced.outdated:
        return Blocker(ROLLING_OUT, accepted.message)
    return Blocker("Leaving", ready.message) if nodes.past else None


def _choose_fault(call: Call, faults: Sequence[_Fault]) -> _Fault | None:
    """The first fault that does not pass by itself. If there is none, one that may recur keeps the reason before it."""
    lasting = sorted((each for each in faults if each.reason not in PASSING), key=lambda each: not each.is_final)
    if lasting:
        return lasting[0]
    shown = next(filter(None, (call.history.reason_of(kind, call.generation) for kind in (STALLED, RECONCILING))), "")
    recurring = [each for each in faults if each.may_recur] if shown and shown not in _OWN else []
    return replace(recurring[0], reason=shown) if recurring else None


def _list_faults(call: Call, nodes: Nodes, conditions: Sequence[Condition], replaced: Replacements) -> Iterator[_Fault]:
    """What is not as the spec says. A pod that is replaced, now or in its turn, does not count."""
    false = [each for each in conditions if not each.status and each.type not in _OF_NODES]
    for each in false:
        if each.type != ACCESS_READY:
            yield _Fault(each.reason, each.message, is_final=each.reason in STALLING)
    for node in nodes.wanted:
        if not node.state.ready and node.name not in replaced.outdated and not _is_replaced(node.pod, replaced):
            yield _Fault(node.state.reason, conditions[-1].message, _is_final(node), _may_recur(node.pod))
    masters = {node.name for node in nodes.wanted if node.role == "master"}
    held = replaced.held.keys() & replaced.outdated
    # Workers wait for the control plane.
    if held and (held == set(replaced.outdated) or held & masters):
        yield _Fault(ROLLING_OUT, conditions[0].message)
    access, pod = [each for each in false if each.type == ACCESS_READY], find_access_pod(call)
    if access and not _is_replaced(pod, replaced):
        # Only ssh depends on it, so nothing of it is final.
        yield _Fault(access[0].reason, access[0].message, may_recur=_may_recur(pod))


def _is_replaced(pod: Pod | None, replaced: Replacements) -> bool:
    """Whether the pod is replaced by another one. The successor of one that has ended is the same again."""
    return pod is not None and not pod.is_over and (POD, pod.manifest["metadata"]["name"]) in replaced.gone


def _is_final(node: Node) -> bool:
    """Whether no retry makes the node Ready. A boot that gave up has said why; memory that runs out does not."""
    has_given_up = node.state.reason == "CrashLoopBackOff" and node.pod is not None and node.pod.last_words
    return node.state.reason in STALLING or bool(has_given_up)


def _may_recur(pod: Pod | None) -> bool:
    """Whether what was wrong is not over yet: it has crashed before, or no kubelet has accepted it so far."""
    return pod is None or pod.has_crashed or not pod.container_status


def _is_late(call: Call, reason: str) -> bool:
    """Whether what does not pass by itself has lasted for too long."""
    start, stalled = _compute_start(call, reason), call.history.reason_of(STALLED, call.generation)
    is_stalled = stalled == reason or (stalled != "" and stalled not in _OWN)
    return is_stalled or (start is not None and start + PATIENCE <= call.now)


def _compute_start(call: Call, reason: str) -> datetime | None:
    """Since when it is Reconciling: it begins again with each edit, and when something no longer passes by itself."""
    shown = call.history.reason_of(RECONCILING, call.generation)
    is_new = shown in _OWN and reason not in PASSING and reason != shown
    return call.now if is_new or not shown else call.history.since(RECONCILING, status=True)
