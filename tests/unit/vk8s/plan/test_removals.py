"""The removal of workers: a Job drains them, then their objects go, and their names are free again."""

import re
from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, JOB, POD, group_key
from hooks.vk8s.plan.removals import LEAVING
from hooks.vk8s.spec.state_note import StateNote
from testbed.metacontroller.merge import merge_update
from tests.unit.vk8s.plan.test_state import note_of, noted_world, with_note, without_node
from tests.world import IMAGE, World, condition, names, node, running_world, spec

BOTH = [node("m", "master"), node("w", "worker")]
MASTER = [node("m", "master")]
DONE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {"conditions": [{"type": "Failed", "status": "True"}]}
MOVING = {"active": 1, "ready": 1}
OF_WORKER = {"Pod/w", "PersistentVolumeClaim/w-state", "Job/w-leave"}


def with_nodes(world: World, nodes: list[Manifest], **fields: Any) -> World:
    """The world in which the owner has written other nodes."""
    return replace(world, spec=spec(nodes=nodes, **fields))


def leaving_world(**fields: Any) -> World:
    """The worker is removed from the spec, and its Job exists."""
    return with_nodes(running_world(**fields), MASTER).step()


def with_job(world: World, status: Manifest, **annotations: str) -> World:
    """The world in which the Job has that status."""
    job = world.children[JOB]["w-leave"]
    metadata = {**job["metadata"], "annotations": {**job["metadata"]["annotations"], **annotations}}
    return world.with_child(JOB, "w-leave", {**job, "metadata": metadata, "status": status})


def with_master_image(world: World, image: str) -> World:
    """The world in which the control-plane pod has that image."""
    master = world.children[POD]["m"]
    container = {**master["spec"]["containers"][0], "image": image}
    return world.with_child(POD, "m", {**master, "spec": {**master["spec"], "containers": [container]}})


def of_worker(world: World) -> set[str]:
    """What the next answer has of the worker."""
    return OF_WORKER & set(names(world.sync()))


def leaving(world: World) -> str:
    """What status says of the worker on its way out."""
    answer = world.sync()
    entry = next(entry for entry in answer.status["nodes"] if entry["name"] == "w")
    assert (entry["ready"], entry["reason"]) == (False, "Leaving")
    message: str = condition(answer, "Ready")["message"]
    return re.split("w (?:is being|will be) removed", message)[1]


def read_env(world: World) -> dict[str, str]:
    """Environment of the Job's container in the next answer."""
    job = next(child for child in world.sync().children if child["kind"] == "Job")
    return {entry["name"]: entry["value"] for entry in job["spec"]["template"]["spec"]["containers"][0]["env"]}


def test_removed_worker_is_drained_before_its_claim_goes() -> None:
    world = with_nodes(running_world(), MASTER)
    others = set(names(running_world().sync())) - OF_WORKER
    stages = []
    for status in (None, {"active": 1}, MOVING, DONE, DONE):
        stages.append(of_worker(world))
        assert set(names(world.sync())) - OF_WORKER == others
        world = world.step()
        if status and JOB in world.children:
            world = with_job(world, status)
    assert stages == [OF_WORKER, OF_WORKER, OF_WORKER, OF_WORKER, {"Job/w-leave"}]
    assert of_worker(world) == set()
    world = world.step()
    assert world.sync().status["phase"] == "Running"
    assert [entry["name"] for entry in world.sync().status["nodes"]] == ["m"]


def test_claim_without_a_pod_leaves_too() -> None:
    world = leaving_world().with_child(POD, "w", None).with_child(JOB, "w-leave", None)
    assert of_worker(world) == {"PersistentVolumeClaim/w-state", "Job/w-leave"}
    assert of_worker(with_job(world.step(), DONE)) == {"Job/w-leave"}


def test_node_without_a_claim_leaves_too() -> None:
    world = running_world(spec=spec(storage={"ephemeral": True}))
    world = with_nodes(world, MASTER, storage={"ephemeral": True}).step()
    assert of_worker(world) == {"Pod/w", "Job/w-leave"}
    assert of_worker(with_job(world, DONE)) == {"Job/w-leave"}


