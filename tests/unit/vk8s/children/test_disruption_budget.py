"""PodDisruptionBudget `<vk8s>`: it counts the node pods, and lets broken ones be evicted."""

from hooks.vk8s.children.disruption_budget import build_disruption_budget
from hooks.vk8s.observed.children import DISRUPTION_BUDGET, POD
from tests.world import running_world, spec


def test_budget_selects_node_pods_and_no_access_pod() -> None:
    world = running_world(spec=spec(accessPodImage="x"))
    selector = build_disruption_budget(world.cluster.identity, 1, {})["spec"]["selector"]["matchLabels"].items()
    pods = world.children[POD].items()
    assert {name for name, pod in pods if selector <= pod["metadata"]["labels"].items()} == {"m", "w"}
    assert "demo-access-pod" in dict(pods)


def test_budget_has_a_number_and_never_blocks_a_broken_pod() -> None:
    budget = build_disruption_budget(running_world().cluster.identity, 2, {})
    assert f"{budget['kind']}.{budget['apiVersion']}" == DISRUPTION_BUDGET
    assert budget["spec"]["minAvailable"] == 2
    assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
