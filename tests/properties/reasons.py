"""What an answer may leave out, and for which reason: as docs and decisions have it, and read from the objects alone.

A pod tells of what it was made by its own spec, a Job by its own; no hash is asked for.
"""

from collections.abc import Iterator
from datetime import timedelta

from hooks.ippool.allocation import ALLOCATION, find_addresses
from hooks.ippool.pools import POOL
from hooks.manifest import Manifest
from hooks.vk8s.conditions import parse_time
from hooks.vk8s.labels import ACCESS_COMPONENT, BOOTSTRAP_COMPONENT, COMPONENT, NODE_COMPONENT
from hooks.vk8s.network import ADDRESS
from hooks.vk8s.observed import is_ready, is_terminating
from hooks.vk8s.quantity import parse_quantity
from hooks.wire import SyncResponse
from tests.properties.admission import DEFAULT_TOLERATION
from tests.properties.departures import find_departed, find_leaving
from tests.properties.host import Key, list_keys
from tests.properties.installations import find_replaced
from tests.properties.judge import find_references, has_usable_pki, index, is_accepted, is_paused
from tests.world import World

RESTART = "vk8s.sktelecom.com/restart"
FAILED_PATIENCE = timedelta(seconds=30)
PULL_PROBLEMS = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}


def find_unexplained(world: World, answer: SyncResponse | None = None) -> set[Key]:
    """What is shown and left out of the answer although there is no reason for it."""
    answer = answer or world.sync()
    left_out = set(list_keys(world)) - index(answer).keys()
    if not left_out or is_rejected(answer) or not is_accepted(world) or not has_usable_pki(world):
        return left_out
    hopeless = find_hopeless(world)
    explained = (
        find_retired(world) | find_departed(world) | find_replaced(world) | hopeless | find_outdated_access(world)
    )
    # A pod that runs goes alone.
    return left_out - explained - (set() if left_out & hopeless else find_next_turn(world))


def is_rejected(answer: SyncResponse) -> bool:
    """Whether the answer says that the spec is not acted on."""
    return any(each["type"] == "Accepted" and each["status"] == "False" for each in answer.status["conditions"])


def find_left_out(world: World) -> set[Key]:
    """What an answer to an accepted spec may leave out at most."""
    return (
        find_retired(world)
        | find_departed(world)
        | find_replaced(world)
        | find_hopeless(world)
        | find_outdated_access(world)
        | find_next_turn(world)
    )


def find_retired(world: World) -> set[Key]:
    """What is left out although it is shown: what is no longer asked for, by name, and the pods of a pause."""
    name, spec = world.name, world.spec
    service = ("Service.v1", f"{name}-access-svc")
    access = [("Pod.v1", f"{name}-access-pod"), ("ConfigMap.v1", f"{name}-access"), service]
    return {
        *([] if spec.get("ports") else [("Service.v1", name)]),
        *([] if spec.get("accessPodImage") else access),
        *([] if spec.get("accessPodPort") else [service]),
        *([] if world.context.settings.network_policy else [("NetworkPolicy.networking.k8s.io/v1", name)]),
        *(_find_paused_pods(world) if is_paused(world) else _find_retired_boot_files(world)),
    }


def find_hopeless(world: World) -> set[Key]:
    """Node pods that are not Ready and won't get so, or not as the node that is wanted: they may go at once."""
    return {
        ("Pod.v1", node["name"])
        for node in _list_staying(world)
        if (pod := _find_pod(world, node)) and not is_terminating(pod) and not is_ready(pod)
        if is_outdated(world, pod, node) or _has_failed_for_long(world, pod) or _has_bad_boot_files(world, pod)
    }


def find_next_turn(world: World) -> set[Key]:
    """The one node pod that runs and may go to be made anew, if it is anyone's turn."""
    ready = [(node, pod) for node in _list_staying(world) if (pod := _find_pod(world, node)) and is_ready(pod)]
    turn = next(((node, pod) for node, pod in ready if is_outdated(world, pod, node)), None)
    others = [_find_pod(world, node) for node in world.spec["nodes"] if turn and node != turn[0]]
    return {("Pod.v1", turn[0]["name"])} if turn and all(_lets_go(other, *turn) for other in others) else set()


def find_outdated_access(world: World) -> set[Key]:
    """The access pod, where it was made from another image or before a restart that is asked for."""
    key, image = ("Pod.v1", f"{world.name}-access-pod"), world.spec.get("accessPodImage")
    pod = world.children["Pod.v1"].get(key[1])
    if pod is None or image is None or is_terminating(pod):
        return set()
    return {key} if _find_image(pod) != image or _lacks_restart(world, pod) else set()


