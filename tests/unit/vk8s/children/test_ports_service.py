"""The Service with the declared ports."""

from tests.unit.vk8s.children.ports import LOW, WEB, service
from tests.world import World, spec


def test_port_in_the_node_port_range_keeps_its_number_outside() -> None:
    ports = service(World(spec=spec(ports=[WEB, LOW])))["spec"]["ports"]
    assert [port.get("nodePort") for port in ports] == [30000, None]
    assert [port["targetPort"] for port in ports] == [30000, 8080]
