"""Which nodes exist, and with which roles."""

from dataclasses import replace

from hooks.vk8s.observed.children import CLAIM, POD, parse_observed
from hooks.vk8s.observed.roles import read_roles
from tests.world import World, running_world


def read(world: World, *but: str) -> dict[str, str]:
    return read_roles(parse_observed(world.children), but)


def test_roles_are_those_of_pods_and_claims() -> None:
    world = running_world()
    assert read(world) == {"m": "master", "w": "worker"}
    assert read(world, "m") == {"w": "worker"}
    for kind in (CLAIM, POD):
        alone = replace(world, children={**world.children, kind: {}})
        assert read(alone) == {"m": "master", "w": "worker"}


def test_claim_of_an_older_version_has_no_role() -> None:
    older = {"metadata": {"name": "w-state", "labels": {"vk8s.sktelecom.com/node": "w"}}}
    world = running_world().with_child(POD, "w", None).with_child(CLAIM, "w-state", older)
    assert read(world) == {"m": "master", "w": ""}
