"""The state of a pod in one word and one sentence, as its own status says it."""

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.unit.vk8s.observed.injected import PULLING, injected
from tests.world import World, condition, ready_status, running_world


def scheduled(message: str) -> Manifest:
    """A status in which the scheduler has found no host."""
    why = {"reason": "Unschedulable", "message": message} if message else {}
    return {"conditions": [{"type": "PodScheduled", "status": "False", **why}]}


def waiting(reason: str, message: str = "", ended: Manifest | None = None) -> Manifest:
    """A status in which the container waits, and has ended before."""
    state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}
    return {"containerStatuses": [{"name": "node", "state": state, "lastState": {"terminated": ended or {}}}]}


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (scheduled("0/1 nodes: no cpu"), "Unschedulable", "m can't be scheduled: 0/1 nodes: no cpu"),
        (scheduled("unbound PersistentVolumeClaims."), "Unschedulable",
         "m can't be scheduled: unbound PersistentVolumeClaims"),
        (scheduled(""), "Unschedulable", "m can't be scheduled"),
        ({"phase": "Failed", "reason": "Evicted", "message": "disk"}, "Evicted", "m has failed: disk"),
        ({"phase": "Failed"}, "Failed", "m has failed"),
        ({"phase": "Succeeded", "reason": "Terminated", "message": "off"}, "Terminated", "m has ended: off"),
        ({"phase": "Succeeded"}, "Failed", "m has ended"),
        (waiting("ImagePullBackOff", "not found"), "ImagePullBackOff", "m can't start: not found"),
        (waiting("ContainerCreating"), "ContainerCreating", "m is being started by its host"),
        (waiting("CrashLoopBackOff", ended={"message": "No vxlan.\n"}), "CrashLoopBackOff", "m has stopped: No vxlan"),
        (waiting("CrashLoopBackOff", ended={"reason": "OOMKilled"}), "CrashLoopBackOff", "m has stopped: OOMKilled"),
        ({"containerStatuses": [{"name": "node", "state": {"running": {}}}]}, "Booting",
         "m is booting: kubectl logs -n team-a m"),
        ({}, "Starting", "m is being started by its host"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)  # fmt: skip
def test_state_says_why_a_node_is_not_ready(status: dict[str, object], reason: str, message: str) -> None:
    answer = World().steps(3).with_pod_status("m", status).with_pod_status("w", ready_status()).sync()
    assert answer.status["readyNodes"] == "1/2"
    assert answer.status["nodes"][0]["reason"] == reason
    assert condition(answer, "Ready")["message"] == f"1 of 2 nodes are Ready: {message}."


def test_volume_that_the_scheduler_waits_for_is_reported() -> None:
    world = World().steps(3)
    claim = {**world.children["PersistentVolumeClaim.v1"]["m-state"], "status": {"phase": "Pending"}}
    answer = world.with_child("PersistentVolumeClaim.v1", "m-state", claim).sync()
    assert condition(answer, "ControlPlaneReady")["reason"] == "VolumePending"
    assert "m waits for its volume: kubectl describe pvc -n team-a m-state" in condition(answer, "Ready")["message"]


STARTING: Manifest = {"name": "node", "state": {"waiting": {"reason": "PodInitializing"}}}
STOPPED: Manifest = {
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
    "lastState": {"terminated": {"reason": "Error", "message": "no control plane"}},
}
OTHERS = "m is not Ready: its container istio-proxy, which is not from this project,"


@pytest.mark.parametrize(
    ("proxy", "ours", "reason", "message"),
    [
        (PULLING, STARTING, "ImagePullBackOff", f"{OTHERS} can't start: no such image."),
        (STOPPED, STARTING, "CrashLoopBackOff", f"{OTHERS} has stopped: no control plane."),
        (STOPPED, {"name": "node", **PULLING}, "ImagePullBackOff", "m can't start: no such image."),
        ({"state": {"running": {}}}, STARTING, "PodInitializing", "m is being started by its host."),
        ({"state": {"waiting": {}}}, STARTING, "PodInitializing", "m is being started by its host."),
        ({"state": {"waiting": {"message": "held"}}}, STARTING, "Waiting", f"{OTHERS} can't start: held."),
    ],
    ids=["no image", "crashes", "ours too", "runs", "starting", "no reason"],
)  # fmt: skip
def test_sidecar_that_keeps_our_container_from_starting_is_reported(
    proxy: Manifest, ours: Manifest, reason: str, message: str
) -> None:
    sidecar = {"name": "istio-proxy", **proxy}
    entry = condition(
        injected(running_world(), "m", initContainerStatuses=[sidecar], containerStatuses=[ours]).sync(),
        "ControlPlaneReady",
    )
    assert (entry["reason"], entry["message"]) == (reason, message)


def test_sidecar_that_stops_while_our_container_runs_is_reported() -> None:
    ours = {"name": "node", "state": {"running": {}}}
    world = injected(running_world(), "m", containerStatuses=[{"name": "istio-proxy", **STOPPED}, ours])
    assert condition(world.sync(), "ControlPlaneReady")["message"] == f"{OTHERS} has stopped: no control plane."
