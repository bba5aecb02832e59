"""What a call is about, as planners and status ask for it."""

from dataclasses import replace

from hooks.vk8s.observed.children import CLAIM, POD
from tests.unit.vk8s.plan.test_removals import MASTER, with_nodes
from tests.world import IMAGE, condition, running_world


def test_running_image_is_that_of_the_spec_without_a_pod() -> None:
    world = with_nodes(running_world().with_child(POD, "m", None), MASTER)
    job = next(child for child in world.sync().children if child["kind"] == "Job")
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGE


def test_nodes_whose_claims_are_gone_or_going_are_unsafe() -> None:
    world = running_world().step()
    rejected = replace(world, spec={}).with_child(CLAIM, "m-state", None).with_deleted(CLAIM, "w-state")
    message = condition(rejected.sync(), "Ready")["message"]
    assert "are gone, or are being deleted: m, w." in message
