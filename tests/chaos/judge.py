"""What must never happen, at each call and at each request that follows from one."""

from typing import Final

from hooks.ippool.request import VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, JOB, POD, SECRET, is_terminating
from hooks.vk8s.observed.kinds import CHILD_KINDS, Data
from hooks.vk8s.spec.network import ADDRESS
from hooks.wire import FinalizeResponse
from tests.chaos.members import KEPT
from tests.chaos.quorums import MEMBER, Quorums
from tests.chaos.scene import Scene, build_world
from tests.chaos.witness import SHOWN, Witness
from tests.simulation.answers import is_accepted, is_paused
from tests.simulation.hooks import Call, ViolationError
from tests.simulation.host_api import find_owner
from tests.simulation.keys import describe_keys
from tests.simulation.kinds import Key
from tests.simulation.metacontroller import Request
from tests.simulation.pods import find_waiting, is_down, is_unscheduled, is_up
from tests.simulation.reasons import PULL_PROBLEMS, list_unexplained
from tests.simulation.removals import TAKES, has_condition, list_staying
from tests.simulation.risks import find_claim, is_lasting
from tests.world import World

LEFT_OUT: Final = "nothing that is observed is left out without a reason"
DATA: Final = "no data is dropped except for that of removed workers"
PODS_FIRST: Final = "what pods use stays until they are gone"
TWO_DOWN: Final = "two nodes are never down because of us"
SECOND_CA: Final = "a living cluster never gets a second CA"
ADDRESS_TWICE: Final = "an address is never given to two nodes"
LOST: Final = "nothing recoverable is lost because of us"
ALIVE: Final = "a finalize call removes nothing from a parent that nobody has deleted"
# Violations that lose data, or hide that some is lost.
LOSSES: Final = frozenset([LOST, SHOWN, DATA, KEPT, MEMBER])


