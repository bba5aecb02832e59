"""The pods of the nodes: what they wait for, and that a pause deletes them and nothing else."""

from dataclasses import replace

import pytest

from tests.world import World, condition, names, running_world, spec


@pytest.mark.parametrize(
    ("kind", "name", "missing_pods"),
    [
        ("ConfigMap.v1", World().boot_files, ["m", "w"]),
        ("Secret.v1", "demo-join", ["w"]),
        ("PersistentVolumeClaim.v1", "m-state", ["m"]),
        ("PersistentVolumeClaim.v1", "w-state", ["w"]),
    ],
)
@pytest.mark.parametrize("how", ["absent", "being deleted"])
def test_pod_waits_for_each_object_that_it_mounts(kind: str, name: str, missing_pods: list[str], how: str) -> None:
    world = World().steps(2)
    without = world.with_deleted(kind, name) if how == "being deleted" else world.with_child(kind, name, None)
    answer = without.sync()
    assert [pod for pod in ("m", "w") if f"Pod/{pod}" not in names(answer)] == missing_pods


def test_ephemeral_state_needs_no_claims() -> None:
    world = World(spec=spec(storage={"ephemeral": True, "size": "5Gi"})).steps(3)
    assert not world.children["PersistentVolumeClaim.v1"]
    volumes = world.children["Pod.v1"]["m"]["spec"]["volumes"]
    assert {"name": "state", "emptyDir": {"sizeLimit": "5Gi"}} in volumes


def test_lost_pod_is_recreated_and_nothing_else_changes() -> None:
    world = running_world()
    answer = world.with_child("Pod.v1", "m", None).sync()
    assert names(answer) == names(world.sync())
    assert answer.status["phase"] == "Restarting"


def test_terminating_pod_is_kept_until_it_is_gone() -> None:
    world = running_world()
    answer = world.with_deleted("Pod.v1", "w", "example.com/hold").sync()
    assert names(answer) == names(world.sync())
    assert "held by its finalizers example.com/hold" in condition(answer, "Ready")["message"]
    assert condition(answer, "ChildrenObserved")["reason"] == "Terminating"


PORT = {"name": "web", "port": 30000, "targetPort": 30000}
ACCESS = {"accessPodImage": "x", "accessPodPort": 30006, "ports": [PORT]}


def paused(world: World, how: str) -> World:
    if how == "field":
        return replace(world, spec={**world.spec, "paused": True})
    return replace(world, annotations={"vk8s-resource-stopped": "" if how == "annotation" else "false"})


@pytest.mark.parametrize("how", ["field", "annotation", "annotation that says false"])
def test_pause_deletes_all_pods_and_nothing_else(how: str) -> None:
    world = running_world(spec=spec(**ACCESS)).step()
    answer = paused(world, how).sync()
    gone = set(names(world.sync())) - set(names(answer))
    assert gone == {"Pod/m", "Pod/w", "Pod/demo-access-pod"}
    assert answer.status["phase"] == "Paused"


def test_resume_recreates_the_pods_from_what_was_kept() -> None:
    before = running_world(spec=spec(**ACCESS)).step()
    stopped = paused(before, "field").steps(2)
    resumed = replace(stopped, spec=before.spec).steps(2).with_ready_pods().step()
    assert names(resumed.sync()) == names(before.sync())
    for kind in ("Secret.v1", "PersistentVolumeClaim.v1", "Service.v1"):
        assert resumed.children[kind] == before.children[kind]


def test_new_cluster_that_is_paused_has_all_but_pods() -> None:
    world = paused(World(spec=spec(**ACCESS)), "field").steps(4)
    assert not world.children["Pod.v1"]
    assert {"m-state", "w-state"} == set(world.children["PersistentVolumeClaim.v1"])
