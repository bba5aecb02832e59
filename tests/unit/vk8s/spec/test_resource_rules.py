"""Which resources a node can have, as the API server takes them for a pod."""

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.rejected import (
    ACCEPTED_RESOURCES,
    REJECTED_RESOURCES,
)
from tests.unit.vk8s.plan.test_newer_rules import read_acceptance, with_resources
from tests.world import World


@pytest.mark.parametrize(("resources", "sentence"), REJECTED_RESOURCES.values(), ids=REJECTED_RESOURCES)
def test_resources_that_no_pod_can_have_are_rejected(resources: Manifest, sentence: str) -> None:
    status, message = read_acceptance(World(spec=with_resources(resources)))
    assert status == "False"
    assert f"{sentence}." in message


@pytest.mark.parametrize("resources", ACCEPTED_RESOURCES.values(), ids=ACCEPTED_RESOURCES)
def test_resources_that_a_pod_can_have_are_accepted(resources: Manifest) -> None:
    assert read_acceptance(World(spec=with_resources(resources))) == ("True", "The spec is valid.")
