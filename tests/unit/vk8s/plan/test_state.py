"""Where the state of the nodes is: it is recorded, pods that need it stay, and lost volumes are never replaced."""

from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, CONFIG_MAP, POD, SECRET
from hooks.vk8s.spec.state_note import GENERATION, STATE, StateNote, parse_note
from tests.world import World, condition, get_child, names, node, running_world, spec

RESTART, ACCEPT = "vk8s.sktelecom.com/restart", "vk8s.sktelecom.com/accept-state-loss"

BOOT_FILES = "demo-bootstrap-"


def noted_world(**fields: Any) -> World:
    """A virtual cluster that is Running, whose note is observed."""
    return running_world(**fields).step()


def note_of(world: World) -> StateNote:
    """What the next answer notes."""
    pki = get_child(world.sync(), "demo-pki")
    note = parse_note(pki["metadata"].get("annotations", {}).get(STATE))
    return note or StateNote()


def with_note(world: World, note: StateNote) -> World:
    return world.with_annotations(SECRET, "demo-pki", {STATE: note.encode()})


def going(world: World, kind: str, name: str) -> World:
    """The world in which somebody has deleted that child, which something holds."""
    return world.with_deleted(kind, name, "example.com/hold")


def without_node(world: World, name: str) -> World:
    return world.with_child(POD, name, None).with_child(CLAIM, f"{name}-state", None)


def environment(world: World, name: str) -> dict[str, str]:
    """The variables of a pod that the next answer makes."""
    pod = next(each for each in world.sync().children if (each["kind"], each["metadata"]["name"]) == ("Pod", name))
    return {entry["name"]: entry.get("value", "") for entry in pod["spec"]["containers"][0]["env"]}


def boot_files(world: World) -> str:
    return next(name for name in world.children[CONFIG_MAP] if name.startswith(BOOT_FILES))


