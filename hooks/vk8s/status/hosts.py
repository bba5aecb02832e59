"""What the status says of hosts that do not answer, and of nodes whose volumes are on hosts that take no pods."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from hooks.kubernetes.conditions import format_time
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.observed.pod_state import PodState
from hooks.vk8s.plan.members import is_quorum_without
from hooks.vk8s.situation import Call, Situation

HOST_UNREACHABLE: Final = "HostUnreachable"
_PAGE: Final = "docs/how-to/host-maintenance.md#a-host-is-lost"
# The command is there and not in the status, which says this in each drain of a host with local volumes.
_VOLUME_PAGE: Final = "docs/how-to/host-maintenance.md#give-up-the-volume-of-a-worker"


def name_host(call: Call, pod: Pod | None, state: PodState) -> PodState:
    """The state of a pod, with its host if that is why the pod is not Ready."""
    since = call.silent_hosts.get(pod.host) if pod else None
    if pod is None or state.ready:
        return state
    if since:
        going = "is being deleted, but " if pod.is_terminating else ""
        message = f"{going}is on host {pod.host}, which has not answered since {format_time(since)}"
        return PodState(ready=False, reason=HOST_UNREACHABLE, message=message)
    if pod.is_terminating and pod.host and pod.deletion_end <= call.now:
        return replace(state, message=f"{state.message}, and host {pod.host} has not ended it")
    return state


def advise_on_hosts(situation: Situation) -> Sequence[str]:
    """What to do about hosts that do not answer, and about nodes whose volumes are on hosts that take no pods.

    Not about a control-plane node whose data no quorum of others has: its volume can't be given up.
    """
    return [*_advise_on_silence(situation), *_advise_on_volumes(situation)]


def _advise_on_silence(situation: Situation) -> Iterator[str]:
    pods = [pod for node in situation.cluster.nodes if (pod := situation.pods.get(node.name)) and not pod.is_ready]
    hosts = sorted({pod.host for pod in pods if pod.host in situation.silent_hosts})
    if hosts:
        yield f"Nodes come back with their hosts. If {' or '.join(hosts)} is lost for good: {_PAGE}."


def _advise_on_volumes(situation: Situation) -> Iterator[str]:
    spares = [node for node in situation.cluster.control_plane if is_quorum_without(situation, node)]
    bound = [
        node.name
        for node in [*spares, *situation.cluster.workers]
        if (pod := situation.pods.get(node.name)) and pod.is_bound_elsewhere
    ]
    if bound:
        yield (
            f"The volume of {', '.join(bound)} is on a host that takes no pods now; the node starts when the host does."
            f" If the host is lost for good: {_VOLUME_PAGE}."
        )
