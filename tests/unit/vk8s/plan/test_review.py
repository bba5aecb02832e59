"""The review of a spec: every rule is asked, and every problem reported at once."""

from dataclasses import replace

from hooks.settings import Settings
from tests.world import CONTEXT, World, condition, node, running_world, spec


def test_limits_hide_no_loss_of_the_pki() -> None:
    settings = Settings(allowed_images=("x",), host_cidrs="198.18.0.0/15")
    lost = replace(running_world().with_child("Secret.v1", "demo-pki", None))
    answer = replace(lost, context=replace(CONTEXT, settings=settings)).sync()
    assert condition(answer, "ChildrenObserved")["reason"] == "PKILost"


def test_problems_of_all_rules_are_reported_at_once() -> None:
    nodes = [node("m", "master"), node("m", "worker", resources={"limits": {"cpus": 1}})]
    settings = Settings(allowed_images=("registry.example.com/ours/*",))
    world = World(name="a-api", spec=spec(nodes=nodes), context=replace(CONTEXT, settings=settings))
    message = condition(world.sync(), "Accepted")["message"]
    for problem in (
        "2 nodes are named m",
        "metadata.name: ",
        "spec.nodes[1].resources.limits: ",
        "spec.nodes[0].image",
    ):
        assert problem in message


def test_unreadable_spec_is_reported_by_its_form_alone() -> None:
    message = condition(World(name="a-api", spec={"nodes": 3}).sync(), "Accepted")["message"]
    assert message == "spec.nodes: Input should be a valid list."
