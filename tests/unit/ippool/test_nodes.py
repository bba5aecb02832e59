"""Which nodes of a Vk8s need an address, and which may still use one."""

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.metacontroller.objects import with_metadata
from tests.pool_world import (
    CREATED,
    PoolWorld,
    addresses,
    vk8s_manifest,
)
from tests.unit.ippool.test_allocate import USED, status

# What the Vk8s is like, and whether its node w keeps the address that it has.
FATES: dict[str, tuple[Manifest | None, bool]] = {
    "it is in the spec": (vk8s_manifest(), True),
    "it is no longer in the spec, and its pod or volume is still there": (
        vk8s_manifest(nodes=["m"], status=status("m", "w")),
        True,
    ),
    "it is no longer in the spec, and all of it is gone": (vk8s_manifest(nodes=["m"], status=status("m")), False),
    "it is no longer in the spec, and the status is older than that": (
        vk8s_manifest(nodes=["m"], status=status("m", generation=2)),
        True,
    ),
    "it is no longer in the spec of a Vk8s without a status": (vk8s_manifest(nodes=["m"], status={}), True),
    "nobody has looked at it": (vk8s_manifest(nodes=["m"], status={"observedGeneration": -1}), True),
    "the status can't be read": (vk8s_manifest(nodes=["m"], status={"observedGeneration": 3, "nodes": None}), True),
    "the spec is refused, and its pod is lost": (vk8s_manifest(status=status()), True),
    "the spec can't be read": (vk8s_manifest(nodes={"w": 1}, status=status()), True),
    "another node's name can't be one": (vk8s_manifest(nodes=["m", "W!"], status=status()), True),
    "the pool's name can't be read": (vk8s_manifest(nodes=["m"], ipPool=7, status=status()), True),
    "the Vk8s names another pool": (vk8s_manifest(ipPool="other"), True),
    "the Vk8s is being deleted": (with_metadata(vk8s_manifest(), deletionTimestamp=CREATED), True),
    "the Vk8s is gone": (None, False),
    "the Vk8s was recreated under its name": (with_metadata(vk8s_manifest(ipPool="other"), uid="another"), False),
}


@pytest.mark.parametrize(("vk8s", "is_kept"), FATES.values(), ids=FATES)
def test_address_is_kept_while_its_node_may_have_a_pod(vk8s: Manifest | None, is_kept: bool) -> None:  # noqa: FBT001
    answer = PoolWorld(vk8s=(vk8s,) if vk8s else ()).with_own(USED).sync()
    assert (addresses(answer).get("demo/w") == "10.0.0.3") == is_kept


@pytest.mark.parametrize(
    "vk8s",
    [
        vk8s_manifest(nodes=["m", {"no": "name"}]),
        vk8s_manifest(nodes=["m", "x" * 58]),
        vk8s_manifest(nodes={"m": 1}),
        vk8s_manifest(ipPool=7),
        vk8s_manifest(ipPool="other"),
        with_metadata(vk8s_manifest(), deletionTimestamp=CREATED),
    ],
    ids=["a node has no name", "a name is too long", "no list", "no pool's name", "another pool", "being deleted"],
)
def test_no_address_is_allocated_to(vk8s: Manifest) -> None:
    assert PoolWorld(vk8s=(vk8s,)).sync().children == []


def test_node_that_the_spec_names_twice_gets_one_address() -> None:
    assert len(PoolWorld(vk8s=(vk8s_manifest(nodes=["m", "m"]),)).sync().children) == 1
