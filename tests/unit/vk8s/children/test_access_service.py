"""The Service for ssh from outside the host cluster."""

from hooks.vk8s.children.access_service import build_access_service
from tests.world import World, spec


def test_service_selects_the_access_pod_and_no_node() -> None:
    world = World(spec=spec(accessPodImage="a", access={"authorizedKeys": ["ssh-ed25519 AAAA me"]})).steps(4)
    service = build_access_service(world.cluster.identity, 30022)
    assert service["spec"]["ports"] == [
        {"name": "ssh", "protocol": "TCP", "port": 22, "targetPort": 22, "nodePort": 30022}
    ]
    selector = service["spec"]["selector"].items()
    pods = world.children["Pod.v1"]
    assert [name for name, pod in pods.items() if selector <= pod["metadata"]["labels"].items()] == ["demo-access-pod"]
