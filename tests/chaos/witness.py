"""What hooks have been shown of the state of a virtual cluster, and whether what they say of it later is true."""

from typing import Final

from hooks.ippool.request import VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, POD, SECRET, is_ready, is_terminating
from hooks.wire import FinalizeResponse
from tests.chaos.members import is_master
from tests.chaos.scene import Scene, build_world
from tests.chaos.volumes import Noted
from tests.simulation.answers import has_usable_pki, is_accepted, is_paused
from tests.simulation.hooks import Call, ViolationError
from tests.simulation.metacontroller import Request
from tests.simulation.note import read_note
from tests.simulation.removals import list_staying
from tests.simulation.risks import find_claim, is_lasting, read_accepted
from tests.world import World

SHOWN: Final = "nothing lost is shown as Running"
AT_RISK: Final = "nothing at risk is shown as Running"


class Witness:
    """Remembers what the hooks could note, and compares."""

    def __init__(self) -> None:
        self._conflicted: Call | None = None

    def see_call(self, scene: Scene, call: Call, world: World) -> None:
        """A hook has answered a sync: it calls nothing Running that is lost, or that only pods hold."""
        if not is_accepted(world):
            return
        staying = list_staying(world)
        scene.volumes.forget(world.uid, staying)
        if not _is_shown_running(call):
            return
        lost = {
            node: noted
            for node, noted in scene.volumes.list_lost(world.uid).items()
            if not noted.uids & {claim["metadata"]["uid"] for claim in world.children[CLAIM].values()}
        }
        if lost:
            raise ViolationError(SHOWN, f"{call.name}, which has lost the state of {', '.join(sorted(lost))}")
        claims, accepted = read_note(world)[0], read_accepted(world)
        missed = [name for name in sorted(staying) if claims.get(name) not in accepted]
        at_risk = [name for name in missed if _is_at_risk(world, name)]
        if at_risk and call.answer.status["phase"] == "Running":
            raise ViolationError(AT_RISK, f"{call.name}: only their pods hold the state of {', '.join(at_risk)}")

    def see_request(self, scene: Scene, request: Request) -> None:
        """A request is about to reach the API server. The last of a sync is that for the status."""
        call = request.call
        key = (SECRET, f"{call.name}-pki")
        if request.what == "update" and request.key == key:
            real, wanted = scene.api.peek(*key), request.wanted or {"metadata": {}}
            is_current = real is not None and _version(real) == _version(wanted)
            self._conflicted = self._conflicted if is_current else call
        if request.what == "status" and self._conflicted is not call and not isinstance(call.answer, FinalizeResponse):
            self._note(scene, call)

    def _note(self, scene: Scene, call: Call) -> None:
        """Each node that the hooks were shown to be Ready, on which claim, is what they have to know from now on."""
        if call.kind != VK8S:
            return
        world = build_world(call.parent, call.children, call.related, call.context)
        pki, real = world.children[SECRET].get(f"{call.name}-pki"), scene.api.peek(SECRET, f"{call.name}-pki")
        is_same = pki and real and pki["metadata"]["uid"] == real["metadata"]["uid"] and not is_terminating(real)
        if not is_same or not has_usable_pki(world) or not is_accepted(world) or is_paused(world):
            return
        lost = scene.volumes.list_lost(world.uid)
        for node in list_staying(world) - lost.keys():
            noted = _find_noted(scene, world, node)
            if noted is None:
                continue
            pod = world.children[POD][node]
            if is_master(pod):
                volume = scene.volumes.of_pod(pod)
                scene.volumes.known.setdefault(world.uid, set()).add(volume.cluster)
                scene.volumes.members.add(volume.replica)
            # Of several control-plane nodes, each has the data of the others.
            if not is_master(pod) or not scene.has_members:
                scene.volumes.noted[world.uid, node] = noted


def _is_shown_running(call: Call) -> bool:
    """Whether the status says that all is well. It may say that all nodes are Ready and still report a lost volume."""
    status = call.answer.status
    conditions = {each["type"]: each["status"] for each in status.get("conditions", [])}
    is_well = conditions.get("Ready") == "True" and conditions.get("ChildrenObserved") == "True"
    return is_well or status.get("phase") == "Running"


def _is_at_risk(world: World, node: str) -> bool:
    pod = world.children[POD].get(node)
    key = find_claim(pod) if pod else None
    return key is not None and not is_lasting(world, key)


def _find_noted(scene: Scene, world: World, node: str) -> Noted | None:
    """The content that the hooks were shown to be the state of the node."""
    pod = world.children[POD].get(node)
    key = find_claim(pod) if pod and is_ready(pod) else None
    if pod is None or key is None or not is_lasting(world, key):
        return None
    claim, volume = world.children[CLAIM][key[1]], scene.volumes.of_pods.get(pod["metadata"]["uid"])
    if volume is None or not volume.data or claim["metadata"]["uid"] not in volume.uids:
        return None
    return Noted(volume.data, frozenset(volume.uids))


def _version(obj: Manifest) -> str | None:
    version: str | None = obj["metadata"].get("resourceVersion")
    return version
