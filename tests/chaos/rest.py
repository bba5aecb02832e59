"""How a history ends: everything comes to rest, as its owner wants it, and then stays still."""

from datetime import timedelta
from typing import Final

from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S
from hooks.kubernetes.labels import NODE
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, JOB, POD, SECRET, is_ready
from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.vk8s.spec.naming import access_pod_names
from testbed.metacontroller.objects import is_terminating
from tests.chaos import physics, quorums
from tests.chaos.members import get_etcd
from tests.chaos.repair import face_losses, repair, resume_all
from tests.chaos.scene import Scene
from tests.simulation.answers import is_paused
from tests.simulation.hooks import Call, ViolationError
from tests.simulation.host_api import find_owner
from tests.simulation.reasons import is_outdated
from tests.simulation.removals import has_condition
from tests.world import World

CONVERGES: Final = "everything converges after the repair"
STILL: Final = "a still world stays still"
MOST_ROUNDS: Final = 40
# More than a pod that has failed is left alone for.
ROUND: Final = timedelta(seconds=31)


def end(scene: Scene) -> None:
    """Fails where a history does not end well."""
    repair(scene)
    come_to_rest(scene)
    while face_losses(scene):
        come_to_rest(scene)
    vk8s = scene.list_vk8s()
    if any(is_paused(scene.look(each)) for each in vk8s):
        for each in vk8s:
            if is_paused(scene.look(each)):
                _check_paused(scene, each)
        resume_all(scene)
        come_to_rest(scene)
    _check_gone(scene)
    for each in scene.list_vk8s():
        _check_complete(scene, each)
    check_still(scene)


def come_to_rest(scene: Scene) -> None:
    """Rounds of syncs and what follows from them, until one changes nothing."""
    for _ in range(MOST_ROUNDS):
        version = scene.api.version
        scene.api.pass_time(ROUND)
        _sync_all(scene)
        physics.go_on(scene)
        quorums.serve(scene)
        if scene.api.version == version:
            return
    raise ViolationError(CONVERGES, f"no rest in {MOST_ROUNDS} rounds")


def check_still(scene: Scene) -> None:
    """Fails where the same question, a second later, is answered otherwise, or leads to any write."""
    version, idle = scene.api.version, scene.controller.idle
    answers = [_ask_all(scene) for _ in range(2)]
    if answers[0] != answers[1]:
        raise ViolationError(STILL, "the same question has two answers")
    if scene.api.version != version or scene.controller.idle != idle:
        raise ViolationError(STILL, "something is written although nothing has changed")


def _ask_all(scene: Scene) -> list[str]:
    scene.api.pass_time(timedelta(seconds=1))
    calls = _sync_all(scene)
    return [call.answer.model_dump_json(by_alias=True, exclude={"resync_after_seconds"}) for call in calls]


def _sync_all(scene: Scene) -> list[Call]:
    scene.api.catch_up()
    parents = [(kind, name) for kind in (POOL, VK8S) for name in sorted(scene.api.kinds[kind].now)]
    return [call for parent in parents if (call := scene.sync(*parent))]


def _check_paused(scene: Scene, vk8s: Manifest) -> None:
    pods = scene.look(vk8s).children[POD]
    if vk8s["status"].get("phase") not in ("Paused", "Terminating") or pods:
        raise ViolationError(CONVERGES, f"{vk8s['metadata']['name']} is not paused: {sorted(pods)}")


def _check_gone(scene: Scene) -> None:
    """Fails where a Vk8s that was deleted is still there, or anything of one that is gone."""
    left = [each["metadata"]["name"] for each in scene.list_vk8s() if is_terminating(each)]
    owners = {each["metadata"]["uid"] for each in scene.list_vk8s()}
    own = [(kind, name, find_owner(obj)) for kind in CHILD_KINDS for name, obj in scene.api.list_all(kind).items()]
    jobs = {job["metadata"]["uid"] for job in scene.api.kinds[JOB].now.values()}
    lost = [f"{kind} {name}" for kind, name, owner in own if owner not in {None, *owners, *jobs}]
    if left or lost:
        raise ViolationError(CONVERGES, f"what was deleted is still there: {', '.join([*left, *lost])}")


def _check_complete(scene: Scene, vk8s: Manifest) -> None:
    """Fails where a node is not as it is wanted, or anything is left of one that is not wanted."""
    world, name, uid = scene.look(vk8s), vk8s["metadata"]["name"], vk8s["metadata"]["uid"]
    nodes = {node["name"]: node for node in world.spec["nodes"]}
    pods = {each: pod for each, pod in world.children[POD].items() if NODE in pod["metadata"]["labels"]}
    claims = set() if world.spec.get("storage", {}).get("ephemeral") else {f"{each}-state" for each in nodes}
    jobs = [each for each, job in world.children[JOB].items() if not _is_installed(each, name, job)]
    conditions = {each["type"]: each["status"] for each in vk8s["status"]["conditions"]}
    faults = [
        *([f"its phase is {vk8s['status']['phase']}"] if vk8s["status"]["phase"] != "Running" else []),
        *([f"it has pods {sorted(pods)}"] if pods.keys() != nodes.keys() else []),
        *(
            f"{each} is outdated"
            for each, pod in pods.items()
            if each in nodes and is_outdated(world, pod, nodes[each])
        ),
        *([f"it has claims {sorted(world.children[CLAIM])}"] if set(world.children[CLAIM]) != claims else []),
        *(f"it has Job {each}" for each in jobs),
        *(f"{node} was asked to leave" for owner, node in scene.told if owner == uid),
        *(f"{each} is not True" for each in ("Accepted", "ChildrenObserved") if conditions.get(each) != "True"),
        *_list_access_faults(world, conditions),
        *_list_mixed(world.children[SECRET], name),
        *_list_foreign_members(scene, world),
    ]
    if faults:
        raise ViolationError(CONVERGES, f"{name}: {'; '.join(faults)}")


def _list_access_faults(world: World, conditions: dict[str, str]) -> list[str]:
    """Whether the access pod that is wanted is Ready, and said to be."""
    pods = [world.children[POD][name] for name in access_pod_names(world.name) if name in world.children[POD]]
    pod = pods[0] if len(pods) == 1 else None
    is_wanted, is_there = "accessPodImage" in world.spec, pod is not None and is_ready(pod)
    is_right = is_wanted == is_there and (not is_wanted or conditions.get("AccessReady") == "True")
    return [] if is_right else [f"its access pod is {'there' if pods else 'missing'}, not Ready or not wanted"]


def _list_foreign_members(scene: Scene, world: World) -> list[str]:
    """Members of etcd that are no control-plane nodes of the spec, and the other way round."""
    masters = {node["name"] for node in world.spec["nodes"] if node["role"] == "master"}
    wrong = masters ^ get_etcd(scene, world.uid).nodes if scene.has_members else set()
    return [f"{', '.join(sorted(wrong))} should be a member of etcd, or none"] if wrong else []


def _is_installed(job_name: str, vk8s: str, job: Manifest) -> bool:
    return job_name == f"{vk8s}-kubeflow" and has_condition(job, "Complete")


def _list_mixed(secrets: dict[str, Manifest], name: str) -> list[str]:
    """Secrets that are not made with the CA that there is."""
    files = [secrets.get(f"{name}-{each}", {}).get("data", {}).get("ca.crt") for each in ("pki", "join")]
    return [] if files[0] and files[0] == files[1] else ["pki and join are of two CAs"]
