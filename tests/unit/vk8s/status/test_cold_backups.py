"""What the status says of a cold backup, and of nodes that are stopped for it."""

from dataclasses import replace

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import POD
from tests.backups_world import CLAIM, COMPLETE, FAILED, pod, read_condition
from tests.cold_world import (
    REQUEST,
    copy_pod,
    copying,
    end_jobs,
    list_pods,
    read_cold,
    requested,
    send,
    snapshot_pod,
    stored,
    wait,
)
from tests.world import World, condition, running_world, spec


def read_ready(world: World) -> tuple[str, str]:
    entry = condition(world.sync(), "Ready")
    return entry["reason"], entry["message"]


def test_nothing_is_said_without_a_request() -> None:
    assert "backup" not in running_world(spec=spec(backup=CLAIM)).sync().status


def test_request_is_running_until_the_volumes_are_copied() -> None:
    assert read_cold(requested()) == {"value": "one", "phase": "Running"}
    assert read_cold(copying()) == {"value": "one", "phase": "Running", "snapshot": "5fd3658b"}


def test_request_says_which_node_it_waits_for() -> None:
    assert read_cold(stored().with_child(POD, "w", None))["message"] == "It waits: w has no pod."


def test_cluster_that_is_stopped_for_a_backup_is_restarting() -> None:
    world = copying()
    assert world.sync().status["phase"] == "Restarting"
    reason, message = read_ready(world)
    assert reason == "BackingUp"
    assert "m is stopped until its volumes are copied" in message
    # It comes back by itself, so nobody has to look at it.
    assert condition(world.sync(), "Reconciling")["reason"] == "BackingUp"


def test_success_names_the_snapshot_and_what_was_copied() -> None:
    pods = [copy_pod(name, {"volumes": 1, "size": 5}) for name in ("m", "w")]
    done = end_jobs(send(copying(), snapshot_pod(), *pods), COMPLETE).step()
    success = {
        "value": "one",
        "phase": "Succeeded",
        "snapshot": "5fd3658b",
        "message": "2 volumes of 2 nodes, 10 bytes.",
    }
    assert read_cold(done) == success
    assert read_condition(done)[:2] == ("True", "Stored")
    # Also when the annotation is gone.
    assert read_cold(replace(done, annotations={})) == success


def test_failure_is_a_condition_until_another_one_is_requested() -> None:
    failed = end_jobs(copying(), FAILED, "w-volumes").step()
    assert read_cold(failed)["phase"] == "Failed"
    status, reason, message = read_condition(failed)
    assert (status, reason) == ("False", "ColdBackupFailed")
    assert message == (
        "The last cold backup failed: volumes of w: no reason given. The virtual cluster does not wait for it any more."
    )
    again = replace(failed, annotations={REQUEST: "two"}).step()
    assert read_cold(again) == {"value": "two", "phase": "Running"}
    assert read_condition(again)[:2] == ("True", "Stored")


def test_failure_needs_nobody_and_ends_with_its_annotation() -> None:
    failed = end_jobs(copying(), FAILED, "w-volumes").steps(3).with_ready_pods().step()
    late = wait(failed, minutes=30).step().sync()
    assert [each["type"] for each in late.status["conditions"] if each["type"] in ("Reconciling", "Stalled")] == []
    without = replace(failed, annotations={})
    assert read_condition(without)[:2] == ("True", "Stored")
    assert read_cold(without)["phase"] == "Failed"


def test_failure_of_a_snapshot_comes_first() -> None:
    failed = end_jobs(copying(), FAILED, "w-volumes").step()
    full = send(failed, pod({"error": "the bucket is full"}, "scheduled", end="2026-01-03T02:00:09Z"))
    assert read_condition(full)[1] == "BackupFailed"


STOPPED = "The nodes are stopped for a cold backup, and start again once this is fixed."


def test_rejected_spec_says_that_the_nodes_stay_stopped() -> None:
    rejected = replace(copying(), spec=spec(backup={**CLAIM, "schedule": "nonsense"}))
    assert STOPPED in condition(rejected.sync(), "Accepted")["message"]
    assert read_cold(rejected) == {"value": "one", "phase": "Running", "snapshot": "5fd3658b"}
    late = wait(rejected, days=1)
    assert list_pods(replace(late.step(), spec=spec(backup=CLAIM)).steps(3)) == ["m", "w"]


def test_cluster_that_is_not_selected_says_that_its_nodes_stay_stopped() -> None:
    status = copying().finalize_unselected().status
    assert STOPPED in str(status["conditions"])
    assert status["backup"]["cold"]["phase"] == "Running"


def test_rejected_spec_keeps_what_is_known_of_a_backup_that_has_ended() -> None:
    failed = end_jobs(copying(), FAILED, "w-volumes").step()
    rejected = replace(failed, spec=spec(backup={**CLAIM, "schedule": "nonsense"}))
    assert STOPPED not in str(rejected.sync().status["conditions"])
    assert read_cold(rejected)["phase"] == "Failed"


def request(**fields: Manifest | bool) -> World:
    return replace(requested(), spec=spec(backup=CLAIM, **fields))


def test_paused_cluster_is_backed_up_when_it_is_resumed() -> None:
    assert read_cold(request(paused=True))["message"] == "It begins when the virtual cluster is resumed."


def test_cluster_without_volumes_has_none_to_copy() -> None:
    assert read_cold(request(storage={"ephemeral": True})) == {
        "value": "one",
        "phase": "Failed",
        "message": "The nodes have no volumes: storage.ephemeral is true.",
    }


def test_request_without_the_field_is_not_reported() -> None:
    assert "backup" not in replace(requested(), spec=spec()).sync().status