def test_name_is_free_again_when_pod_claim_and_job_are_gone() -> None:
    world = with_nodes(with_job(leaving_world(), MOVING), BOTH)
    assert of_worker(world) == OF_WORKER
    assert leaving(world) == ": its pods are being moved to other nodes."
    assert world.sync().status["readyNodes"] == "1/2"
    world = with_job(world, DONE)
    assert of_worker(world) == {"Job/w-leave"}
    world = world.step()
    assert of_worker(world) == set()
    world = world.step()
    assert of_worker(world) == {"PersistentVolumeClaim/w-state"}
    assert of_worker(world.step()) == {"PersistentVolumeClaim/w-state", "Pod/w"}


def test_job_is_not_about_what_is_created_later_under_the_same_name() -> None:
    world = with_job(with_nodes(leaving_world(), BOTH), DONE)
    for kind, name in ((POD, "w"), (CLAIM, "w-state")):
        created = world.with_child(kind, name, running_world().children[kind][name])
        world = created.with_metadata(kind, name, uid=f"later-{name}")
    assert of_worker(world) == {"Pod/w", "PersistentVolumeClaim/w-state"}
    assert world.sync().status["readyNodes"] == "2/2"
    again = with_nodes(world, MASTER)
    assert of_worker(again) == {"Pod/w", "PersistentVolumeClaim/w-state"}
    assert of_worker(again.step()) == OF_WORKER


def test_job_at_work_is_kept_when_pod_and_claim_are_gone_by_hand() -> None:
    world = leaving_world().with_child(POD, "w", None).with_child(CLAIM, "w-state", None)
    assert of_worker(world) == {"Job/w-leave"}
    assert of_worker(with_job(world, DONE).step()) == set()


@pytest.mark.parametrize(
    "world",
    [
        pytest.param(with_note(without_node(leaving_world(), "w"), StateNote({"m": "uid-of-m-state"})), id="its Job"),
        pytest.param(with_nodes(without_node(noted_world(), "w"), MASTER), id="the note"),
    ],
)
def test_role_of_a_removed_worker_is_shown_if_only_that_is_left(world: World) -> None:
    (entry,) = (entry for entry in world.sync().status["nodes"] if entry["name"] == "w")
    assert entry["role"] == "worker"


def test_pause_begins_no_leave_and_ends_none() -> None:
    world = with_nodes(running_world(), MASTER, paused=True)
    assert of_worker(world) == {"PersistentVolumeClaim/w-state"}
    assert leaving(world) == " when the virtual cluster is resumed."
    begun = replace(with_job(leaving_world(), MOVING), spec=spec(nodes=MASTER, paused=True))
    assert of_worker(begun) == {"PersistentVolumeClaim/w-state", "Job/w-leave"}
    assert leaving(begun) == " when the virtual cluster is resumed."
    assert of_worker(with_job(begun, FAILED)) == {"PersistentVolumeClaim/w-state", "Job/w-leave"}
    assert of_worker(with_job(begun, DONE)) == {"Job/w-leave"}


def test_force_remove_makes_another_job_of_one_at_work() -> None:
    world = replace(with_job(leaving_world(), MOVING), annotations={"vk8s.sktelecom.com/force-remove": "w"})
    assert of_worker(world) == OF_WORKER - {"Job/w-leave"}
    assert read_env(world.step())["FORCE"] == "true"


def test_failed_job_and_job_of_an_old_image_are_recreated() -> None:
    assert of_worker(with_job(leaving_world(), FAILED)) == OF_WORKER - {"Job/w-leave"}
    assert of_worker(with_master_image(leaving_world(), f"{IMAGE}-next")) == OF_WORKER - {"Job/w-leave"}


