"""The Service in front of the API server of a virtual cluster."""

from hooks.vk8s.children.api_service import build_api_service
from tests.world import World


def test_service_selects_the_control_plane_node_before_it_is_ready() -> None:
    world = World().steps(3)
    spec = build_api_service(world.cluster.identity)["spec"]
    pods = world.children["Pod.v1"]
    assert [name for name, pod in pods.items() if spec["selector"].items() <= pod["metadata"]["labels"].items()] == [
        "m"
    ]
    # The kubelet of that node registers through this Service, and only then is the node Ready.
    assert spec["publishNotReadyAddresses"] is True
