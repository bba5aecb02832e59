"""The annotations by which the host cluster's network gives a pod its address."""

from dataclasses import replace

from hooks.settings import Settings
from tests.unit.vk8s.plan.address_world import (
    ALL,
    CALICO,
    KUBE_OVN,
    annotations,
    related,
    running,
    world,
)
from tests.world import CONTEXT


def test_calico_gets_the_address_as_a_list() -> None:
    assert annotations(running(), "m")[CALICO] == '["10.0.0.4"]'


def test_kube_ovn_gets_the_address_alone() -> None:
    context = replace(CONTEXT, settings=Settings(ip_manager=True, host_cni="kube-ovn"))
    found = world(related=related(allocations=ALL), context=context)
    assert annotations(found, "m")[KUBE_OVN] == "10.0.0.4"
    assert CALICO not in annotations(found, "m")
