"""Which access pods are replaced, and that they wait for nobody. What a user sees is in test_replacements.py."""

from dataclasses import replace
from datetime import timedelta

from hooks.vk8s.observed.children import POD
from tests.world import CONTEXT, NOW, World, names, running_world

ACCESS = {"accessPodImage": "registry.example.com/vk8s/access:v1.34.4"}
POD_NAME = "demo-access-pod"


def access_world() -> World:
    world = running_world()
    return replace(world, spec={**world.spec, **ACCESS}).steps(3).with_ready_pods().step()


def is_kept(world: World) -> bool:
    assert POD_NAME in world.children[POD]
    return f"Pod/{POD_NAME}" in names(world.sync())


def test_access_pod_goes_with_another_image_while_nodes_are_away() -> None:
    world = access_world().with_pod_status("w", {"phase": "Running"})
    assert is_kept(world)
    assert not is_kept(replace(world, spec={**world.spec, "accessPodImage": "registry.example.com/other:1"}))


def test_access_pod_that_has_ended_is_replaced_after_a_while() -> None:
    world = access_world().with_pod_status(POD_NAME, {"phase": "Failed"})
    assert is_kept(world)
    later = replace(world, context=replace(CONTEXT, now=NOW + timedelta(seconds=30)))
    assert not is_kept(later)


def test_access_pod_that_is_being_deleted_is_left_alone() -> None:
    world = access_world().with_deleted(POD, POD_NAME)
    assert is_kept(replace(world, spec={**world.spec, "accessPodImage": "registry.example.com/other:1"}))