EDITS = {
    "an edit": {"spec": {"nodes": [node("m", "master", image="b"), node("w", "worker", image="b")]}},
    "a restart": {"annotations": {RESTART: "1"}},
    "a pause": {"spec": spec(paused=True)},
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
@pytest.mark.parametrize("pod", ["m", "w"])
def test_pod_whose_claim_is_being_deleted_stays_whatever_is_requested(edit: Manifest, pod: str) -> None:
    world = going(replace(noted_world(), **edit), CLAIM, f"{pod}-state")
    for _ in range(3):
        assert f"Pod/{pod}" in names(world.sync())
        world = world.step()
    problem = condition(world.sync(), "ChildrenObserved")
    assert (problem["status"], problem["reason"]) == ("False", "StateAtRisk")
    assert f"PersistentVolumeClaim {pod}-state is being deleted" in problem["message"]
    assert "example.com/hold" not in problem["message"]
    assert f"lasts only as long as pod {pod}" in problem["message"]


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_pod_whose_keys_or_files_are_being_deleted_stays(edit: Manifest) -> None:
    world = replace(noted_world(), **edit)
    for kind, name, pods in (
        (SECRET, "demo-pki", ["m"]),
        (SECRET, "demo-join", ["w"]),
        (CONFIG_MAP, boot_files(world), ["m", "w"]),
    ):
        answer = going(world, kind, name).sync()
        assert [pod for pod in pods if f"Pod/{pod}" in names(answer)] == pods
        problem = condition(answer, "ChildrenObserved")
        assert problem["reason"] == "StateAtRisk"
        assert "example.com/hold" in problem["message"]


@pytest.mark.parametrize("status", [{"phase": "Failed"}, {"phase": "Succeeded"}], ids=["Failed", "Succeeded"])
def test_pod_that_has_ended_stays_while_it_protects_its_claim(status: Manifest) -> None:
    world = going(noted_world().with_pod_status("m", status), CLAIM, "m-state")
    later = replace(world, context=replace(world.context, now=world.context.now.replace(year=2027)))
    assert "Pod/m" in names(later.sync())
    assert later.sync().status["phase"] == "Fail"


def test_worker_is_removed_while_its_claim_is_being_deleted() -> None:
    world = replace(going(noted_world(), CLAIM, "w-state"), spec={"nodes": [node("m", "master")]})
    assert "Job/w-leave" in names(world.sync())


def test_recreatable_objects_are_no_risk() -> None:
    world = noted_world().with_child(SECRET, "demo-join", None)
    assert condition(world.sync(), "ChildrenObserved")["reason"] == "BeingMade"


@pytest.mark.parametrize(("name", "phase"), [("m", "Fail"), ("w", "Degraded")])
def test_node_whose_claim_is_gone_gets_no_empty_one(name: str, phase: str) -> None:
    world = without_node(noted_world(), name)
    for _ in range(3):
        answer = world.sync()
        assert f"PersistentVolumeClaim/{name}-state" not in names(answer)
        assert f"Pod/{name}" not in names(answer)
        world = world.step()
    assert answer.status["phase"] == phase
    assert [each["reason"] for each in answer.status["nodes"] if each["name"] == name] == ["StateLost"]
    for kind in ("ChildrenObserved", "Ready"):
        problem = condition(answer, kind)
        assert (problem["status"], problem["reason"]) == ("False", "StateLost")
        assert f"{ACCEPT}=uid-of-{name}-state" in problem["message"]
        assert f"controller-uid={world.uid}" in problem["message"]


def test_lost_volume_is_shown_during_a_pause_too() -> None:
    world = replace(without_node(noted_world(), "m"), spec=spec(paused=True)).steps(2)
    assert world.sync().status["phase"] == "Fail"


def test_claim_that_its_owner_put_back_is_booted_from() -> None:
    lost = without_node(noted_world(), "m")
    claim = noted_world().children[CLAIM]["m-state"]
    back = lost.with_child(CLAIM, "m-state", {**claim, "metadata": {**claim["metadata"], "uid": "restored"}})
    assert "FOUND" not in environment(back, "m")
    assert note_of(back).claims["m"] == "restored", "what is given up from now on is this one"
    running = back.step().with_ready_pods()
    assert note_of(running).claims["m"] == "restored"
    assert running.sync().status["phase"] == "Running"


def test_empty_cluster_is_created_when_its_owner_names_the_claim() -> None:
    lost = without_node(noted_world(), "m")
    other = replace(lost, annotations={ACCEPT: "another"})
    assert "PersistentVolumeClaim/m-state" not in names(other.sync())
    accepted = replace(lost, annotations={ACCEPT: "another, uid-of-m-state"})
    assert "PersistentVolumeClaim/m-state" not in names(accepted.sync()), "not before that is recorded"
    note = note_of(accepted)
    assert note == StateNote({"w": "uid-of-w-state"}, generation=2)
    made = with_note(accepted, note)
    assert "PersistentVolumeClaim/m-state" in names(made.sync())
    variables = environment(made.step(), "m")
    assert (variables["FOUND"], variables["GENERATION"]) == ("true", "2")


def test_empty_replacement_claim_joins_the_new_cluster() -> None:
    lost = without_node(noted_world(), "m")
    claim = noted_world().children[CLAIM]["m-state"]
    back = lost.with_child(CLAIM, "m-state", {**claim, "metadata": {**claim["metadata"], "uid": "empty"}})
    accepted = replace(back, annotations={ACCEPT: "uid-of-m-state"})
    assert note_of(accepted) == StateNote({"w": "uid-of-w-state"}, generation=2)
    assert environment(with_note(accepted, note_of(accepted)), "m")["FOUND"] == "true"


def test_workers_follow_when_the_new_control_plane_is_ready() -> None:
    accepted = replace(without_node(noted_world(), "m"), annotations={ACCEPT: "uid-of-m-state"})
    made = with_note(accepted, note_of(accepted)).steps(2)
    assert "Pod/w" in names(made.sync())
    ready = made.with_ready_pods()
    assert "Pod/w" not in names(ready.sync())
    again = with_note(ready, note_of(ready)).step()
    assert environment(again, "w")["GENERATION"] == "2"
    pod = next(each for each in again.sync().children if each["metadata"]["name"] == "w" and each["kind"] == "Pod")
    assert pod["metadata"]["annotations"][GENERATION] == "2"


def test_worker_with_accepted_loss_starts_empty_in_its_generation() -> None:
    accepted = replace(without_node(noted_world(), "w"), annotations={ACCEPT: "uid-of-w-state"})
    assert note_of(accepted) == StateNote({"m": "uid-of-m-state"})
    made = with_note(accepted, note_of(accepted)).steps(2)
    assert {"PersistentVolumeClaim/w-state", "Pod/w"} <= set(names(made.sync()))


def test_pod_whose_loss_is_accepted_may_be_replaced_while_its_claim_goes() -> None:
    world = replace(going(noted_world(), CLAIM, "m-state"), annotations={ACCEPT: "uid-of-m-state", RESTART: "1"})
    assert "Pod/m" not in names(world.sync())
    assert note_of(world).generation == 1, "the pod has not gone yet"


def test_pod_that_outlived_its_claim_stays_without_an_empty_one() -> None:
    world = replace(noted_world().with_child(CLAIM, "m-state", None), annotations={RESTART: "1"})
    answer = world.sync()
    assert "Pod/m" in names(answer)
    assert "PersistentVolumeClaim/m-state" not in names(answer)
    assert "PersistentVolumeClaim m-state is gone" in condition(answer, "ChildrenObserved")["message"]
    assert note_of(world).claims["m"] == "uid-of-m-state"


def test_claim_of_a_node_that_was_never_ready_is_recreated() -> None:
    fresh = World().steps(3).with_child(CLAIM, "w-state", None)
    assert "PersistentVolumeClaim/w-state" in names(fresh.sync())
    started = {"containerStatuses": [{"name": "node", "state": {"running": {}}}]}
    assert "PersistentVolumeClaim/w-state" not in names(fresh.with_pod_status("w", started).sync())


def test_ready_node_whose_unrecorded_claim_is_gone_is_at_risk() -> None:
    answer = World().steps(3).with_ready_pods().with_child(CLAIM, "m-state", None).sync()
    assert answer.status["phase"] == "Degraded"
    assert "PersistentVolumeClaim m-state is gone" in condition(answer, "ChildrenObserved")["message"]


def test_pod_stays_when_another_claim_has_its_name() -> None:
    world = noted_world().with_metadata(CLAIM, "m-state", uid="other", creationTimestamp="2026-01-02T04:00:00Z")
    for noted in (world, with_note(world, StateNote())):
        restarted = replace(noted, annotations={RESTART: "1"})
        for _ in range(3):
            answer = restarted.sync()
            assert "Pod/m" in names(answer)
            restarted = restarted.step()
        assert answer.status["phase"] == "Degraded"
        sentence = "PersistentVolumeClaim m-state is gone, and the claim that has its name now is another one"
        assert sentence in condition(answer, "ChildrenObserved")["message"]


UNSCHEDULED = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False"}]}
CRASHED = {"containerStatuses": [{"name": "node", "state": {"waiting": {}}, "restartCount": 2}]}


def test_unscheduled_pod_protects_no_claim() -> None:
    world = noted_world().with_child(CLAIM, "m-state", None).with_pod_status("m", UNSCHEDULED)
    answer = world.sync()
    assert "Pod/m" not in names(answer)
    assert condition(answer, "ChildrenObserved")["reason"] == "StateLost"
    gone = replace(world.step(), annotations={ACCEPT: "uid-of-m-state"}).steps(2)
    assert "PersistentVolumeClaim/m-state" in names(gone.sync())


def test_pod_without_its_volume_goes_when_that_is_given_up() -> None:
    world = noted_world().with_child(CLAIM, "m-state", None).with_pod_status("m", CRASHED)
    assert "Pod/m" in names(world.sync())
    assert "Pod/m" not in names(replace(world, annotations={ACCEPT: "uid-of-m-state"}).sync())
