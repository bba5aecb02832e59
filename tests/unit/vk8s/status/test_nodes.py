"""What the owner sees of each node, and the phase that follows from them."""

from dataclasses import replace

from hooks.vk8s.observed.children import CLAIM, JOB
from tests.unit.vk8s.plan.test_node_pods import ACCESS, paused
from tests.unit.vk8s.plan.test_removals import leaving, leaving_world
from tests.unit.vk8s.plan.test_state import going, noted_world
from tests.world import condition, names, node, running_world, spec


def test_invalid_spec_shows_existing_nodes_control_plane_first() -> None:
    world = running_world(spec=spec(nodes=[node("z", "master"), node("a", "worker")]))
    stray = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stray", "namespace": "team-a", "uid": "u"}}
    answer = replace(world.with_child("Pod.v1", "stray", stray), spec=None).sync()
    assert [entry["name"] for entry in answer.status["nodes"]] == ["z", "a"]


def test_running_cluster_whose_pki_is_lost_is_degraded() -> None:
    answer = running_world().with_child("Secret.v1", "demo-pki", None).sync()
    assert answer.status["phase"] == "Degraded"
    assert condition(answer, "Ready")["status"] == "True"
    assert "Secret demo-pki is gone" in condition(answer, "Ready")["message"]
    lost_pod = running_world().with_child("Secret.v1", "demo-pki", None).with_child("Pod.v1", "w", None).sync()
    assert "Pod/w" not in names(lost_pod)
    assert condition(lost_pod, "Ready")["reason"] == "PKILost"


def test_status_reports_a_pause_and_nothing_missing() -> None:
    answer = paused(running_world(spec=spec(**ACCESS)), "field").step().sync()
    assert answer.status["nodes"][0]["reason"] == "Paused"
    assert answer.status["readyNodes"] == "0/2"
    assert condition(answer, "Ready")["message"] == "0 of 2 nodes are Ready: m is paused; w is paused."
    assert condition(answer, "AccessReady")["reason"] == "Paused"
    assert condition(answer, "ChildrenObserved")["reason"] == "AllObserved"


def test_cluster_with_state_at_risk_says_how_to_keep_the_volume() -> None:
    world = noted_world()
    claim = world.children[CLAIM]["m-state"]
    bound = world.with_child(CLAIM, "m-state", {**claim, "spec": {**claim["spec"], "volumeName": "pv-1"}})
    answer = going(bound, CLAIM, "m-state").sync()
    assert answer.status["phase"] == "Degraded"
    ready = condition(answer, "Ready")
    assert ready["status"] == "True", "its nodes are Ready"
    assert "kubectl patch pv pv-1 --type=merge" in ready["message"]


def test_job_that_is_suspended_is_named_with_what_lets_it_run() -> None:
    job = leaving_world().children[JOB]["w-leave"]
    world = leaving_world().with_child(JOB, "w-leave", {**job, "spec": {**job["spec"], "suspend": True}})
    assert leaving(world) == (
        ": Job w-leave is suspended (by Kueue or by hand): kubectl patch job -n team-a w-leave --type=merge "
        """-p '{"spec":{"suspend":false}}'."""
    )
