"""Condition NetworkReady: whether the nodes have their addresses from a pool."""

from collections.abc import Iterator, Mapping
from typing import Final

from hooks.kubernetes.conditions import Condition
from hooks.vk8s.observed.pod import Pod
from hooks.vk8s.plan.addresses import IP_MANAGER_ON, NOT_SENT, OFF
from hooks.vk8s.situation import Situation
from hooks.vk8s.spec.network import NO_POOL, Network, read_pod_address

NETWORK_READY: Final = "NetworkReady"
# The message if there is no pool, by reason.
_WITHOUT_POOL: Final = {
    OFF: f"spec.ipPool has no effect: address pools are turned off; to turn them on, the hooks need {IP_MANAGER_ON}.",
    NOT_SENT: (
        "Metacontroller does not send IPPools yet, so new pods get addresses from the host cluster. It asks again what "
        "to send within 20 minutes, or when it is restarted."
    ),
    NO_POOL: "No IPPool serves this virtual cluster: its pods get addresses from the host cluster.",
}


def report_network(situation: Situation) -> list[Condition]:
    """Whether the nodes have their addresses; no condition if the spec asks for none and pools are turned off."""
    cluster, network = situation.cluster, situation.cluster.network
    if network.reason == OFF and cluster.spec.ip_pool is None:
        return []
    without = [node.name for node in cluster.nodes if network.explain_missing_address(node.name)]
    if without:
        why = f"{network.problem}," if network.problem else " yet"
        message = (
            f"No address of IPPool {network.pool}{why} for {len(without)} of {len(cluster.nodes)} nodes: "
            f"{', '.join(without)}. See kubectl describe ippool {network.pool}."
        )
        return [Condition(NETWORK_READY, status=False, reason=network.reason, message=message)]
    if network.pool is None and not network.addresses:
        message = _WITHOUT_POOL[network.reason]
        return [Condition(NETWORK_READY, status=network.reason == NO_POOL, reason=network.reason, message=message)]
    pods = {node.name: pod for node in cluster.nodes if (pod := situation.pods.get(node.name))}
    ignored = list(_list_ignored(pods))
    if ignored:
        hint = "does the network of the host cluster support the pods' annotations?"
        message = f"{'; '.join(ignored)}: {hint}"
        return [Condition(NETWORK_READY, status=False, reason="AddressIgnored", message=message)]
    return [Condition(NETWORK_READY, status=True, reason="Allocated", message=_describe_pods(network, pods))]


def _list_ignored(pods: Mapping[str, Pod]) -> Iterator[str]:
    """Pods whose address is not the one that they were created with."""
    for name, pod in pods.items():
        noted, actual = read_pod_address(pod.manifest), pod.status.get("podIP")
        if noted and actual and noted != actual:
            yield f"{name} has {actual} instead of {noted}"


def _describe_pods(network: Network, pods: Mapping[str, Pod]) -> str:
    older = [name for name, pod in pods.items() if read_pod_address(pod.manifest) is None]
    moved = [name for name, pod in pods.items() if network.has_moved(name, pod.manifest)]
    parts = [
        "Each node has its address.",
        *(
            [f"Pods created before their address was allocated; they get it when recreated: {', '.join(older)}."]
            if older
            else []
        ),
        *([f"Waiting to be recreated with another one: {', '.join(moved)}."] if moved else []),
    ]
    return " ".join(parts)
