"""Condition ChildrenObserved: which children are missing, for how long, and what the owner can do."""

from dataclasses import replace
from datetime import timedelta

from hooks.vk8s.observed.children import CLAIM, POD
from tests.unit.vk8s.children.ports import WEB, with_node_ports
from tests.unit.vk8s.plan.test_state import CRASHED, going, noted_world
from tests.world import CONTEXT, NOW, World, condition, names, node, running_world, spec


def test_missing_child_is_reported_after_30_seconds() -> None:
    world = World().step()
    world = world.with_child("Secret.v1", "demo-pki", None)
    early = replace(world, context=replace(CONTEXT, now=NOW + timedelta(seconds=27))).sync()
    late = replace(world, context=replace(CONTEXT, now=NOW + timedelta(seconds=30))).sync()
    assert condition(early, "ChildrenObserved")["reason"] == "BeingMade"
    assert early.resync_after_seconds == 3
    assert condition(late, "ChildrenObserved")["reason"] == "ChildMissing"
    assert condition(late, "ChildrenObserved")["message"] == (
        "Secret demo-pki: not created yet; kubectl get -n team-a secret/demo-pki shows whether the name is taken; "
        "kubectl describe vk8s -n team-a demo shows a refusal, in its Events."
    )
    assert late.resync_after_seconds == 5


def test_class_of_a_pod_that_is_missing_is_asked_for() -> None:
    nodes = [node("m", "master"), node("w", "worker", priorityClassName="high", runtimeClassName="kata")]
    world = running_world(spec=spec(nodes=nodes)).with_child(POD, "w", None)
    noted = replace(world, status=world.sync().status)
    late = replace(noted, context=replace(CONTEXT, now=NOW + timedelta(seconds=30))).sync()
    assert (
        "Pod w: not created yet; kubectl get -n team-a pod/w shows whether the name is taken; kubectl get "
        "priorityclass/high runtimeclass/kata shows whether its class exists; kubectl describe vk8s -n team-a demo "
    ) in condition(late, "ChildrenObserved")["message"]


def test_waiting_time_starts_when_a_child_is_first_missing() -> None:
    answer = World().sync()
    assert condition(answer, "ChildrenObserved")["lastTransitionTime"] == "2026-01-02T03:04:05Z"
    assert answer.resync_after_seconds == 5


def test_node_port_that_the_host_cluster_refuses_is_reported() -> None:
    world = with_node_ports(running_world(spec=spec(ports=[WEB])), web=31000)
    problem = condition(world.sync(), "ChildrenObserved")
    assert problem["reason"] == "PortClosed"
    assert "Service demo does not have port 30000 yet" in problem["message"]


def test_claim_that_goes_without_a_pod_is_reported_before_it_is_gone() -> None:
    answer = going(noted_world().with_child(POD, "m", None), CLAIM, "m-state").sync()
    problem = condition(answer, "ChildrenObserved")
    assert problem["reason"] == "StateAtRisk"
    assert "m has no pod, and PersistentVolumeClaim m-state is being deleted" in problem["message"]


def test_pod_that_is_held_although_its_node_was_never_ready_is_named() -> None:
    world = World().steps(3).with_child(CLAIM, "m-state", None).with_pod_status("m", CRASHED)
    assert "PersistentVolumeClaim m-state is gone" in condition(world.sync(), "ChildrenObserved")["message"]


def test_unusable_pki_is_reported_and_everything_kept() -> None:
    world = running_world()
    secret = world.children["Secret.v1"]["demo-pki"]
    answer = world.with_child("Secret.v1", "demo-pki", {**secret, "data": {}}).sync()
    assert names(answer) == names(world.sync())
    assert condition(answer, "ChildrenObserved")["reason"] == "PKIInvalid"
