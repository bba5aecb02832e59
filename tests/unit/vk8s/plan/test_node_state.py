"""What the state of one node depends on. What follows from it is in test_state.py and test_members.py."""

from dataclasses import replace

from hooks.vk8s.observed.children import CLAIM, CONFIG_MAP, SECRET
from hooks.vk8s.plan.node_state import NodeState
from hooks.vk8s.spec.model import NodeSpec
from tests.world import condition, node, running_world

WORKER = NodeSpec.model_validate(node("w", "worker"))
ALONE = NodeState(
    node=WORKER, pod=None, claim=None, noted="uid", is_ephemeral=False, is_accepted=False, is_spare=False, lacking={}
)


def test_volume_that_was_given_up_is_gone_and_not_lost() -> None:
    assert (ALONE.is_gone, ALONE.is_lost, ALONE.is_dropped) == (True, True, False)
    accepted = replace(ALONE, is_accepted=True)
    assert (accepted.is_gone, accepted.is_lost, accepted.is_dropped) == (True, False, True)


def test_volume_that_was_never_recorded_can_not_be_lost() -> None:
    never = replace(ALONE, noted=None)
    assert (never.is_gone, never.is_lost, never.proven) == (False, False, None)


def test_pod_mounts_bootstrap_files_credentials_and_its_claim() -> None:
    world = running_world()
    for kind, name in ((CONFIG_MAP, world.boot_files), (SECRET, "demo-join"), (CLAIM, "w-state")):
        message = condition(world.with_deleted(kind, name, "example.com/kept").sync(), "Ready")["message"]
        assert "w stays as it is, whatever the spec asks" in message, name
