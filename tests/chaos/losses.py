"""What puts the state of virtual clusters at risk: people who delete claims, restore them, or accept a loss."""

import re
from datetime import timedelta
from typing import Final

from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, POD, SECRET
from hooks.vk8s.spec.labels import ROLE
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.chaos.scene import HOLD, Draw, Scene
from tests.chaos.volumes import Volume
from tests.simulation.host_api import NAMESPACE, find_owner
from tests.simulation.keys import describe_key
from tests.simulation.kinds import Key
from tests.simulation.note import read_note
from tests.simulation.risks import ACCEPT

FORCED: Final = 0.3


def lose_claim(scene: Scene, draw: Draw) -> None:
    """Somebody deletes the claim of a node: it stays as long as a pod uses it, unless that is forced."""
    keys = _list_claims(scene)
    if keys:
        key, is_forced = draw.pick(keys), draw.chance(FORCED)
        _delete(scene, key, is_forced=is_forced)


def lose_claims(scene: Scene, draw: Draw) -> None:
    """Somebody deletes all claims of a namespace."""
    keys = _list_claims(scene)
    if keys and draw.chance(0.5):
        for key in keys:
            _delete(scene, key)


def lose_node(scene: Scene, draw: Draw) -> None:
    """The pod of a node and its claim are deleted, and gone: with a host that had its volume, for one."""
    keys = [key for key in _list_claims(scene) if not is_terminating(scene.api.kinds[CLAIM].now[key[1]])]
    if keys:
        key = draw.pick(keys)
        pod = (POD, key[1].removesuffix("-state"))
        scene.tell(f"{describe_key(pod)} and {describe_key(key)} are lost with their host")
        for each in (pod, key):
            if scene.api.peek(*each) and find_owner(scene.api.kinds[each[0]].now[each[1]]):
                scene.api.remove(each)
        scene.volumes.sweep()


def lose_credentials(scene: Scene, draw: Draw) -> None:
    """Somebody deletes what nodes boot with, and a finalizer of others holds it for now."""
    keys = [
        (SECRET, name)
        for vk8s in scene.list_vk8s()
        for name in (f"{vk8s['metadata']['name']}-{each}" for each in ("pki", "join"))
        if scene.find_child(vk8s["metadata"]["uid"], (SECRET, name))
    ]
    if keys:
        key = draw.pick(keys)
        if key[1].endswith("-pki"):
            scene.lost_pki.add(find_owner(scene.api.kinds[SECRET].now[key[1]]) or "")
            scene.back_up(scene.api.kinds[SECRET].now[key[1]])
        scene.change(key, lambda old: with_metadata(old, finalizers=[HOLD]))
        scene.api.drop(key)
        scene.tell(f"{describe_key(key)} is deleted by hand, and held by a finalizer")


def restore_claim(scene: Scene, draw: Draw) -> None:
    """An owner binds a retained volume again, or restores a lost one from a snapshot, under the name that it had."""
    former = [(node, volume) for node, volume in sorted(scene.volumes.last.items()) if is_missing(scene, node)]
    used = [*scene.volumes.of_pods.values()]
    lost = [each for each in former if not is_member(scene, each[0]) or not (each[1].is_gone or each[1] in used)]
    if lost and CLAIM not in scene.api.quota:
        node, volume = draw.pick(lost)
        bind(scene, node, volume)


def bind(scene: Scene, node: tuple[str, str], volume: Volume) -> None:
    """A claim of the node, with what was on that volume: the volume itself, if it is still there."""
    owner, name = node
    labels = {"controller-uid": owner, NODE: name, ROLE: "master" if _is_master(scene, node) else "worker"}
    metadata = {"name": f"{name}-state", "namespace": NAMESPACE, "labels": labels}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}, "volumeName": "pv"}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
    is_bound = any(each is volume for each in scene.volumes.of_pods.values())
    is_there = not volume.is_gone and not is_bound
    scene.api.pass_time(timedelta(seconds=1))
    made = scene.api.make(claim)
    scene.volumes.bind(made, volume if is_there else scene.volumes.copy(volume))
    scene.tell(f"claim {name}-state is {'bound to its volume again' if is_there else 'restored from a snapshot'}")


