"""The ConfigMaps that nodes boot from: those of other versions go once nothing can need them."""

from tests.world import names, running_world


def test_without_a_usable_pki_nothing_is_pruned() -> None:
    world = running_world()
    unused = world.children["ConfigMap.v1"][
        next(name for name in world.children["ConfigMap.v1"] if "bootstrap" in name)
    ]
    unused = {**unused, "metadata": {**unused["metadata"], "name": "demo-bootstrap-00000000"}}
    pki = {**world.children["Secret.v1"]["demo-pki"], "data": {}}
    broken = world.with_child("ConfigMap.v1", "demo-bootstrap-00000000", unused)
    assert "ConfigMap/demo-bootstrap-00000000" not in names(broken.sync())
    assert "ConfigMap/demo-bootstrap-00000000" in names(broken.with_child("Secret.v1", "demo-pki", pki).sync())
