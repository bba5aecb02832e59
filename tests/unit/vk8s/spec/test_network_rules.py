"""Which networks a new virtual cluster can have, with what to write instead of the others."""

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.rejected import (
    ACCEPTED_NETWORKS,
    BAD_FORMS,
    REJECTED_NETWORKS,
)
from tests.unit.vk8s.plan.test_newer_rules import read_acceptance
from tests.world import World, names, spec


@pytest.mark.parametrize(("fields", "sentence"), REJECTED_NETWORKS.values(), ids=REJECTED_NETWORKS)
def test_rejected_network_says_what_to_write(fields: Manifest, sentence: str) -> None:
    world = World(spec=fields)
    assert read_acceptance(world) == ("False", f"{sentence}.")
    assert names(world.sync()) == []


@pytest.mark.parametrize("fields", ACCEPTED_NETWORKS.values(), ids=ACCEPTED_NETWORKS)
def test_network_that_kubeadm_takes_is_accepted(fields: Manifest) -> None:
    assert read_acceptance(World(spec=fields)) == ("True", "The spec is valid.")


@pytest.mark.parametrize("field", ["podNetworkCidr", "serviceCidr"])
@pytest.mark.parametrize("text", BAD_FORMS)
def test_network_has_one_form_only(field: str, text: str) -> None:
    status, message = read_acceptance(World(spec=spec(kubernetes={field: text})))
    assert status == "False"
    assert message == (
        f"spec.kubernetes.{field}: write an IPv4 network such as 198.18.0.0/16, no bits set after the prefix."
    )
