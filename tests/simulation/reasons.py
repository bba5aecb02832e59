"""What an answer may leave out, and for which reason: as docs and decisions say, and read from the objects alone.

The spec of a pod or a Job shows from which fields it was created; no hash is read.
"""

from collections.abc import Iterator
from datetime import timedelta

from hooks.ippool.allocation import ALLOCATION, read_addresses
from hooks.ippool.pools import POOL
from hooks.kubernetes.conditions import parse_history, parse_time
from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import parse_quantity
from hooks.vk8s.observed.children import DISRUPTION_BUDGET, POD, is_ready, is_terminating
from hooks.vk8s.spec.naming import access_pod_names
from hooks.vk8s.spec.network import ADDRESS
from hooks.wire import SyncResponse
from tests.simulation import pods
from tests.simulation.admission import DEFAULT_TOLERATION
from tests.simulation.answers import has_usable_pki, index, is_accepted, list_references
from tests.simulation.installations import list_replaced
from tests.simulation.keys import list_keys
from tests.simulation.kinds import Key
from tests.simulation.note import read_note
from tests.simulation.placement import is_placed_as
from tests.simulation.pruned import list_pruned
from tests.simulation.quorums import is_joining, is_of_lost_quorum, is_replicated, keeps_quorum
from tests.simulation.removals import list_leaving, list_removed
from tests.simulation.risks import is_at_risk, is_lost, is_useless, list_given_up, read_generation
from tests.simulation.statuses import get_container
from tests.world import World

RESTART = "vk8s.sktelecom.com/restart"
ENDED_PATIENCE = timedelta(seconds=30)
BUDGET_PATIENCE = timedelta(minutes=10)
PULL_PROBLEMS = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}


def list_unexplained(world: World, answer: SyncResponse | None = None) -> set[Key]:
    """What is shown and left out of the answer although there is no reason for it."""
    answer = answer or world.sync()
    left_out = set(list_keys(world)) - index(answer).keys()
    if not left_out or is_rejected(answer) or not is_accepted(world) or not has_usable_pki(world):
        return left_out - list_abandoned(world)
    explained = list_pruned(world) | list_removed(world) | list_replaced(world) | list_needless_access(world)
    explained |= {(POD, name) for name, pod in world.children[POD].items() if is_useless(world, pod)}
    explained |= {key for key in list_given_up(world) if keeps_quorum(world, key[1].removesuffix("-state"))}
    rest = left_out - explained
    idle = list_hopeless(world)
    # What has run goes alone.
    turn = rest & list_next_turns(world)
    return rest - (idle if rest & idle else turn if len(turn) == 1 else set())


def is_rejected(answer: SyncResponse) -> bool:
    """Whether the answer says that the spec is not acted on."""
    return any(each["type"] == "Accepted" and each["status"] == "False" for each in answer.status["conditions"])


def list_abandoned(world: World) -> set[Key]:
    """The budget of a spec that has been rejected for so long that it goes."""
    since = parse_history(world.status).since("Accepted", status=False)
    is_abandoned = since is not None and since + BUDGET_PATIENCE <= world.context.now
    return {(DISRUPTION_BUDGET, world.name)} if is_abandoned else set()


def list_hopeless(world: World) -> set[Key]:
    """Node pods that have ended a while ago, or never ran and won't, or not as the node that is wanted: all may go."""
    return {
        ("Pod.v1", node["name"])
        for node, pod in _list_free(world)
        if _has_ended_for_long(world, pod)
        or (_is_broken(world, node, pod) and (not pods.has_run(pod) or is_of_lost_quorum(world, pod)))
    }


def list_next_turns(world: World) -> set[Key]:
    """The node pods of which one may go, of those that have run: one does, and as far as the others let it.

    That is the first one, except that the order of several control-plane nodes follows from when each was Ready.
    """
    turns: dict[Key, None] = {}
    broken = [(node, pod) for node, pod in _list_free(world) if _is_broken(world, node, pod) and pods.has_run(pod)]
    ready = [(node, pod) for node, pod in _list_free(world) if is_ready(pod) and is_outdated(world, pod, node)]
    for node, pod in [*broken, *ready]:
        others = [each for each in world.spec["nodes"] if each != node]
        allows = _allows_ready if is_ready(pod) else _allows_broken
        if keeps_quorum(world, node["name"]) and all(allows(world, other, (node, pod)) for other in others):
            turns["Pod.v1", node["name"]] = None
    return set(turns if is_replicated(world) else [*turns][:1])


def list_needless_access(world: World) -> set[Key]:
    """The access pods of another image, from before a restart that is asked for, or that have ended; and a second one.

    The second one was created because the host of the first did not answer. One of the two has been Ready for a minute.
    """
    image, children = world.spec.get("accessPodImage"), world.children[POD]
    found = {name: children[name] for name in access_pod_names(world.name) if name in children}
    used = {name: pod for name, pod in found.items() if image is not None and not is_terminating(pod)}
    useless = {
        name
        for name, pod in used.items()
        if _get_image(pod) != image or _needs_restart(world, pod) or _has_ended_for_long(world, pod)
    }
    lasting = [name for name, pod in used.items() if pods.is_lasting(pod, world.context.now)]
    return {(POD, name) for name in useless | ({*used} - {*lasting[:1]} if lasting else set())}


