"""The Services that the spec asks for, and to which nodes they point."""

from typing import Any

from tests.unit.vk8s.children.ports import WEB, service
from tests.world import World, names, node, ready_status, running_world, spec


def list_targets(world: World) -> list[str]:
    """Names of the observed pods that the Service leads to."""
    selector = service(world)["spec"]["selector"]
    pods = world.children["Pod.v1"].values()
    return sorted(pod["metadata"]["name"] for pod in pods if selector.items() <= pod["metadata"]["labels"].items())


def test_service_points_to_all_nodes_while_no_worker_is_ready() -> None:
    booting = World(spec=spec(ports=[WEB], accessPodImage="x")).steps(4)
    assert list_targets(booting) == ["m", "w"]
    assert list_targets(booting.with_pod_status("m", ready_status())) == ["m", "w"]


def test_service_points_to_workers_when_one_is_ready() -> None:
    assert list_targets(running_world(spec=spec(ports=[WEB], accessPodImage="x"))) == ["w"]


def test_service_points_to_a_control_plane_node_without_workers() -> None:
    assert list_targets(running_world(spec=spec(nodes=[node("m", "master")], ports=[WEB]))) == ["m"]


def test_port_without_an_access_pod_gets_no_service() -> None:
    assert "Service/demo-access-svc" in names(World(spec=spec(accessPodPort=30022, accessPodImage="x")).sync())
    assert "Service/demo-access-svc" not in names(World(spec=spec(accessPodPort=30022)).sync())


def test_service_is_pruned_with_the_last_port() -> None:
    world = running_world(spec=spec(ports=[WEB]))
    assert "Service/demo" in names(world.sync())
    without: Any = World(spec=spec(), children=world.children)
    assert "Service/demo" not in names(without.sync())
