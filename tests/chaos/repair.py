"""Repairs of everything that only people can repair: afterwards, everything has to come to rest by itself."""

import re
from datetime import timedelta
from typing import Any, Final

from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.pki import PkiError, read_secret
from hooks.vk8s.keys.pki_files import parse_pki
from hooks.vk8s.observed.children import CLAIM, JOB, POD, SECRET
from hooks.vk8s.observed.kinds import CHILD_KINDS
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.chaos.deletions import finish_deletions
from tests.chaos.edits import build_masters, build_node
from tests.chaos.faults import write_pool
from tests.chaos.losses import accept, bind, is_missing, list_missing
from tests.chaos.physics import LEAVE, UNPULLABLE, can_start
from tests.chaos.scene import HOLD, Scene
from tests.simulation.answers import list_references
from tests.simulation.host_api import NAMESPACE, find_owner
from tests.simulation.kinds import Key
from tests.simulation.removals import list_staying

MOST_MASTERS: Final = 5


def repair(scene: Scene) -> None:
    """Removes every fault that only people can remove."""
    scene.tell("everything that only people can repair is repaired")
    scene.lost_hosts.clear()
    scene.flaps.clear()
    scene.api.injected = ()
    scene.api.quota = frozenset()
    scene.api.now = scene.api.latest
    scene.answering = [next(iter(scene.versions.values()))]
    for uid in scene.controller.list_pending():
        scene.act(uid)
    scene.controller.restart()
    scene.api.elapsed += timedelta(minutes=21)
    _repair_objects(scene)
    _delete_pods_of_lost_claims(scene)
    finish_deletions(scene)
    _bring_password(scene)
    if scene.is_pooled:
        for name in list_pools(scene):
            scene.change((POOL, name), lambda old: {**old, "spec": {**old["spec"], "default": False}})
        write_pool(scene, "r", {"cidr": "10.1.0.0/24", "default": True})
    for vk8s in sorted(scene.list_vk8s(), key=lambda each: int(each["metadata"]["uid"].removeprefix("uid-"))):
        if not is_terminating(vk8s):
            _repair_vk8s(scene, vk8s)
            _delete_volumes_of_removed_workers(scene, vk8s)
    _delete_stuck_jobs(scene)


def _repair_objects(scene: Scene) -> None:
    """Removes finalizers and objects of others, and restores labels that somebody has removed."""
    alive = {each["metadata"]["uid"] for each in scene.list_vk8s() if not is_terminating(each)}
    for kind in (*CHILD_KINDS, ALLOCATION):
        for name, obj in scene.api.list_all(kind).items():
            _repair_object(scene, (kind, name), obj, alive)


def _repair_object(scene: Scene, key: Key, obj: Manifest, alive: set[str]) -> None:
    rest = [each for each in obj["metadata"].get("finalizers", []) if each != HOLD]
    scene.change(key, lambda old: with_metadata(old, finalizers=rest) if "finalizers" in old["metadata"] else old)
    owner, label = scene.released.get(key), obj["metadata"].get("labels", {}).get("controller-uid")
    if owner in alive and find_owner(obj) in (None, owner):
        labels = {**obj["metadata"]["labels"], "controller-uid": owner}
        scene.change(key, lambda old: with_metadata(old, labels=labels))
    elif owner is not None or (find_owner(obj) is None and label not in alive):
        scene.api.drop(key)


def _delete_pods_of_lost_claims(scene: Scene) -> None:
    """Anyone who deletes a claim in use has to delete its pod, too; the state is then gone."""
    for pod in scene.api.list_all(POD).values():
        claims = [scene.api.peek(*key) for key in list_references(pod) if key[0] == CLAIM]
        if any(claim is None or is_terminating(claim) for claim in claims):
            scene.api.drop((POD, pod["metadata"]["name"]))