def is_outdated(world: World, pod: Manifest, node: Manifest) -> bool:
    """Whether the pod was made for another node than `node` of the spec or another generation, or before a restart."""
    container, spec = get_container(pod), pod["spec"]
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
        and is_placed_as(pod, node)
    )
    is_current = read_generation(pod) == read_note(world)[1] and not is_of_lost_quorum(world, pod)
    is_alone = node["role"] == "master" and ("subdomain" in spec) != is_replicated(world)
    return not is_same or is_alone or not is_current or _needs_restart(world, pod) or _has_moved(world, pod)


def _list_free(world: World) -> Iterator[tuple[Manifest, Manifest]]:
    """Nodes of the spec and their pods that may be deleted at all, the control-plane node first.

    Not those that are still being removed and are in the spec again, nor those that use what would be deleted with
    them, nor an outdated worker before its control-plane node: no worker runs a newer version.
    """
    leaving, masters = list_leaving(world), [node for node in world.spec["nodes"] if node["role"] == "master"]
    found = [(pod, node) for node in masters if (pod := _find_pod(world, node))]
    is_master_old = any(is_outdated(world, pod, node) for pod, node in found)
    for node in world.spec["nodes"]:
        pod = _find_pod(world, node)
        if pod is None or is_terminating(pod) or node["name"] in leaving or is_at_risk(world, pod):
            continue
        if node in masters or not is_master_old or not is_outdated(world, pod, node):
            yield node, pod


def _find_pod(world: World, node: Manifest) -> Manifest | None:
    return world.children["Pod.v1"].get(node["name"])


def _get_image(pod: Manifest) -> str:
    return str(get_container(pod)["image"])


def _read_amounts(amounts: Manifest | None) -> Manifest:
    return {name: parse_quantity(str(amount)) for name, amount in (amounts or {}).items()}


def _needs_restart(world: World, pod: Manifest) -> bool:
    wish = world.annotations.get(RESTART)
    return wish is not None and pod["metadata"].get("annotations", {}).get(RESTART) != wish


def _has_moved(world: World, pod: Manifest) -> bool:
    """Whether an address other than that of the pod is allocated to the node now."""
    noted = pod["metadata"].get("annotations", {}).get(ADDRESS)
    if noted is None or not world.context.settings.ip_manager or POOL not in world.related:
        return False
    addresses = read_addresses(world.uid, world.related.get(ALLOCATION, {}).values())
    return bool(addresses.get(pod["metadata"]["name"], noted) != noted)


def _waits_for_address(world: World, node: Manifest) -> bool:
    """Whether a node without a pod may have to wait for an address of a pool."""
    if not world.context.settings.ip_manager or POOL not in world.related:
        return False
    return node["name"] not in read_addresses(world.uid, world.related.get(ALLOCATION, {}).values())


def _is_broken(world: World, node: Manifest, pod: Manifest) -> bool:
    """Whether it is not Ready and won't be, or not as the node that is wanted; one that just was may be so again."""
    if is_ready(pod) or pods.has_ended(pod):
        return False
    if pods.is_flapping(pod, world.context.now) and not is_of_lost_quorum(world, pod):
        return False
    return is_outdated(world, pod, node) or _has_bad_boot_files(world, pod)


def _allows_broken(world: World, node: Manifest, going: tuple[Manifest, Manifest]) -> bool:
    """Whether the other node is not down because of us, or has been for long; a worker needs its control-plane node."""
    other, now = _find_pod(world, node), world.context.now
    if other is None:
        return is_lost(world, node["name"]) or _waits_for_address(world, node) or is_joining(world, node)
    if is_terminating(other):
        deleted = parse_time(other["metadata"]["deletionTimestamp"])
        is_needed = node["role"] == "master" and going[0]["role"] != "master"
        return not is_needed and deleted is not None and deleted + pods.FLAP <= now
    if pods.is_flapping(other, now):
        return False
    is_needed = node["role"] == "master" and going[0]["role"] != "master"
    is_settled = pods.has_run(other) or pods.has_ended(other) or pods.is_old(other, now)
    return is_ready(other) or (not is_needed and is_settled)


def _allows_ready(world: World, node: Manifest, going: tuple[Manifest, Manifest]) -> bool:
    """Whether the pod that is going, which runs, may do so as far as the other is concerned (decisions 5 and 12)."""
    other, now = _find_pod(world, node), world.context.now
    if other is None:
        return is_joining(world, node)
    if is_terminating(other) or pods.is_flapping(other, now):
        return False
    if is_ready(other):
        return True
    if pods.find_waiting(other) in PULL_PROBLEMS:
        return bool(_get_image(other) != going[0]["image"])
    made, other_made = (each["metadata"]["creationTimestamp"] for each in (going[1], other))
    is_behind = is_outdated(world, other, node) and pods.is_old(other, now)
    return is_behind or (pods.is_unscheduled(other) and bool(other_made < made))


def _has_ended_for_long(world: World, pod: Manifest) -> bool:
    return pods.has_ended(pod) and pods.get_end(pod) + ENDED_PATIENCE <= world.context.now


def _has_bad_boot_files(world: World, pod: Manifest) -> bool:
    """Whether its bootstrap files are missing, or it crashes with other ones than the current ones, which exist."""
    mounted = [name for kind, name in list_references(pod) if kind == "ConfigMap.v1"]
    there, current = world.children["ConfigMap.v1"], world.boot_files
    is_crashing = pods.find_waiting(pod) == "CrashLoopBackOff"
    is_fixable = current in there and not is_terminating(there[current]) and current not in mounted
    return any(name not in there for name in mounted) or (is_crashing and is_fixable)
