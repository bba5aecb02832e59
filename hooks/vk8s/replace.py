"""Which pods are to be replaced now. A pod is replaced by leaving it out of one answer; the next sync makes another."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hooks.manifest import Manifest
from hooks.vk8s import observed as seen
from hooks.vk8s.cluster import VirtualCluster
from hooks.vk8s.conditions import parse_time
from hooks.vk8s.context import Context
from hooks.vk8s.fingerprint import hash_access, hash_node, is_outdated
from hooks.vk8s.model import NodeSpec
from hooks.vk8s.naming import NODE_CONTAINER, access_pod_name, bootstrap_config_map_name
from hooks.vk8s.observed import CONFIG_MAP, POD, Observed

# A kubelet that refuses a pod refuses the next one, too, and at once.
FAILED_PATIENCE = timedelta(seconds=30)
_EPOCH = datetime.fromtimestamp(0, UTC)
_PULL_PROBLEMS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")


@dataclass(frozen=True)
class Replacement:
    """Names of the pods that are left out now, and when the next one is due."""

    pods: frozenset[str]
    due: datetime | None = None


def find_replacement(
    cluster: VirtualCluster, leaving: Collection[str], observed: Observed, context: Context
) -> Replacement:
    """Ready pods go one at a time, the master first, and only while all others are Ready; broken ones go at once.

    A worker that is `leaving` and in the spec again is not for this to replace, but it is one of the others.
    """
    staying = cluster.without(leaving)
    pods = [(node, pod) for node in staying.nodes if (pod := observed.find(POD, node.name)) is not None]
    failed = {node.name: _find_failure_end(pod) for node, pod in pods if _is_failed(pod)}
    broken = [node.name for node, pod in pods if _is_broken(cluster, node, pod, (observed, context))]
    over = [name for name, end in failed.items() if context.now >= end]
    rolled = [] if broken or over else _find_next(staying, cluster, observed)
    access = _find_outdated_access(cluster, observed)
    later = [end for end in failed.values() if end > context.now]
    return Replacement(frozenset([*broken, *over, *rolled, *access]), min(later, default=None))


def find_outdated(cluster: VirtualCluster, observed: Observed) -> list[NodeSpec]:
    """The nodes whose pods were made for another spec, or before the restart that is asked for, master first."""
    pods = [(node, observed.find(POD, node.name)) for node in cluster.nodes]
    return [node for node, pod in pods if pod is not None and _is_outdated(cluster, node, pod)]


def _find_next(staying: VirtualCluster, cluster: VirtualCluster, observed: Observed) -> list[str]:
    """The one Ready pod of those `staying` whose turn it is, if any."""
    turn = next((node for node in find_outdated(staying, observed) if _may_go(staying, node, observed)), None)
    if turn is None:
        return []
    others = [observed.find(POD, other.name) for other in cluster.nodes if other.name != turn.name]
    return [turn.name] if all(_lets_go(pod, turn, observed.pods()[turn.name]) for pod in others) else []


def _is_outdated(cluster: VirtualCluster, node: NodeSpec, pod: Manifest) -> bool:
    """Whether the pod was made for another spec, before the last restart that was asked for, or for another address."""
    return is_outdated(pod, hash_node(node), cluster.restart) or cluster.network.has_moved(node.name, pod)


def _may_go(cluster: VirtualCluster, node: NodeSpec, observed: Observed) -> bool:
    """Whether the pod of `node` is Ready, and the next one would not have to wait for an address."""
    return seen.is_ready(observed.pods()[node.name]) and cluster.network.find_lack(node.name) is None


def _lets_go(other: Manifest | None, node: NodeSpec, pod: Manifest) -> bool:
    """Whether the Ready `pod` of `node` may be taken down as far as the `other` one is concerned.

    It may if that one is Ready. One that never ran must not hold it back for ever; but one that has been made with the
    latest edit and does not come up says that the edit is bad, and then this one shall stay.
    """
    if other is None or seen.is_terminating(other):
        return False
    if seen.is_ready(other):
        return True
    if _find_waiting(other) in _PULL_PROBLEMS:
        return bool(seen.find_container(other["spec"], NODE_CONTAINER).get("image") != node.image)
    if seen.condition(other, "PodScheduled").get("status") == "False":
        made, other_made = (parse_time(one["metadata"].get("creationTimestamp")) or _EPOCH for one in (pod, other))
        return other_made < made
    return False


def _is_broken(cluster: VirtualCluster, node: NodeSpec, pod: Manifest, situation: tuple[Observed, Context]) -> bool:
    """Whether the pod is not Ready and will not get so, or was made for another spec: nothing is lost with it."""
    observed, context = situation
    if seen.is_terminating(pod) or seen.is_ready(pod) or _is_failed(pod):
        return False
    current = bootstrap_config_map_name(cluster.name, context.scripts.digest)
    scripts = list(seen.find_config_maps(pod))
    is_lost = not all(observed.has(CONFIG_MAP, name) for name in scripts)
    is_mended = current not in scripts and observed.has_lasting(CONFIG_MAP, current)
    is_looping = _find_waiting(pod) == "CrashLoopBackOff" and is_mended
    return is_lost or is_looping or _is_outdated(cluster, node, pod)


def _find_outdated_access(cluster: VirtualCluster, observed: Observed) -> list[str]:
    """The access pod, if it is from another image: nobody but its own sessions depends on it."""
    name, image = access_pod_name(cluster.name), cluster.spec.access_pod_image
    pod = observed.find(POD, name)
    if pod is None or image is None or seen.is_terminating(pod):
        return []
    return [name] if is_outdated(pod, hash_access(image), cluster.restart) else []


def _is_failed(pod: Manifest) -> bool:
    return not seen.is_terminating(pod) and pod.get("status", {}).get("phase") == "Failed"


def _find_failure_end(pod: Manifest) -> datetime:
    """Until when a Failed pod is left as it is, by the last time that its own status notes."""
    status, metadata = pod.get("status", {}), pod["metadata"]
    noted: Iterable[object] = [
        metadata.get("creationTimestamp"),
        status.get("startTime"),
        *(entry.get("lastTransitionTime") for entry in status.get("conditions") or []),
        *(
            entry.get("state", {}).get("terminated", {}).get("finishedAt")
            for entry in status.get("containerStatuses") or []
        ),
    ]
    times = [time for text in noted if (time := parse_time(text)) is not None]
    return max(times, default=_EPOCH) + FAILED_PATIENCE


def _find_waiting(pod: Manifest) -> str:
    """Why the container of a node pod waits, in Kubernetes' word; empty where it does not."""
    return str(seen.find_container_status(pod, NODE_CONTAINER).get("state", {}).get("waiting", {}).get("reason", ""))