def _bring_password(scene: Scene) -> None:
    """The Secret that owners name as that of their password."""
    if scene.api.peek(SECRET, "mine") is None:
        metadata = {"name": "mine", "namespace": NAMESPACE, "labels": {}}
        scene.api.make({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": "YQ=="}})


def _repair_vk8s(scene: Scene, vk8s: Manifest) -> None:
    name, uid = vk8s["metadata"]["name"], vk8s["metadata"]["uid"]
    spec = scene.written[name]
    nodes = [{**node, "image": "a"} if node["image"] == UNPULLABLE else node for node in spec["nodes"]]
    nodes = [node for node in nodes if node is nodes[0] or not _is_taken(scene, uid, node["name"])]
    repaired: dict[str, Any] = {**spec, "nodes": nodes}
    # If several want the same ports, one gets them.
    others = {each["metadata"]["name"] for each in scene.list_vk8s()} - {name}
    is_alone = not any(scene.written[each].get("ports") for each in others)
    ports = ("ipPool",) if is_alone else ("ports", "kubeflow", "ipPool")
    scene.write_spec(name, {key: value for key, value in repaired.items() if key not in ports})
    _repair_pki(scene, name, uid)
    _delete_unusable_keys(scene, (SECRET, f"{name}-ssh"))
    if uid in scene.ruined or _is_taken(scene, uid, nodes[0]["name"]):
        scene.tell(f"Vk8s {name} can't be helped, and is deleted")
        scene.api.drop((VK8S, name))


def _delete_unusable_keys(scene: Scene, key: Key) -> None:
    """Ssh keys that somebody has written into are deleted, so that new ones are created."""
    secret = scene.api.peek(*key)
    if secret is not None and "foreign" in secret.get("data", {}):
        scene.api.drop(key)


def _repair_pki(scene: Scene, name: str, uid: str) -> None:
    secret = scene.api.peek(SECRET, f"{name}-pki")
    try:
        if secret is not None:
            parse_pki(read_secret(secret))
            return
    except PkiError:
        pass
    if uid in scene.vault:
        scene.restore_pki(scene.api.kinds[VK8S].now[name])


def _is_taken(scene: Scene, uid: str, node: str) -> bool:
    """Whether another Vk8s has the pod or the claim of that name, or wants it and was there first."""
    owners = [find_owner(obj) for key in ((POD, node), (CLAIM, f"{node}-state")) if (obj := scene.api.peek(*key))]
    others = [each for each in scene.list_vk8s() if int(each["metadata"]["uid"][4:]) < int(uid[4:])]
    wanted = {each["name"] for other in others for each in scene.written[other["metadata"]["name"]]["nodes"]}
    return any(owner not in (uid, None) for owner in owners) or node in wanted


def _delete_volumes_of_removed_workers(scene: Scene, vk8s: Manifest) -> None:
    """Anyone who binds the volume of a removed worker again has to delete it: the node says so as it boots."""
    uid, name = vk8s["metadata"]["uid"], vk8s["metadata"]["name"]
    there = scene.api.peek(VK8S, name)
    for node in sorted(list_staying(scene.look(there))) if there else []:
        claim = scene.find_child(uid, (CLAIM, f"{node}-state"))
        is_bound_again = claim is not None and claim["metadata"]["uid"] in scene.volumes.copies
        if claim and is_bound_again and scene.volumes.of_claim(claim).key in scene.dismissed:
            scene.tell(f"{node} and its claim are deleted: the volume is that of a worker that was removed")
            scene.api.drop((CLAIM, f"{node}-state"))
            scene.api.drop((POD, node)) if scene.find_child(uid, (POD, node)) else None


def _delete_stuck_jobs(scene: Scene) -> None:
    """Deletes Jobs that can't start, of workers of which nothing else is left: only these Jobs know their Nodes."""
    for name, job in scene.list_jobs():
        node, owner = name.removesuffix(LEAVE), find_owner(job) or ""
        is_left = any(scene.find_child(owner, key) for key in ((POD, node), (CLAIM, f"{node}-state")))
        if name.endswith(LEAVE) and not is_left and not can_start(scene, job["spec"]["template"]):
            scene.told.discard((owner, node))
            scene.api.drop((JOB, name))


def face_losses(scene: Scene) -> bool:
    """Owners bind retained volumes again, and accept that others are lost; whether there was anything to do."""
    alive = [each for each in scene.list_vk8s() if not is_terminating(each)]
    faced = [_take_back(scene, vk8s) or _face_losses(scene, vk8s, list_missing(scene, vk8s)) for vk8s in alive]
    return any(faced) or any(_give_up(scene, vk8s) for vk8s in alive)


def _take_back(scene: Scene, vk8s: Manifest) -> bool:
    """Owners write control-plane nodes again that have the only data, if the status says so; whether it does."""
    name, said = vk8s["metadata"]["name"], str((vk8s.get("status") or {}).get("conditions"))
    found, spec = re.search(r"write ([-a-z0-9 ]+) again: no other", said), scene.written[name]
    masters = [node["name"] for node in spec["nodes"] if node["role"] == "master"]
    again = found[1].split(" or ") if found else []
    # There are at most five: they come in place of others.
    wanted = {*again, *[each for each in masters if each not in again][: MOST_MASTERS - len(again)]}
    spare = [each["name"] for each in build_masters(name, 7) if each["name"] not in wanted]
    wanted |= set(spare[: (max(3, len(wanted)) - len(wanted)) or (len(wanted) == 4)])
    if found:
        workers = [node for node in spec["nodes"] if node["role"] == "worker"]
        scene.tell(f"the owner of {name} writes {found[1]} again")
        scene.write_spec(name, {**spec, "nodes": [*(build_node(each, "master") for each in sorted(wanted)), *workers]})
    return found is not None


def _give_up(scene: Scene, vk8s: Manifest) -> bool:
    """Deletes a Vk8s whose etcd has lost its quorum with members that no hook has been shown; whether there is one."""
    uid, name = vk8s["metadata"]["uid"], vk8s["metadata"]["name"]
    members = [*scene.etcds[uid].members.values()] if uid in scene.etcds else []
    nodes = {node["name"] for node in scene.written[name]["nodes"]}
    # One that is to leave gets no pod if nobody knows that it is a member.
    there = {volume.replica for volume in scene.volumes.list_existing()}
    there -= {replica for node, replica in members if node not in nodes} - scene.volumes.members
    unseen = [replica for _, replica in members if replica not in there | scene.volumes.members]
    left = sum(replica in there for _, replica in members)
    is_lost = left <= len(members) // 2 < left + len(unseen) and vk8s["status"]["phase"] not in ("Running", "Paused")
    if is_lost:
        scene.tell(f"Vk8s {name} has lost members that no hook has seen, and is deleted")
        scene.api.drop((VK8S, name))
    return is_lost


def _face_losses(scene: Scene, vk8s: Manifest, missing: set[str]) -> bool:
    uid = vk8s["metadata"]["uid"]
    former = [(node, volume) for node, volume in sorted(scene.volumes.last.items()) if node[0] == uid]
    usable = [(node, volume) for node, volume in former if not volume.is_gone and volume.key not in scene.dismissed]
    there = [(node, volume) for node, volume in usable if volume.uids & missing]
    retained = [(node, volume) for node, volume in there if is_missing(scene, node)]
    for node, volume in retained:
        bind(scene, node, volume)
    lost = missing - {each for _, volume in retained for each in volume.uids} - scene.volumes.accepted.get(uid, set())
    if lost:
        accept(scene, vk8s, sorted(missing))
    return bool(lost or retained)


def resume_all(scene: Scene) -> None:
    """Ends every pause."""
    for vk8s in scene.list_vk8s():
        name = vk8s["metadata"]["name"]
        if not is_terminating(vk8s):
            scene.change((VK8S, name), lambda old: with_metadata(old, annotations={}))
            spec = scene.written[name]
            scene.write_spec(name, {key: value for key, value in spec.items() if key != "paused"})
    scene.tell("everything is resumed")


def list_pools(scene: Scene) -> list[str]:
    """Pools, by name."""
    return sorted(scene.api.kinds[POOL].now)
