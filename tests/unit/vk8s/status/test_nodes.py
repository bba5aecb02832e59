"""What the owner sees of each node, and the phase that follows from them."""

from dataclasses import replace

from tests.unit.vk8s.plan.test_node_pods import ACCESS, paused
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
