"""Workers whose volumes are out of reach start empty when their owner says so, and never otherwise."""

from dataclasses import replace

import pytest

from hooks.vk8s.observed.children import CLAIM, POD, SECRET
from tests.lost_hosts import place, silent_status, unscheduled_status
from tests.world import World, condition, names, node, ready_status, running_world, spec

ACCEPT = "vk8s.sktelecom.com/accept-state-loss"
ACCEPTED = {ACCEPT: "uid-of-w-state/uid-of-w"}
TAINTED = "0/1 nodes are available: 1 node(s) had untolerated taint {gpu: }."
DELETED = {"deletionTimestamp": "2026-01-02T03:04:00Z"}
WORLD = running_world()


def list_left_out(world: World, **annotations: str) -> set[str]:
    """Pods and claims of nodes that the answer does not have."""
    annotated = replace(world, annotations={**ACCEPTED, **annotations})
    return {"Pod/m", "Pod/w", "PersistentVolumeClaim/m-state", "PersistentVolumeClaim/w-state"} - {
        *names(annotated.sync())
    }


GONE = {"Pod/w", "PersistentVolumeClaim/w-state"}
UNSCHEDULED = WORLD.with_pod_status("w", unscheduled_status())
LOST = place(WORLD, "w", "host-2", silent_status(), **DELETED)


@pytest.mark.parametrize("world", [UNSCHEDULED, LOST], ids=["the scheduler says so", "deleted on a silent host"])
def test_claim_and_pod_that_are_given_up_go_together(world: World) -> None:
    assert list_left_out(world) == GONE


@pytest.mark.parametrize(
    "message",
    [
        "0/2 nodes are available: 2 node(s) had volume node affinity conflict.",
        "didn't match PersistentVolume's node affinity",
    ],
)
def test_schedulers_of_all_versions_are_understood(message: str) -> None:
    assert list_left_out(WORLD.with_pod_status("w", unscheduled_status(message))) == GONE


@pytest.mark.parametrize(
    "world",
    [
        WORLD,
        WORLD.with_pod_status("w", {"phase": "Pending"}),
        WORLD.with_pod_status("w", unscheduled_status(TAINTED)),
        place(WORLD, "w", "host-2", silent_status()),
        place(WORLD, "w", "host-2", ready_status(), **DELETED),
        WORLD.with_child(POD, "w", None),
        WORLD.with_child(CLAIM, "w-state", {**WORLD.children[CLAIM]["w-state"], "metadata": {
            **WORLD.children[CLAIM]["w-state"]["metadata"], **DELETED}}),
    ],
    ids=[
        "it runs",
        "it is new",
        "it waits for a host with room",
        "its host has been silent for less than five minutes",
        "it is being deleted",
        "it has no pod",
        "its claim is being deleted already",
    ],
)  # fmt: skip
def test_volume_that_may_be_used_is_kept_whatever_is_given_up(world: World) -> None:
    assert list_left_out(world) <= {"Pod/w"} - set(world.children[POD])


def begin_deletion(world: World, kind: str, name: str) -> World:
    """The world in which somebody has deleted a child, and something still holds it."""
    child = world.children[kind][name]
    return world.with_child(kind, name, {**child, "metadata": {**child["metadata"], **DELETED}})


@pytest.mark.parametrize("world", [UNSCHEDULED, LOST], ids=["the scheduler says so", "deleted on a silent host"])
def test_claim_and_pod_stay_while_the_next_pod_could_not_start(world: World) -> None:
    assert list_left_out(begin_deletion(world, SECRET, "demo-join")) == set()
    assert list_left_out(world.with_child(SECRET, "demo-join", None)) == set()


def test_pod_that_may_be_on_another_volume_keeps_it() -> None:
    newer = {"creationTimestamp": "2026-01-02T03:30:00Z"}
    claim = WORLD.children[CLAIM]["w-state"]
    metadata = {**claim["metadata"], **newer, "uid": "uid-of-another"}
    running = [{"name": "node", "state": {"running": {}}}]
    run = place(WORLD, "w", "host-2", {**silent_status(), "containerStatuses": running}, **DELETED)
    world = run.with_child(CLAIM, "w-state", {**claim, "metadata": metadata})
    assert list_left_out(world, **{ACCEPT: "uid-of-another/uid-of-w"}) == set()


@pytest.mark.parametrize(
    "value", ["uid-of-m-state/uid-of-w", "uid-of-w-state", "uid-of-w-state/uid-of-the-pod-before", "uid-of-w"]
)
@pytest.mark.parametrize("world", [UNSCHEDULED, LOST], ids=["the scheduler says so", "deleted on a silent host"])
def test_consent_is_for_that_claim_and_that_pod(world: World, value: str) -> None:
    assert list_left_out(world, **{ACCEPT: value}) == set()


def test_host_with_a_ready_pod_is_not_lost() -> None:
    nodes = [node("m", "master"), node("w", "worker"), node("w2", "worker")]
    lost = place(running_world(spec=spec(nodes=nodes)), "w", "host-2", silent_status(), **DELETED)
    assert list_left_out(place(lost, "w2", "host-2", silent_status())) == GONE
    assert list_left_out(place(lost, "w2", "host-2", ready_status())) == set()


def test_volume_of_the_control_plane_is_kept() -> None:
    both = {ACCEPT: "uid-of-m-state/uid-of-m,uid-of-w-state/uid-of-w"}
    assert list_left_out(WORLD.with_pod_status("m", unscheduled_status()), **both) == set()


def test_worker_is_created_again_with_an_empty_volume() -> None:
    before = replace(UNSCHEDULED, annotations=ACCEPTED)
    after = before.steps(5)
    assert {"w"} <= set(after.children[POD])
    assert condition(after.with_ready_pods().sync(), "Ready")["status"] == "True"


def test_status_points_to_the_way_out_and_shows_no_command_to_copy() -> None:
    nodes = [node("m", "master"), node("w", "worker"), node("w2", "worker")]
    world = running_world(spec=spec(nodes=nodes))
    for name in ("w", "w2"):
        world = world.with_pod_status(name, unscheduled_status())
    message = condition(world.sync(), "Ready")["message"]
    assert "The volume of w, w2 is on a host that takes no pods now" in message
    assert message.endswith("docs/how-to/host-maintenance.md#give-up-the-volume-of-a-worker.")
    assert "kubectl annotate" not in message