def test_status_says_what_a_removal_waits_for() -> None:
    world = with_nodes(running_world(), MASTER)
    assert leaving(world) == ": Job w-leave is being created."
    lost = world.with_child("Secret.v1", "demo-kubeconfig", None)
    assert leaving(lost) == ": waits for Secret demo-kubeconfig."
    assert of_worker(lost) == OF_WORKER - {"Job/w-leave"}
    held = with_job(leaving_world(), {"active": 1, "ready": 0})
    assert leaving(held).endswith("a PodDisruptionBudget may block them: kubectl logs -n team-a job/w-leave.")
    unready = leaving_world().with_pod_status("m", {"phase": "Running"})
    assert leaving(unready) == ": waits for the API server of the virtual cluster."
    assert leaving(leaving_world().with_child(POD, "m", None)) == leaving(unready)
    going = leaving_world().with_deleted(JOB, "w-leave", "example.com/hold")
    assert leaving(going) == ": waits until Job w-leave is gone, held by its finalizers example.com/hold."
    assert of_worker(going) == OF_WORKER
    done = with_job(leaving_world(), DONE).with_deleted(CLAIM, "w-state", "kubernetes.io/pvc-protection")
    assert leaving(done.with_child(POD, "w", None)) == (
        ": waits until these are gone: PersistentVolumeClaim w-state, "
        "held by its finalizers kubernetes.io/pvc-protection."
    )
    last = done.with_child(POD, "w", None).with_child(CLAIM, "w-state", None)
    assert leaving(last) == ": waits until these are gone: Job w-leave."


@pytest.mark.parametrize(
    ("nodes", "problem"),
    [
        (
            [node("other", "master"), node("w", "worker")],
            "spec.nodes: write m again: no other control-plane node has the data",
        ),
        ([node("w", "master"), node("m", "worker")], "spec.nodes: w was created with role worker"),
    ],
    ids=["another control-plane node", "roles exchanged"],
)
def test_node_keeps_its_role(nodes: list[Manifest], problem: str) -> None:
    world = running_world()
    answer = with_nodes(world, nodes).sync()
    assert problem in condition(answer, "Accepted")["message"]
    assert names(answer) == names(world.sync())


def test_removal_is_recorded_next_to_other_annotations() -> None:
    before, after = (
        next(child for child in world.sync().children if child["kind"] == "Pod" and child["metadata"]["name"] == "w")
        for world in (running_world(), leaving_world())
    )
    assert before["metadata"]["annotations"]
    assert after["metadata"]["annotations"] == {**before["metadata"]["annotations"], LEAVING: "true"}


def test_removal_goes_on_though_its_job_is_gone_and_its_name_wanted() -> None:
    world = leaving_world()
    answered = {(group_key(child), child["metadata"]["name"]): child for child in world.sync().children}
    # Existing objects are annotated in place, as Metacontroller would do it.
    for kind, name in ((POD, "w"), (CLAIM, "w-state")):
        world = world.with_child(kind, name, merge_update(world.children[kind][name], answered[kind, name]))
    again = with_nodes(world, BOTH).with_child(JOB, "w-leave", None)
    assert of_worker(again) == OF_WORKER
    assert leaving(again) == ": Job w-leave is being created."


def test_job_whose_script_is_gone_is_recreated() -> None:
    world = leaving_world()
    scripts = next(name for name in world.children["ConfigMap.v1"] if "bootstrap" in name)
    assert of_worker(world.with_child("ConfigMap.v1", scripts, None)) == OF_WORKER - {"Job/w-leave"}


def test_job_is_recreated_for_a_worker_that_only_the_note_knows() -> None:
    world = with_nodes(running_world().step(), MASTER).step().with_child(POD, "w", None)
    world = world.with_child(CLAIM, "w-state", None)
    assert of_worker(world) == {"Job/w-leave"}
    assert of_worker(with_master_image(world, f"{IMAGE}-next")) == set()


@pytest.mark.parametrize(("kind", "name"), [(POD, "m"), (CLAIM, "m-state")])
def test_control_plane_that_somebody_marks_stays(kind: str, name: str) -> None:
    world = running_world()
    marked = world.with_annotations(kind, name, {LEAVING: "true"})
    assert names(marked.sync()) == names(world.sync())
    assert marked.sync().status["phase"] == "Running"


def test_record_of_a_removed_worker_goes_before_its_job() -> None:
    world = replace(noted_world(), spec={"nodes": [node("m", "master")]}).step()
    job = world.children["Job.batch/v1"]["w-leave"]
    done = {**job, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    left = without_node(world.with_child("Job.batch/v1", "w-leave", done), "w")
    assert "Job/w-leave" in names(left.sync())
    assert note_of(left) == StateNote({"m": "uid-of-m-state"})
    assert "Job/w-leave" not in names(with_note(left, note_of(left)).sync())


def test_removed_worker_without_pod_and_claim_gets_a_job() -> None:
    world = replace(without_node(noted_world(), "w"), spec={"nodes": [node("m", "master")]})
    assert "Job/w-leave" in names(world.sync())
