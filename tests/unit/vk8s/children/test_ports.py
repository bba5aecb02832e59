"""Ports to the outside: one Service, numbers that stay, and what status says of them."""

from typing import Any

from hooks.kubernetes.manifest import Manifest
from tests.world import World, condition, names, node, ready_status, running_world, spec

WEB, LOW = {"name": "web", "port": 30000, "targetPort": 30000}, {"name": "low", "port": 8080, "targetPort": 8080}
KUBEFLOW = {"name": "kubeflow", "port": 30080, "targetPort": 30080}


def service(world: World) -> Manifest:
    return next(child for child in world.sync().children if child["metadata"]["name"] == "demo")


def with_node_ports(world: World, **numbers: int) -> World:
    """The world in which the host cluster has given these numbers, by name of the port."""
    observed = world.children["Service.v1"]["demo"]
    ports = [
        {**port, "nodePort": numbers.get(port["name"], port.get("nodePort"))} for port in observed["spec"]["ports"]
    ]
    return world.with_child("Service.v1", "demo", {**observed, "spec": {**observed["spec"], "ports": ports}})


def test_a_port_in_the_range_of_node_ports_has_the_same_number_outside() -> None:
    ports = service(World(spec=spec(ports=[WEB, LOW])))["spec"]["ports"]
    assert [port.get("nodePort") for port in ports] == [30000, None]
    assert [port["targetPort"] for port in ports] == [30000, 8080]


def chosen(world: World) -> list[str]:
    """Names of the observed pods that the Service leads to."""
    selector = service(world)["spec"]["selector"]
    pods = world.children["Pod.v1"].values()
    return sorted(pod["metadata"]["name"] for pod in pods if selector.items() <= pod["metadata"]["labels"].items())


def test_the_service_leads_to_all_nodes_while_no_worker_is_ready() -> None:
    booting = World(spec=spec(ports=[WEB], accessPodImage="x")).steps(4)
    assert chosen(booting) == ["m", "w"]
    assert chosen(booting.with_pod_status("m", ready_status())) == ["m", "w"]


def test_the_service_leads_past_the_master_when_a_worker_is_ready() -> None:
    assert chosen(running_world(spec=spec(ports=[WEB], accessPodImage="x"))) == ["w"]


def test_the_service_leads_to_a_master_without_workers() -> None:
    assert chosen(running_world(spec=spec(nodes=[node("m", "master")], ports=[WEB]))) == ["m"]


def test_the_service_goes_with_the_last_port() -> None:
    world = running_world(spec=spec(ports=[WEB]))
    assert "Service/demo" in names(world.sync())
    without: Any = World(spec=spec(), children=world.children)
    assert "Service/demo" not in names(without.sync())


def test_status_shows_the_numbers_that_the_host_cluster_gave() -> None:
    world = with_node_ports(running_world(spec=spec(ports=[WEB, LOW, KUBEFLOW])), low=31234)
    assert world.sync().status["endpoints"] == {
        "api": "https://demo-api.team-a.svc.cluster.local:6443",
        "ports": [
            {"name": "web", "port": 30000, "nodePort": 30000},
            {"name": "low", "port": 8080, "nodePort": 31234},
            {"name": "kubeflow", "port": 30080, "nodePort": 30080},
        ],
    }


def test_a_number_that_the_host_cluster_does_not_give_is_named() -> None:
    world = with_node_ports(running_world(spec=spec(ports=[WEB])), web=31000)
    problem = condition(world.sync(), "ChildrenObserved")
    assert problem["reason"] == "PortClosed"
    assert "Service demo does not have port 30000 yet" in problem["message"]
