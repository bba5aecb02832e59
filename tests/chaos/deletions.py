"""The end of what is deleted: kubelets stop pods, claims stay while they are in use, and orphans are collected."""

from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.ippool.request import VK8S
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, JOB, POD
from hooks.vk8s.observed.kinds import CHILD_KINDS
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.chaos.scene import Scene
from tests.simulation.answers import list_references
from tests.simulation.host_api import find_owner
from tests.simulation.kinds import Key


def finish_deletions(scene: Scene) -> None:
    """Pods have stopped, claims that no pod uses are gone, and so is what belonged to something that is gone."""
    _collect_garbage(scene)
    for kind in (POD, *(each for each in CHILD_KINDS if each != POD), ALLOCATION):
        for name, obj in scene.api.list_all(kind).items():
            if is_terminating(obj) and not obj["metadata"].get("finalizers") and _may_end(scene, (kind, name), obj):
                scene.api.remove((kind, name))
    _finish_foreground(scene)
    scene.volumes.sweep()


def _may_end(scene: Scene, key: Key, obj: Manifest) -> bool:
    if key[0] == POD:
        return obj["spec"].get("nodeName") not in scene.lost_hosts
    # Whatever phase a pod has: as long as there is one that was given to a host, its claims stay.
    pods = [pod for pod in scene.api.kinds[POD].now.values() if "nodeName" in pod["spec"]] if key[0] == CLAIM else ()
    return not any(key in list_references(pod) for pod in pods)


def _collect_garbage(scene: Scene) -> None:
    parents = {each["metadata"]["uid"] for kind in (VK8S, POOL, JOB) for each in scene.api.kinds[kind].now.values()}
    for kind in (*CHILD_KINDS, ALLOCATION):
        for name, obj in scene.api.list_all(kind).items():
            if find_owner(obj) not in {None, *parents}:
                scene.api.drop((kind, name))


def _finish_foreground(scene: Scene) -> None:
    """Of what is deleted with all that it owns, the children go first."""
    for vk8s in scene.list_vk8s():
        finalizers = vk8s["metadata"].get("finalizers", [])
        if "foregroundDeletion" not in finalizers:
            continue
        children = list(scene.list_children(vk8s["metadata"]["uid"]))
        for key, _ in children:
            scene.api.drop(key)
        rest = [each for each in finalizers if each != "foregroundDeletion"]
        key = (VK8S, vk8s["metadata"]["name"])
        if not children and rest:
            scene.api.edit(key, lambda old, rest=rest: with_metadata(old, finalizers=rest))  # type: ignore[misc]
        elif not children:
            scene.api.remove(key)
