"""What several control-plane nodes allow of each other, as decision 21 has it: read from the objects alone."""

from collections.abc import Iterator

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import DISRUPTION_BUDGET, POD, is_ready
from tests.simulation.answers import is_paused
from tests.simulation.kinds import Key
from tests.simulation.note import read_forced, read_members, read_note
from tests.simulation.risks import read_forced as read_pod_forced
from tests.world import World


def list_masters(world: World) -> list[str]:
    """The control-plane nodes of the spec."""
    return [node["name"] for node in world.spec["nodes"] if node["role"] == "master"]


def is_replicated(world: World) -> bool:
    """Whether there are several control-plane nodes, or still some that are no longer in the spec."""
    masters, pods = list_masters(world), world.children[POD]
    others = (read_members(world) | read_note(world)[0].keys() | pods.keys()) - {*masters, *_list_workers(world)}
    return len(masters) > 1 or any(name in read_members(world) or _is_member(pods.get(name)) for name in others)


def list_needless(world: World) -> Iterator[Key]:
    """What only several control-plane nodes have."""
    if len(list_masters(world)) == 1:
        yield "Service.v1", f"{world.name}-etcd"
    if len(list_masters(world)) == 1 or is_paused(world):
        yield DISRUPTION_BUDGET, f"{world.name}-etcd"


def keeps_quorum(world: World, node: str) -> bool:
    """Whether the control-plane nodes without this one are a quorum, or it is not Ready and nor is any other."""
    pods, recorded = world.children[POD], read_note(world)[0]
    masters = [name for name in list_masters(world) if name in pods or name in recorded]
    ready = [name for name in masters if name in pods and is_ready(pods[name])]
    others = [name for name in ready if name != node]
    return node not in masters or len(masters) == 1 or len(others) > len(masters) // 2 or not ready


def is_of_lost_quorum(world: World, pod: Manifest) -> bool:
    """Whether a control-plane pod was made before the owner gave up the quorum that it belongs to."""
    return _is_member(pod) and read_pod_forced(pod) != read_forced(world)


def is_joining(world: World, node: Manifest) -> bool:
    """Whether a control-plane node may have no pod because it can't join the others yet."""
    return len(list_masters(world)) > 1 and node["role"] == "master" and node["name"] not in read_note(world)[0]


def _is_member(pod: Manifest | None) -> bool:
    return pod is not None and pod["metadata"]["labels"].get("vk8s.sktelecom.com/role") == "master"


def _list_workers(world: World) -> list[str]:
    return [node["name"] for node in world.spec["nodes"] if node["role"] == "worker"]
