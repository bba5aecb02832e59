"""Pause: no pods, everything else stays, and all comes back."""

from dataclasses import replace

import pytest

from tests.world import World, condition, names, running_world, spec

PORT = {"name": "web", "port": 30000, "targetPort": 30000}
ACCESS = {"accessPodImage": "x", "accessPodPort": 30006, "ports": [PORT]}


def paused(world: World, how: str) -> World:
    if how == "field":
        return replace(world, spec={**world.spec, "paused": True})
    return replace(world, annotations={"vk8s-resource-stopped": "" if how == "annotation" else "false"})


@pytest.mark.parametrize("how", ["field", "annotation", "annotation that says false"])
def test_a_pause_takes_all_pods_and_nothing_else(how: str) -> None:
    world = running_world(spec=spec(**ACCESS)).step()
    answer = paused(world, how).sync()
    gone = set(names(world.sync())) - set(names(answer))
    assert gone == {"Pod/m", "Pod/w", "Pod/demo-access-pod"}
    assert answer.status["phase"] == "Paused"


def test_status_says_that_it_is_paused_and_that_nothing_is_missing() -> None:
    answer = paused(running_world(spec=spec(**ACCESS)), "field").step().sync()
    assert answer.status["nodes"][0]["reason"] == "Paused"
    assert answer.status["readyNodes"] == "0/2"
    assert condition(answer, "Ready")["message"] == "0 of 2 nodes are Ready: m is paused; w is paused."
    assert condition(answer, "AccessReady")["reason"] == "Paused"
    assert condition(answer, "ChildrenObserved")["reason"] == "AllObserved"


def test_a_resume_makes_the_pods_again_from_what_was_kept() -> None:
    before = running_world(spec=spec(**ACCESS)).step()
    stopped = paused(before, "field").steps(2)
    resumed = replace(stopped, spec=before.spec).steps(2).with_ready_pods().step()
    assert names(resumed.sync()) == names(before.sync())
    for kind in ("Secret.v1", "PersistentVolumeClaim.v1", "Service.v1"):
        assert resumed.children[kind] == before.children[kind]


def test_a_cluster_that_is_paused_before_it_ever_ran_has_all_but_pods() -> None:
    world = paused(World(spec=spec(**ACCESS)), "field").steps(4)
    assert not world.children["Pod.v1"]
    assert {"m-state", "w-state"} == set(world.children["PersistentVolumeClaim.v1"])


def test_no_boot_files_are_retired_while_it_is_paused() -> None:
    world = running_world()
    old = {**next(iter(world.children["ConfigMap.v1"].values()))}
    old = {**old, "metadata": {**old["metadata"], "name": "demo-bootstrap-old"}}
    assert "ConfigMap/demo-bootstrap-old" in names(
        paused(world.with_child("ConfigMap.v1", "demo-bootstrap-old", old), "field").sync()
    )
