"""The Service by whose names the members of etcd find each other."""

from hooks.vk8s.children.etcd_service import build_etcd_service
from tests.world import World, names, running_world


def test_names_exist_before_a_member_is_ready() -> None:
    spec = build_etcd_service(World().cluster.identity)["spec"]
    assert (spec["clusterIP"], spec["publishNotReadyAddresses"]) == ("None", True)
    assert spec["selector"] == {"vk8s.sktelecom.com/vk8s": "demo", "vk8s.sktelecom.com/role": "master"}


def test_single_control_plane_node_needs_no_name() -> None:
    assert "Service/demo-etcd" not in names(running_world().sync())
