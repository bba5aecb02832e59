"""What a node does with its volume: a control-plane node initializes a cluster or finds its own, a worker joins one.

A worker joins again if its volume belongs to another generation of the state.
"""

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import is_ready
from tests.chaos.members import is_master, list_masters
from tests.chaos.scene import Scene
from tests.chaos.volumes import Node
from tests.simulation.host_api import find_owner
from tests.simulation.risks import find_claim, may_initialize, read_generation


def find_master(scene: Scene, owner: str) -> Manifest | None:
    """The control-plane pod of a Vk8s; of several, one that is Ready if any is."""
    return min(list_masters(scene, owner), key=lambda each: not is_ready(each), default=None)


def is_stateless(scene: Scene, pod: Manifest) -> bool:
    """Whether it is a control-plane node with an empty volume on which it must not initialize a cluster."""
    is_allowed = may_initialize(pod) or not scene.volumes.is_guarded
    if scene.has_members:
        replica = scene.volumes.of_pod(pod).replica
        is_alone = is_master(pod) and "subdomain" not in pod["spec"]
        return is_alone and replica.data is None and (replica.has_booted or not may_initialize(pod))
    return is_master(pod) and not scene.volumes.of_pod(pod).cluster and not is_allowed


def is_left_behind(scene: Scene, pod: Manifest) -> bool:
    """Whether a worker has joined a cluster that is gone, and its pod was not created for the current one.

    Never if all state is in pods, as nothing is recorded then; nor if no hook could have known the previous cluster.
    """
    master, volume = find_master(scene, find_owner(pod) or ""), scene.volumes.of_pod(pod)
    if is_master(pod) or not find_claim(pod) or not scene.volumes.is_guarded or master is None or not is_ready(master):
        return False
    known = scene.volumes.known.get(find_owner(pod) or "", set())
    is_other = volume.cluster != scene.volumes.of_pod(master).cluster and volume.cluster in known
    return is_other and not _rejoins(scene, pod)


def is_dismissed(scene: Scene, pod: Manifest) -> bool:
    """Whether the node has stopped its kubelet for good, as its Node said; in another cluster it has another Node."""
    volume = scene.volumes.of_pod(pod)
    return volume.replica.has_left or (volume.key in scene.dismissed and not _rejoins(scene, pod))


def settle(scene: Scene, node: Node, pod: Manifest) -> None:
    """The node is Ready: its volume holds what it serves. A worker that joins again keeps the data of its pods."""
    volumes, volume = scene.volumes, scene.volumes.of_pod(pod)
    if is_master(pod) and scene.has_members:
        volume.cluster = scene.clusters[node[0]]
    elif is_master(pod) and not volume.cluster:
        volume.cluster = volumes.count()
        # An empty cluster has no Nodes that say anything.
        scene.told = {each for each in scene.told if each[0] != node[0]}
    elif not is_master(pod) and (master := find_master(scene, node[0])):
        volume.cluster = volumes.of_pod(master).cluster
        scene.dismissed.discard(volume.key)
    volume.generation = read_generation(pod)
    volume.data = volume.data or volume.number
    if find_claim(pod):
        volumes.last[node] = volume


def _rejoins(scene: Scene, pod: Manifest) -> bool:
    """Whether a worker gives up its identity in the previous cluster: its volume belongs to another generation."""
    return read_generation(pod) != scene.volumes.of_pod(pod).generation