def accept_loss(scene: Scene, draw: Draw) -> None:
    """An owner accepts that the state of a node is lost, or, by mistake, names a claim that is not."""
    there = [each for each in scene.list_vk8s() if not is_terminating(each)]
    if there:
        vk8s = draw.pick(there)
        uid, world = vk8s["metadata"]["uid"], scene.look(vk8s)
        lost = {each for noted in scene.volumes.list_lost(uid).values() for each in noted.uids} | list_missing(
            scene, vk8s
        )
        wrong = [claim["metadata"]["uid"] for claim in world.children[CLAIM].values()] if draw.chance(0.15) else []
        if lost or wrong:
            accept(scene, vk8s, sorted(lost) or wrong[:1])


def accept(scene: Scene, vk8s: Manifest, uids: list[str]) -> None:
    """The owner of a Vk8s accepts the loss of what was on these claims."""
    uid, name = vk8s["metadata"]["uid"], vk8s["metadata"]["name"]
    scene.volumes.accepted.setdefault(uid, set()).update(uids)
    scene.annotate(name, ACCEPT, ",".join(uids))
    scene.tell(f"{name} has annotation {ACCEPT}: {','.join(uids)}")


def list_missing(scene: Scene, vk8s: Manifest) -> set[str]:
    """The uids of recorded claims that no longer exist; only those that the status names, if it names any.

    Of several control-plane nodes, one is not missed if the others have its data.
    """
    if scene.has_members and (asked := _list_asked(vk8s)):
        return asked
    claims, _ = read_note(scene.look(vk8s))
    there = {claim["metadata"]["uid"] for claim in scene.api.kinds[CLAIM].now.values()}
    return set(claims.values()) - there


def _list_asked(vk8s: Manifest) -> set[str]:
    """What the status asks the owner to give up, if nothing can be restored."""
    conditions = (vk8s.get("status") or {}).get("conditions", [])
    found = [re.search(rf"{ACCEPT}=([-,a-z0-9/]+)[.]", each["message"]) for each in conditions]
    return {uid for each in found if each for uid in each[1].split(",")}


def _delete(scene: Scene, key: Key, *, is_forced: bool = False) -> None:
    scene.api.drop(key)
    if is_forced:
        scene.api.remove(key)
    scene.tell(f"{describe_key(key)} is deleted by hand{', by force' if is_forced else ''}")
    scene.volumes.sweep()


def _list_claims(scene: Scene) -> list[Key]:
    owners = {each["metadata"]["uid"] for each in scene.list_vk8s()}
    return [(CLAIM, name) for name, claim in sorted(scene.api.kinds[CLAIM].now.items()) if find_owner(claim) in owners]


def is_missing(scene: Scene, node: tuple[str, str]) -> bool:
    """Whether the claim of a node of a Vk8s that lives is not there, and the node is still wanted."""
    alive = {each["metadata"]["uid"]: each for each in scene.list_vk8s() if not is_terminating(each)}
    owner, name = node
    if owner not in alive or scene.api.peek(CLAIM, f"{name}-state") is not None:
        return False
    spec = scene.written[alive[owner]["metadata"]["name"]]
    return name in {each["name"] for each in spec["nodes"]}


def is_member(scene: Scene, node: tuple[str, str]) -> bool:
    """Whether it is one of several control-plane nodes. A copy of what it had is no member any more."""
    return scene.has_members and _is_master(scene, node)


def _is_master(scene: Scene, node: tuple[str, str]) -> bool:
    owner = next(each for each in scene.list_vk8s() if each["metadata"]["uid"] == node[0])
    nodes = scene.written[owner["metadata"]["name"]]["nodes"]
    return {each["name"]: each["role"] for each in nodes}.get(node[1]) == "master"
