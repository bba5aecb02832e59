"""Control-plane nodes as members of etcd, in the histories that have several: when they run, join, serve and leave."""

from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.labels import ROLE
from testbed.metacontroller.objects import is_terminating
from tests.chaos.scene import Scene
from tests.simulation.etcd import Etcd, Replica, build_start
from tests.simulation.hooks import ViolationError
from tests.simulation.host_api import find_owner, is_job_pod
from tests.simulation.statuses import NO_LONGER_READY, NOT_READY, READY

FOUNDED: Final = "a cluster is initialized once per generation of its PKI"
KEPT: Final = "an acknowledged write is lost only with the owner's consent"
# With these, the container of a node runs, and so does its etcd.
RUNNING: Final = (READY, NOT_READY, NO_LONGER_READY)


def is_master(pod: Manifest) -> bool:
    """Whether the pod is a control-plane node."""
    return bool(pod["metadata"]["labels"].get(ROLE) == "master") and not is_job_pod(pod)


def list_masters(scene: Scene, owner: str) -> list[Manifest]:
    """The control-plane pods of a Vk8s."""
    return [pod for pod in scene.list_pods() if find_owner(pod) == owner and is_master(pod)]


def get_etcd(scene: Scene, owner: str) -> Etcd:
    """The etcd of a Vk8s."""
    return scene.etcds.setdefault(owner, Etcd())


def list_running(scene: Scene, owner: str) -> list[Replica]:
    """What the control-plane nodes have whose containers run, on hosts that are there."""
    return [replica for pod in list_masters(scene, owner) if (replica := find_running(scene, pod))]


def find_running(scene: Scene, pod: Manifest) -> Replica | None:
    """What the node has of etcd; None if its container does not run."""
    uid = pod["metadata"]["uid"]
    is_up = scene.outcomes.get(uid) in RUNNING and not is_terminating(pod)
    if not is_up or uid not in scene.volumes.of_pods or pod["spec"].get("nodeName") in scene.lost_hosts:
        return None
    return scene.volumes.of_pods[uid].replica


def is_serving(scene: Scene, pod: Manifest) -> bool:
    """Whether a control-plane node that boots, or goes on, is a voter with a quorum."""
    owner, replica = find_owner(pod) or "", scene.volumes.of_pod(pod).replica
    etcd, running = get_etcd(scene, owner), list_running(scene, owner)
    running = running if replica in running else [*running, replica]
    if replica.has_left:
        return False
    before, foundings = etcd.committed, len(etcd.founded)
    members, is_known = [each for _, each in etcd.members.values()], _is_known(scene, owner)
    etcd.boot(build_start(pod, replica), running)
    if len(etcd.founded) > foundings:
        _check_founding(scene, owner, is_known=is_known)
    if etcd.committed < before and is_known:
        _check_loss(scene, owner, members)
    return etcd.is_voter(replica) and etcd.has_quorum(running)


def leave(scene: Scene, owner: str, node: str) -> bool:
    """The member of a node is removed; whether there is none any more, as there never is of a worker."""
    etcd = scene.etcds.get(owner)
    return etcd is None or etcd.leave(node, list_running(scene, owner))


def _is_known(scene: Scene, owner: str) -> bool:
    """Whether a hook has been shown the cluster."""
    return scene.clusters.get(owner) in scene.volumes.known.get(owner, set())


def _check_founding(scene: Scene, owner: str, *, is_known: bool) -> None:
    """Fails where a hook has been shown a cluster of the same generation before, and this is another one."""
    founded = get_etcd(scene, owner).founded
    scene.clusters[owner] = scene.volumes.count()
    # An empty cluster has no Nodes that say anything.
    scene.told = {each for each in scene.told if each[0] != owner}
    if is_known and founded[-1] in founded[:-1] and owner not in scene.bare_pki:
        raise ViolationError(FOUNDED, f"again for generation {founded[-1]}")


def _check_loss(scene: Scene, owner: str, members: list[Replica]) -> None:
    """Fails where writes are lost although the owner has given up nothing, or most of the members are still there."""
    accepted = scene.volumes.accepted.get(owner, set())
    there = scene.volumes.list_existing()
    alive = [each.replica for each in there if each.replica in members and not each.uids & accepted]
    if owner not in scene.bare_pki and (not accepted or len(alive) > len(members) // 2):
        raise ViolationError(KEPT, f"{len(alive)} of {len(members)} members still have what was written")