def is_outdated(world: World, pod: Manifest, node: Manifest) -> bool:
    """Whether the pod was made for another node than `node` of the spec, or before a restart that is asked for."""
    container, spec = pod["spec"]["containers"][0], pod["spec"]
    wanted = node.get("resources") or {}
    is_same = (
        container["image"] == node["image"]
        and all(
            _read_amounts(container["resources"].get(kind)) == _read_amounts(wanted.get(kind))
            for kind in ("limits", "requests")
        )
        and [each for each in spec["tolerations"] if each != DEFAULT_TOLERATION] == (node.get("tolerations") or [])
        and spec.get("nodeSelector", {}) == (node.get("nodeSelector") or {})
        and spec.get("runtimeClassName") == node.get("runtimeClassName")
    )
    return not is_same or _lacks_restart(world, pod) or _has_moved(world, pod)


def _list_staying(world: World) -> list[Manifest]:
    """The nodes of the spec, master first, but for those whose names are in it again before they have left."""
    leaving = find_leaving(world)
    return [node for node in world.spec["nodes"] if node["name"] not in leaving]


def _find_pod(world: World, node: Manifest) -> Manifest | None:
    return world.children["Pod.v1"].get(node["name"])


def _find_image(pod: Manifest) -> str:
    return str(pod["spec"]["containers"][0]["image"])


def _read_amounts(amounts: Manifest | None) -> Manifest:
    return {name: parse_quantity(str(amount)) for name, amount in (amounts or {}).items()}


def _lacks_restart(world: World, pod: Manifest) -> bool:
    wish = world.annotations.get(RESTART)
    return wish is not None and pod["metadata"].get("annotations", {}).get(RESTART) != wish


def _has_moved(world: World, pod: Manifest) -> bool:
    """Whether the ip-manager has another address for it than the one that it was made with."""
    noted = pod["metadata"].get("annotations", {}).get(ADDRESS)
    if noted is None or not world.context.settings.ip_manager or POOL not in world.related:
        return False
    addresses = find_addresses(world.uid, world.related.get(ALLOCATION, {}).values())
    return bool(addresses.get(pod["metadata"]["name"], noted) != noted)


def _lets_go(other: Manifest | None, node: Manifest, pod: Manifest) -> bool:
    """Whether `pod`, which runs, may go as far as the `other` is concerned (decision 5)."""
    if other is None or is_terminating(other):
        return False
    if find_waiting(other) in PULL_PROBLEMS:
        return bool(_find_image(other) != node["image"])
    conditions = {each["type"]: each["status"] for each in other.get("status", {}).get("conditions", [])}
    if conditions.get("PodScheduled") == "False":
        return bool(other["metadata"]["creationTimestamp"] < pod["metadata"]["creationTimestamp"])
    return is_ready(other)


def find_waiting(pod: Manifest) -> str | None:
    """Why the first container of a pod waits, in Kubernetes' word."""
    container: Manifest = next(iter(pod.get("status", {}).get("containerStatuses", [])), {})
    reason: str | None = container.get("state", {}).get("waiting", {}).get("reason")
    return reason


def _has_failed_for_long(world: World, pod: Manifest) -> bool:
    status = pod.get("status", {})
    noted = [pod["metadata"]["creationTimestamp"], *(each.get("lastTransitionTime") for each in _conditions(pod))]
    times = [time for text in noted if (time := parse_time(text))]
    return status.get("phase") == "Failed" and max(times) + FAILED_PATIENCE <= world.context.now


def _conditions(pod: Manifest) -> list[Manifest]:
    conditions: list[Manifest] = pod.get("status", {}).get("conditions", [])
    return conditions


def _has_bad_boot_files(world: World, pod: Manifest) -> bool:
    """Whether its boot files are not there, or it crashes with other ones than those that are there for it."""
    mounted = [name for kind, name in find_references(pod) if kind == "ConfigMap.v1"]
    there, current = world.children["ConfigMap.v1"], _current_boot_files(world)
    is_crashing = find_waiting(pod) == "CrashLoopBackOff"
    is_mendable = current in there and not is_terminating(there[current]) and current not in mounted
    return any(name not in there for name in mounted) or (is_crashing and is_mendable)


def _current_boot_files(world: World) -> str:
    return f"{world.name}-bootstrap-{world.context.scripts.digest}"


def _find_paused_pods(world: World) -> Iterator[Key]:
    for name, pod in world.children["Pod.v1"].items():
        if pod["metadata"]["labels"].get(COMPONENT) in (NODE_COMPONENT, ACCESS_COMPONENT):
            yield "Pod.v1", name


def _find_retired_boot_files(world: World) -> Iterator[Key]:
    """Boot files of other versions, when every node of the spec runs from this one's and nobody has others."""
    current = _current_boot_files(world)
    nodes = [_find_pod(world, node) for node in world.spec["nodes"]]
    if not all(pod and is_ready(pod) and ("ConfigMap.v1", current) in find_references(pod) for pod in nodes):
        return
    jobs = [job["spec"]["template"] for job in world.children["Job.batch/v1"].values()]
    used = {key for user in [*world.children["Pod.v1"].values(), *jobs] for key in find_references(user)}
    for name, config_map in world.children["ConfigMap.v1"].items():
        is_boot_files = config_map["metadata"]["labels"].get(COMPONENT) == BOOTSTRAP_COMPONENT
        if is_boot_files and name != current and ("ConfigMap.v1", name) not in used:
            yield "ConfigMap.v1", name
