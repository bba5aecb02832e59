"""What the owner of a Vk8s does. Each event finds its choices in what there is at that moment."""

from typing import Any, Final

from hooks.ippool.request import VK8S
from hooks.kubernetes.manifest import Manifest
from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.objects import with_metadata
from tests.chaos.edits import (
    SHARED,
    VK8S_NAMES,
    build_masters,
    build_node,
    describe_spec,
    edit,
    name_workers,
    pick_vk8s,
    without,
)
from tests.chaos.scene import Draw, Scene
from tests.properties.specs import FAULTS
from tests.simulation.answers import STOPPED
from tests.simulation.host_api import NAMESPACE
from tests.simulation.reasons import RESTART
from tests.simulation.removals import FORCE_REMOVE

LABELS: Final[tuple[Manifest, ...]] = (
    {},
    {"team": "blue"},
    {"team": "", "vk8s.sktelecom.com/role": "master", "controller-uid": "x"},
)


def create_vk8s(scene: Scene, draw: Draw) -> None:
    """Somebody creates a Vk8s, sometimes with a control-plane node that has the name of another's."""
    names = [name for name in VK8S_NAMES if scene.api.peek(VK8S, name) is None]
    if not names:
        return
    name = names[0] if draw.chance(0.6) else draw.pick(names)
    if scene.has_members:
        others = [build_node(each, "worker") for each in name_workers(name)[: draw.pick((0, 1, 1, 2))]]
        create(scene, name, {"nodes": [*build_masters(name, draw.pick((1, 3, 3, 3, 5))), *others]})
        return
    master = draw.pick(SHARED) if draw.chance(0.1) else f"{name}-m"
    workers = name_workers(name)[: draw.pick((0, 1, 2, 3))]
    spec: dict[str, Any] = {
        "nodes": [build_node(master, "master"), *(build_node(each, "worker") for each in workers)],
        **({"storage": {"ephemeral": True}} if draw.chance(0.3) else {}),
        **({"accessPodImage": "a", "accessPodPort": 30022 + VK8S_NAMES.index(name)} if draw.chance(0.4) else {}),
    }
    create(scene, name, spec)


def create(scene: Scene, name: str, spec: Manifest) -> None:
    """A new Vk8s."""
    identity = {"apiVersion": "vk8s.sktelecom.com/v1alpha1", "kind": "Vk8s"}
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {}, "annotations": {}}
    try:
        scene.api.make({**identity, "metadata": metadata, "spec": spec})
    except SyncError:
        return
    scene.written[name] = spec
    scene.tell(f"Vk8s {name} is created: {describe_spec(spec)}")


def delete_vk8s(scene: Scene, draw: Draw) -> None:
    """A Vk8s is deleted, with all that it owns first or after it."""
    vk8s = pick_vk8s(scene, draw)
    if vk8s is None:
        return
    name, finalizers = vk8s["metadata"]["name"], vk8s["metadata"].get("finalizers", [])
    if draw.chance(0.3):
        with_foreground = [*finalizers, "foregroundDeletion"]
        scene.change((VK8S, name), lambda old: with_metadata(old, finalizers=with_foreground))
    scene.api.drop((VK8S, name))
    scene.tell(f"Vk8s {name} is deleted")


def pause(scene: Scene, draw: Draw) -> None:
    """A virtual cluster is paused in one of the two ways."""
    if draw.chance(0.5):
        _annotate(scene, draw, STOPPED, "true")
    else:
        edit(scene, draw, lambda _, spec: {**spec, "paused": True})


def resume(scene: Scene, draw: Draw) -> None:
    """A virtual cluster is paused in neither way."""
    vk8s = pick_vk8s(scene, draw)
    if vk8s is not None:
        name = vk8s["metadata"]["name"]
        scene.annotate(name, STOPPED, None)
        scene.write_spec(name, without(scene.written[name], "paused"))
        scene.tell(f"{name} is resumed")


def ask_restart(scene: Scene, draw: Draw) -> None:
    """The owner asks for a restart, or removes the annotation that does."""
    _annotate(scene, draw, RESTART, draw.pick(("1", "2", "3", None)))


def force_remove(scene: Scene, draw: Draw) -> None:
    """Workers are to be removed without a drain, or with one again."""
    _annotate(scene, draw, FORCE_REMOVE, draw.pick(("true", None, "a-w1, w", "b-w1")))


def label(scene: Scene, draw: Draw) -> None:
    """Other labels of a Vk8s."""
    vk8s, labels = pick_vk8s(scene, draw), draw.pick(LABELS)
    if vk8s is not None:
        scene.change((VK8S, vk8s["metadata"]["name"]), lambda old: with_metadata(old, labels=labels))
        scene.tell(f"{vk8s['metadata']['name']} has labels {labels}")


def break_spec(scene: Scene, draw: Draw) -> None:
    """The spec is one that a rule newer than the object refuses, or none at all."""
    vk8s = pick_vk8s(scene, draw)
    if vk8s is not None:
        name = vk8s["metadata"]["name"]
        scene.write_spec(name, draw.pick(FAULTS)(scene.written[name]), is_broken=True)
        scene.tell(f"the spec of {name} is broken: {scene.api.kinds[VK8S].now[name]['spec']}")


def mend_spec(scene: Scene, draw: Draw) -> None:
    """The last spec that was not broken."""
    vk8s = pick_vk8s(scene, draw)
    if vk8s is not None and vk8s["spec"] != scene.written[vk8s["metadata"]["name"]]:
        scene.write_spec(vk8s["metadata"]["name"], scene.written[vk8s["metadata"]["name"]])
        scene.tell(f"the spec of {vk8s['metadata']['name']} is fixed")


def _annotate(scene: Scene, draw: Draw, name: str, value: str | None) -> None:
    vk8s = pick_vk8s(scene, draw)
    if vk8s is not None:
        scene.annotate(vk8s["metadata"]["name"], name, value)
        scene.tell(f"{vk8s['metadata']['name']} has annotation {name}: {value}")