class Judge:
    """Looks at everything that the hooks answer, and that Metacontroller does about it."""

    scene: Scene

    def __init__(self) -> None:
        self._authorities: dict[str, set[str]] = {}
        # Which call has taken down a node.
        self._takers: dict[tuple[str, str], Call] = {}
        self._witness = Witness()
        self._quorums = Quorums()

    def see_call(self, call: Call) -> None:
        """A hook has answered."""
        if call.kind != VK8S:
            return
        answered = {
            (f"{child['kind']}.{child['apiVersion']}", child["metadata"]["name"]) for child in call.answer.children
        }
        left_out = {(kind, name) for kind, group in call.children.items() for name in group} - answered
        if isinstance(call.answer, FinalizeResponse):
            self._check_finalize(call, left_out)
            return
        self._quorums.see_call(self.scene, call)
        world = build_world(call.parent, call.children, call.related, call.context)
        if left_out:
            self._check_left_out(call, world, left_out)
        self._witness.see_call(self.scene, call, world)

    def see_request(self, request: Request) -> None:
        """A request is about to reach the API server."""
        self._witness.see_request(self.scene, request)
        self._quorums.see_request(self.scene, request)
        if request.what == "delete" and request.key[0] == POD:
            self._check_disruption(request)
        if request.what != "create" or self.scene.api.peek(*request.key) is not None or request.wanted is None:
            return
        if request.key == (SECRET, f"{request.call.name}-pki"):
            self._check_authority(request.call, request.wanted)
        if request.key == (SECRET, f"{request.call.name}-join"):
            self._check_derived(request.call, request.wanted)
        if request.key[0] == POD:
            self._check_address(request.wanted)

    def _check_finalize(self, call: Call, left_out: set[Key]) -> None:
        is_let_go = isinstance(call.answer, FinalizeResponse) and call.answer.finalized
        if not is_terminating(call.parent) and (left_out or is_let_go):
            raise ViolationError(ALIVE, f"{call.name} loses {describe_keys(left_out)}")
        others = {key for key in left_out if key[0] != POD}
        if others and call.children[POD]:
            raise ViolationError(PODS_FIRST, f"{call.name} loses {describe_keys(others)}")

    def _check_left_out(self, call: Call, world: World, left_out: set[Key]) -> None:
        if not is_accepted(world):
            raise ViolationError(LEFT_OUT, f"{call.name}, whose spec is broken, loses {describe_keys(left_out)}")
        lost = sorted(name for kind, name in left_out if kind == POD and self._is_last_hold(world, name))
        if lost:
            raise ViolationError(LOST, f"{call.name} loses {', '.join(lost)}, whose volume goes with it")
        unexplained = list_unexplained(world, call.answer)
        if unexplained:
            raise ViolationError(LEFT_OUT, f"{call.name} loses {describe_keys(unexplained)}")
        data = left_out & _list_data(world)
        if data:
            raise ViolationError(DATA, f"{call.name} loses {describe_keys(data)}")

    def _is_last_hold(self, world: World, name: str) -> bool:
        """Whether the pod of a node that stays is all that is left to hold a volume with data, as the caches show."""
        pod, real = world.children[POD][name], self.scene.api.peek(POD, name)
        key = find_claim(pod)
        if key is None or is_lasting(world, key) or name not in list_staying(world) or is_terminating(pod):
            return False
        claim = self.scene.api.peek(*key)
        is_same = real is not None and real["metadata"]["uid"] == pod["metadata"]["uid"]
        volume, accepted = self.scene.volumes.of_pod(pod), self.scene.volumes.accepted.get(world.uid, set())
        is_missed = volume.data and not volume.uids & accepted
        return is_same and bool(is_missed) and (claim is None or is_terminating(claim))

    def _check_disruption(self, request: Request) -> None:
        """A node that runs is about to be taken down."""
        call, name = request.call, request.key[1]
        pod, seen = self.scene.api.peek(*request.key), request.seen or {}
        is_same = pod is not None and pod["metadata"]["uid"] == seen["metadata"]["uid"]
        if isinstance(call.answer, FinalizeResponse) or not is_same or not pod or not self._is_up(pod):
            return
        if not self._is_up(seen):
            # It has just become Ready, and no cache shows that yet.
            self.scene.overtaken.add((call.uid, name))
            return
        world = build_world(call.parent, call.children, call.related, call.context)
        if is_paused(world):
            self.scene.down = {node: uid for node, uid in self.scene.down.items() if node[0] != call.uid}
            return
        staying = list_staying(world)
        if name not in staying:
            return
        down = {node: gone for (uid, node), gone in self.scene.down.items() if uid == call.uid}
        shown = {node: call.children[POD].get(node) for node in down.keys() & staying - {name}}
        # What a cache does not show yet, no hook can know: docs/reliability.md. What it does itself, it knows.
        known = {node: pod for node, pod in shown.items() if self._is_known(call, node, pod, down[node])}
        held = [node for node, pod in known.items() if not _never_ran(pod) or self._takers[call.uid, node] is call]
        if held:
            raise ViolationError(TWO_DOWN, f"{name} of {call.name} goes while {', '.join(sorted(held))} is down")
        if shown:
            self.scene.overtaken.add((call.uid, name))
        self.scene.down[call.uid, name] = seen["metadata"]["uid"]
        self._takers[call.uid, name] = call

    def _is_known(self, call: Call, node: str, pod: Manifest | None, gone: str) -> bool:
        """Whether the hooks see that a node is down, as which the pod with uid `gone` was taken down."""
        if pod is None or self._takers.get((call.uid, node)) is call:
            return True
        is_other = pod["metadata"]["uid"] != gone
        return is_terminating(pod) or (is_other and is_down(pod, self.scene.api.now))

    def _is_up(self, pod: Manifest) -> bool:
        return is_up(pod, self.scene.api.now)

    def _check_authority(self, call: Call, wanted: Manifest) -> None:
        if not self._is_alive(call):
            return
        made = self._authorities.setdefault(call.uid, set())
        authority = wanted["data"]["ca.crt"]
        lives = [name for name in call.children[SECRET] if name.endswith(("-join", "-kubeconfig"))]
        lives = [*lives, *call.children[CLAIM], *call.children[POD]]
        if made - {authority} and (lives or call.uid not in self.scene.lost_pki):
            raise ViolationError(SECOND_CA, f"{call.name}, which has {', '.join(lives) or 'lost none'}")
        kinds = [kind for (kind, _), _ in self.scene.list_children(call.uid)]
        if made and (CLAIM in kinds or POD in kinds):
            self.scene.ruined.add(call.uid)
        made.add(authority)
        self.scene.vault[call.uid] = {key: wanted[key] for key in ("immutable", "type", "data")}

    def _check_derived(self, call: Call, wanted: Manifest) -> None:
        """What nodes join with is made from the PKI. If that was deleted, a cache may still show the previous one."""
        pki = self.scene.find_child(call.uid, (SECRET, f"{call.name}-pki"))
        if pki is None or pki["data"]["ca.crt"] == wanted["data"]["ca.crt"] or not self._is_alive(call):
            return
        if call.uid not in self.scene.lost_pki:
            raise ViolationError(SECOND_CA, f"{call.name} gets a join Secret of another CA than its PKI")
        self.scene.ruined.add(call.uid)

    def _is_alive(self, call: Call) -> bool:
        """Whether the Vk8s that the call is about is there, and nobody has deleted it."""
        vk8s = self.scene.api.peek(VK8S, call.name)
        return vk8s is not None and vk8s["metadata"]["uid"] == call.uid and not is_terminating(vk8s)

    def _check_address(self, wanted: Manifest) -> None:
        address = wanted["metadata"].get("annotations", {}).get(ADDRESS)
        for name, pod in self.scene.api.kinds[POD].now.items() if address else ():
            is_robbed = (find_owner(pod), name) in self.scene.robbed
            if pod["metadata"].get("annotations", {}).get(ADDRESS) == address and not is_robbed:
                raise ViolationError(ADDRESS_TWICE, f"{wanted['metadata']['name']} gets {address}, which {name} has")


def _list_data(world: World) -> set[Key]:
    """Keys and the user's data; but not the claims that a Job has taken out."""
    done = [job for job in world.children[JOB].values() if has_condition(job, "Complete")]
    taken = {uid for job in done for uid in job["metadata"]["annotations"].get(TAKES, "").split(",")}
    kinds = [key for key, kind in CHILD_KINDS.items() if kind.data in (Data.KEYS, Data.USER)]
    children = [(key, name, child) for key in kinds for name, child in world.children[key].items()]
    return {(key, name) for key, name, child in children if child["metadata"]["uid"] not in taken}


def _never_ran(pod: Manifest | None) -> bool:
    """Whether the pod is there and is one that never ran: those hold others back only in part (decision 5)."""
    if pod is None or is_terminating(pod):
        return False
    return find_waiting(pod) in PULL_PROBLEMS or is_unscheduled(pod)
