"""Which pods must stay because something would be deleted with them, and what is recorded of their state.

Read from the objects alone.
"""

from collections.abc import Iterator
from typing import Final

from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, CONFIG_MAP, POD, SECRET, is_ready, is_terminating
from hooks.vk8s.spec.labels import ACCESS_COMPONENT, COMPONENT, NODE_COMPONENT
from tests.simulation.answers import list_references
from tests.simulation.kinds import Key
from tests.simulation.note import read_note
from tests.simulation.pods import has_run
from tests.simulation.removals import list_staying
from tests.simulation.statuses import VOLUME_CONFLICT, get_container, get_container_status
from tests.world import World

ACCEPT: Final = "vk8s.sktelecom.com/accept-state-loss"


def is_at_risk(world: World, pod: Manifest) -> bool:
    """Whether a node pod uses a claim or a Secret that would be deleted with it, or could not be recreated.

    The owner may have accepted the loss of a recorded claim.
    """
    is_missed = read_note(world)[0].get(read_node_name(pod) or "") not in read_accepted(world)
    used = [key for key in list_references(pod) if key[0] == SECRET or (key[0] == CLAIM and is_missed)]
    boot_files = (CONFIG_MAP, world.boot_files)
    return any(not is_lasting(world, key) for key in [*used, boot_files]) or (
        is_missed and _runs_on_another(world, pod)
    )


def _runs_on_another(world: World, pod: Manifest) -> bool:
    """Whether the claim of the pod's name is newer than the pod, which has run on the volume of another claim."""
    claim = world.children[CLAIM].get(f"{read_node_name(pod)}-state")
    if claim is None or claim["metadata"]["uid"] == read_note(world)[0].get(read_node_name(pod) or ""):
        return False
    is_newer = claim["metadata"]["creationTimestamp"] > pod["metadata"]["creationTimestamp"]
    return bool(is_newer) and (is_ready(pod) or has_run(pod))


def is_useless(world: World, pod: Manifest) -> bool:
    """Whether a node pod has no volume and can get none: it has no host, or its owner has accepted the loss."""
    noted = read_note(world)[0].get(read_node_name(pod) or "")
    if noted is None or find_claim(pod) is None or world.children[CLAIM].get(f"{read_node_name(pod)}-state"):
        return False
    if is_ready(pod) or "running" in get_container_status(pod).get("state", {}):
        return False
    return noted in read_accepted(world) or not (pod["spec"].get("nodeName") or has_run(pod))


def list_given_up(world: World) -> Iterator[Key]:
    """Pods and claims whose owner gives the claim up, and that can't start because of it alone.

    The only control-plane node keeps its own.
    """
    masters = [node["name"] for node in world.spec["nodes"] if node["role"] == "master"]
    nodes = list_staying(world) - (set(masters) if len(masters) == 1 else set())
    for name in sorted(nodes & world.children[POD].keys()):
        key = (CLAIM, f"{name}-state")
        claim, pod = world.children[CLAIM].get(key[1], {"metadata": {"uid": None}}), world.children[POD][name]
        request = f"{claim['metadata']['uid']}/{pod['metadata']['uid']}"
        if request in _list_accepted(world) and is_lasting(world, key) and _waits_for_its_host(pod):
            yield from ((POD, name), key)


def _waits_for_its_host(pod: Manifest) -> bool:
    """Whether a pod has no host because its volume has another one."""
    said = [each for each in pod.get("status", {}).get("conditions") or [] if each["type"] == "PodScheduled"]
    return any(each["status"] == "False" and VOLUME_CONFLICT in each["message"] for each in said)


def is_lost(world: World, node: str) -> bool:
    """Whether the node's recorded claim is gone, and its owner has not accepted the loss."""
    noted = read_note(world)[0].get(node)
    is_gone = noted is not None and f"{node}-state" not in world.children[CLAIM]
    return is_gone and noted not in read_accepted(world)


def is_lasting(world: World, key: Key) -> bool:
    """Whether this child exists and is not being deleted."""
    child = world.children[key[0]].get(key[1])
    return child is not None and not is_terminating(child)


def list_paused_pods(world: World) -> Iterator[Key]:
    """The pods that a pause deletes: all except those at risk, of nodes that are to stay."""
    staying = list_staying(world)
    for name, pod in world.children[POD].items():
        component = pod["metadata"]["labels"].get(COMPONENT)
        is_kept = component == NODE_COMPONENT and name in staying and is_at_risk(world, pod)
        if component in (NODE_COMPONENT, ACCESS_COMPONENT) and not is_kept:
            yield POD, name


def find_claim(pod: Manifest) -> Key | None:
    """The claim that a pod uses."""
    return next((key for key in list_references(pod) if key[0] == CLAIM), None)


def read_accepted(world: World) -> set[str]:
    """The uids of the claims whose loss the owner has accepted."""
    return {entry.partition("/")[0] for entry in _list_accepted(world)} - {""}


def _list_accepted(world: World) -> set[str]:
    """What the owner has accepted: uids of claims, some with the uid of the pod that waits for the claim."""
    return {entry.strip() for entry in world.annotations.get(ACCEPT, "").split(",")}


def read_generation(pod: Manifest) -> int:
    """The generation for which a node pod was created: the first, if the pod does not say."""
    return int(_read_variables(pod).get("GENERATION") or 1)


def may_initialize(pod: Manifest) -> bool:
    """Whether a control-plane node may initialize a cluster on an empty volume."""
    return _read_variables(pod).get("FOUND") == "true"


def read_forced(pod: Manifest) -> str:
    """The forced quorum that a control-plane pod was created for; empty if there was none."""
    return _read_variables(pod).get("MEMBERS_OF") or ""


def read_node_name(pod: Manifest) -> str | None:
    """The node that a pod is."""
    name: str | None = pod["metadata"].get("labels", {}).get(NODE)
    return name


def _read_variables(pod: Manifest) -> dict[str, str | None]:
    return {each["name"]: each.get("value") for each in get_container(pod).get("env", [])}
