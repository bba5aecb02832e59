"""The Service with the declared ports, in an answer and as the host cluster has filled it in."""

from hooks.kubernetes.manifest import Manifest
from tests.world import World, get_child

WEB, LOW = {"name": "web", "port": 30000, "targetPort": 30000}, {"name": "low", "port": 8080, "targetPort": 8080}


def service(world: World) -> Manifest:
    return get_child(world.sync(), "demo")


def with_node_ports(world: World, **numbers: int) -> World:
    """The world in which the host cluster has given these numbers, by name of the port."""
    observed = world.children["Service.v1"]["demo"]
    ports = [
        {**port, "nodePort": numbers.get(port["name"], port.get("nodePort"))} for port in observed["spec"]["ports"]
    ]
    return world.with_child("Service.v1", "demo", {**observed, "spec": {**observed["spec"], "ports": ports}})
