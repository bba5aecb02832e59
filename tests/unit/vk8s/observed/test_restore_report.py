"""What is said of a restore: while it is under way, when it fails, and ever after."""

import json
from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.restore_report import parse_restored
from tests.backups_world import BACKED_UP
from tests.world import World, condition, ready_status, running_world, spec

FETCHED = {"snapshot": "4f9c2b7a", "time": "2026-01-01T03:00:00Z", "name": "prod"}


def restoring(**state: Any) -> World:
    """The world in which init container `restore` of the control-plane node has that status."""
    world = World(spec=spec(restoreFrom={"claim": {"name": "backups"}}), context=BACKED_UP).steps(3)
    return world.with_pod_status("m", build_status(**state))


def build_status(**state: Any) -> Manifest:
    scheduled = {"type": "PodScheduled", "status": "True"}
    return {
        "phase": "Pending",
        "conditions": [scheduled],
        "initContainerStatuses": [{"name": "istio-init", "state": {}}, {"name": "restore", **state}],
        "containerStatuses": [{"name": "node", "state": {"waiting": {"reason": "PodInitializing"}}}],
    }


def ended(message: object, code: int = 0) -> Manifest:
    return {"terminated": {"exitCode": code, "reason": "Error", "message": json.dumps(message)}}


def read(world: World) -> tuple[str, str]:
    entry = condition(world.sync(), "ControlPlaneReady")
    return entry["reason"], entry["message"]


def test_restore_that_is_under_way_says_so() -> None:
    assert read(restoring(state={"running": {}})) == ("Restoring", "m fetches the snapshot that it is restored from.")


ERROR = {"error": "bucket backups at https://s3.example.com: the server does not answer (refused)"}


@pytest.mark.parametrize(
    "state",
    [
        {"state": ended(ERROR, 1)},
        {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}, "lastState": ended(ERROR, 1)},
        {"state": {"running": {}}, "lastState": ended(ERROR, 1)},
    ],
    ids=["it has failed", "it waits", "it tries again"],
)
def test_restore_that_fails_says_why(state: Manifest) -> None:
    reason, message = read(restoring(**state))
    assert reason == "RestoreFailed"
    assert message == f"m can't be restored, which is tried again: {ERROR['error']}."


def test_program_that_is_killed_says_nothing_and_its_reason_is_shown() -> None:
    killed = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "message": "not json"}}
    assert read(restoring(state=killed))[1].endswith("tried again: OOMKilled.")
    assert read(restoring(state={"terminated": {"exitCode": 1}}))[1].endswith("tried again: no reason given.")


def test_image_that_can_not_be_pulled_is_named() -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    assert read(restoring(state=waiting)) == ("ImagePullBackOff", "m can't fetch its snapshot: no such image.")


def test_status_keeps_the_snapshot_that_the_cluster_began_with() -> None:
    fetched = restoring(state=ended(FETCHED))
    assert read(fetched)[0] == "PodInitializing"
    world = fetched.step()
    assert world.status["restoredFrom"] == FETCHED
    # Another pod, later.
    assert world.with_pod_status("m", ready_status()).step().status["restoredFrom"] == FETCHED
    rejected = replace(world, spec=spec(nodes=[]))
    assert rejected.sync().status["restoredFrom"] == FETCHED


def test_node_that_needed_no_snapshot_changes_nothing() -> None:
    nothing = {"snapshot": "", "time": "0001-01-01T00:00:00Z", "name": ""}
    assert "restoredFrom" not in restoring(state=ended(nothing)).sync().status
    before = replace(restoring(state=ended(nothing)), status={"restoredFrom": FETCHED})
    assert before.sync().status["restoredFrom"] == FETCHED


def test_restore_of_an_initialized_cluster_has_no_effect_and_says_so() -> None:
    world = replace(running_world(), spec=spec(restoreFrom={"claim": {"name": "backups"}}), context=BACKED_UP)
    assert (
        "restoreFrom has no effect: the virtual cluster is initialized"
        in condition(world.sync(), "Accepted")["message"]
    )
    was_restored = replace(world, status={**world.status, "restoredFrom": FETCHED})
    assert "no effect" not in condition(was_restored.sync(), "Accepted")["message"]


@pytest.mark.parametrize("raw", [None, {}, {"restoredFrom": 3}, {"restoredFrom": {**FETCHED, "time": 3}}, "x"])
def test_status_that_can_not_be_read_says_nothing(raw: object) -> None:
    assert parse_restored(raw) == {}


def test_nodes_with_volumes_are_named_and_remembered() -> None:
    with_volumes = {**FETCHED, "volumes": ["m", "w"]}
    world = restoring(state=ended(with_volumes))
    kept = {**FETCHED, "volumes": "m,w"}
    assert world.sync().status["restoredFrom"] == kept
    assert parse_restored({"restoredFrom": kept}) == kept
    assert parse_restored({"restoredFrom": {**kept, "volumes": 3}}) == FETCHED


def test_cold_backup_that_was_not_completed_says_so_ever_after() -> None:
    incomplete = {**FETCHED, "volumes": ["m"], "missing": "1 of 2 nodes"}
    kept = {**FETCHED, "volumes": "m", "missing": "1 of 2 nodes"}
    assert restoring(state=ended(incomplete)).sync().status["restoredFrom"] == kept
    assert parse_restored({"restoredFrom": kept}) == kept
    assert parse_restored({"restoredFrom": {**FETCHED, "missing": 3}}) == FETCHED


def test_worker_waits_until_it_is_known_what_it_begins_with() -> None:
    waiting = restoring(state={"running": {}})
    assert "w" not in waiting.children["Pod.v1"]
    assert "w waits for the snapshot that the virtual cluster begins with" in str(waiting.sync().status)
    fetched = waiting.with_pod_status("m", build_status(state=ended({**FETCHED, "volumes": ["w"]}))).step()
    (container,) = fetched.children["Pod.v1"]["w"]["spec"]["initContainers"]
    assert "--snapshot=4f9c2b7a" in container["args"]


def test_earlier_restore_says_nothing_of_the_volumes_of_this_one() -> None:
    earlier = replace(restoring(state={"running": {}}), status={"restoredFrom": {**FETCHED, "volumes": "w"}})
    assert "w" not in earlier.step().children["Pod.v1"]


def test_worker_that_has_its_volume_waits_for_no_snapshot() -> None:
    note = {"vk8s.sktelecom.com/state": json.dumps({"claims": {"w": "uid-of-w-state"}, "generation": 2})}
    world = restoring(state={"running": {}}).with_annotations("Secret.v1", "demo-pki", note)
    assert "w" in world.step().children["Pod.v1"]
