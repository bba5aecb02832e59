"""Several control-plane nodes: they serve while they have a quorum, which no answer and no drain may cost them."""

from collections.abc import Collection
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, DISRUPTION_BUDGET, POD, is_ready, is_terminating
from tests.chaos import physics
from tests.chaos.members import get_etcd, is_master, list_masters, list_running
from tests.chaos.scene import Draw, Scene, build_world
from tests.simulation.answers import find_selector, is_paused
from tests.simulation.etcd import Replica
from tests.simulation.hooks import Call, ViolationError
from tests.simulation.host_api import find_owner
from tests.simulation.metacontroller import Request
from tests.simulation.statuses import NO_LONGER_READY

QUORUM: Final = "no answer and no drain costs etcd its quorum"
MEMBER: Final = "no answer deletes the volume of a member of etcd"


def serve(scene: Scene) -> None:
    """Clients write, and control-plane nodes whose etcd has lost its quorum are not Ready any more."""
    for owner, etcd in scene.etcds.items():
        running = list_running(scene, owner)
        etcd.write(running)
        for pod in [] if etcd.has_quorum(running) else list_masters(scene, owner):
            if is_ready(pod):
                physics.set_pod(scene, pod["metadata"]["name"], NO_LONGER_READY)


def drain(scene: Scene, draw: Draw) -> None:
    """A host is drained: its pods are evicted, as far as their disruption budgets allow it."""
    host = draw.pick(scene.hosts)
    pods = [pod for pod in scene.list_pods() if pod["spec"].get("nodeName") == host and not is_terminating(pod)]
    going = [pod["metadata"]["name"] for pod in pods if _evict(scene, pod)]
    if going:
        scene.tell(f"{host} is drained of {', '.join(going)}")


def _evict(scene: Scene, pod: Manifest) -> bool:
    """Deletes a pod unless a budget forbids it, which only counts pods that are Ready.

    While an answer is only half carried out, nothing is judged.
    """
    owner, name = find_owner(pod) or "", pod["metadata"]["name"]
    budgets = scene.api.kinds[DISRUPTION_BUDGET].now.values()
    if not all(_allows(scene, owner, budget, pod) for budget in budgets):
        return False
    before = list_running(scene, owner)
    scene.api.drop((POD, name))
    is_judged = is_master(pod) and is_ready(pod) and not scene.controller.list_pending()
    if is_judged and not _is_paused(scene, owner) and _has_lost(scene, owner, before):
        raise ViolationError(QUORUM, f"a drain takes {name}")
    return True


def _allows(scene: Scene, owner: str, budget: Manifest, pod: Manifest) -> bool:
    wanted = (find_selector(budget) or {}).items()
    if not is_ready(pod) or not wanted <= pod["metadata"]["labels"].items():
        return True
    pods = [each for each in scene.list_pods() if find_owner(each) == owner and not is_terminating(each)]
    ready = [each for each in pods if is_ready(each) and wanted <= each["metadata"]["labels"].items()]
    return len(ready) > int(budget["spec"]["minAvailable"])


def _is_paused(scene: Scene, owner: str) -> bool:
    return any(is_paused(scene.look(each)) for each in scene.list_vk8s() if each["metadata"]["uid"] == owner)


def _has_lost(scene: Scene, owner: str, before: Collection[Replica]) -> bool:
    """Whether the members that run now are no quorum, and those that ran before were."""
    etcd = get_etcd(scene, owner)
    return len(etcd.members) > 1 and etcd.has_quorum(before) and not etcd.has_quorum(list_running(scene, owner))


class Quorums:
    """Looks at answers about control-plane nodes, and at what is then deleted."""

    def __init__(self) -> None:
        # What ran when the last call about a Vk8s was answered, without what it has taken down since. None if caches
        # did not show it: what they don't show, no hook can know.
        self._running: dict[str, tuple[Call, list[Replica]]] = {}

    def see_call(self, scene: Scene, call: Call) -> None:
        """A hook has answered."""
        self._running.pop(call.uid, None)
        shown = call.children[POD]
        masters = {pod["metadata"]["name"]: pod for pod in list_masters(scene, call.uid)}
        if scene.has_members and all(shown.get(name) == pod for name, pod in masters.items()):
            self._running[call.uid] = (call, list_running(scene, call.uid))

    def see_request(self, scene: Scene, request: Request) -> None:
        """A request is about to reach the API server."""
        real = scene.api.peek(*request.key)
        if not scene.has_members or request.what != "delete" or real is None:
            return
        if is_terminating(request.call.parent) or real["metadata"]["uid"] != request.seen["metadata"]["uid"]:
            return
        if request.key[0] == CLAIM:
            self._check_claim(scene, request.call, real)
        if request.key[0] == POD and is_master(real):
            self._check_pod(scene, request.call, real)

    def _check_claim(self, scene: Scene, call: Call, claim: Manifest) -> None:
        volume, accepted = scene.volumes.of_claim(claim), scene.volumes.accepted.get(call.uid, set())
        if get_etcd(scene, call.uid).is_voter(volume.replica) and not volume.uids & accepted:
            raise ViolationError(MEMBER, f"{call.name} loses {claim['metadata']['name']}")

    def _check_pod(self, scene: Scene, call: Call, pod: Manifest) -> None:
        """Fails where the quorum goes with the pod, if nothing else has happened since the hooks were asked."""
        asked, before = self._running.get(call.uid, (None, []))
        now = list_running(scene, call.uid)
        world = build_world(call.parent, call.children, call.related, call.context)
        is_known = asked is call and set(now) == set(before) and any(map(is_ready, list_masters(scene, call.uid)))
        if not is_known or is_paused(world):
            return
        replica = scene.volumes.of_pod(pod).replica
        after, etcd = [each for each in now if each is not replica], get_etcd(scene, call.uid)
        self._running[call.uid] = (call, after)
        if len(etcd.members) > 1 and etcd.has_quorum(now) and not etcd.has_quorum(after):
            raise ViolationError(QUORUM, f"{call.name} loses {pod['metadata']['name']}")
