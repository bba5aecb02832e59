"""Who may connect to the pods of a virtual cluster, and where there is no policy for that."""

from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.observed.children import NETWORK_POLICY
from hooks.vk8s.spec.labels import cluster_selector
from testbed.metacontroller.merge import merge_update
from tests.world import CONTEXT, World, condition, names, node, observe, running_world, spec

OFF = replace(CONTEXT, settings=Settings(network_policy=False))
PORTS = [{"name": "web", "port": 30000, "targetPort": 30000}, {"name": "low", "port": 8080, "targetPort": 8080}]
OWN = {"from": [{"podSelector": {"matchLabels": {"vk8s.sktelecom.com/vk8s": "demo"}}}]}
API = {
    "ports": [{"protocol": "TCP", "port": 6443}],
    "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "team-a"}}}],
}


def get_policy(world: World) -> Manifest:
    return next(child for child in world.sync().children if child["kind"] == "NetworkPolicy")


def outside(*ports: int) -> Manifest:
    return {"ports": [{"protocol": "TCP", "port": port} for port in ports]}


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        ({}, []),
        ({"ports": PORTS}, [outside(30000, 8080)]),
        ({"accessPodImage": "x"}, [outside(22)]),
        ({"accessPodPort": 30022}, []),
        ({"accessPodImage": "x", "accessPodPort": 30022, "ports": PORTS}, [outside(30000, 8080, 22)]),
    ],
    ids=["nothing is declared", "ports", "an access pod", "a port of no access pod", "both"],
)
def test_policy_opens_the_api_to_the_namespace_and_ports_to_all(fields: Manifest, more: list[Manifest]) -> None:
    assert get_policy(World(spec=spec(**fields)))["spec"]["ingress"] == [OWN, API, *more]


def test_policy_covers_all_pods_and_limits_no_egress() -> None:
    world = running_world(spec=spec(accessPodImage="x"), labels={"team": "blue"})
    world = replace(world, spec=spec(nodes=[node("m", "master")], accessPodImage="x")).step()
    policy = get_policy(world)["spec"]
    assert policy["policyTypes"] == ["Ingress"]
    assert policy["podSelector"] == {"matchLabels": cluster_selector("demo")}
    templates = [job["spec"]["template"] for job in world.children["Job.batch/v1"].values()]
    pods = [*world.children["Pod.v1"].values(), *templates]
    assert len(pods) == 4
    assert all(cluster_selector("demo").items() <= pod["metadata"]["labels"].items() for pod in pods)


def test_ports_that_come_and_go_change_it_in_place_and_once() -> None:
    world = running_world(spec=spec(ports=PORTS, accessPodImage="x"))
    observed = world.children[NETWORK_POLICY]["demo"]
    wanted = get_policy(replace(world, spec=spec(ports=PORTS[1:])))
    merged = merge_update(observed, wanted)
    assert merged["spec"] == wanted["spec"]
    assert merged["spec"]["ingress"] == [OWN, API, outside(8080)]
    assert merge_update(observe(wanted), wanted)["spec"] == wanted["spec"]


def test_composite_controller_that_does_not_list_the_kind_gets_none() -> None:
    world = running_world()
    children = {kind: group for kind, group in world.children.items() if kind != NETWORK_POLICY}
    answer = replace(world, children=children).sync()
    assert "NetworkPolicy/demo" not in names(answer)
    assert answer.status["phase"] == "Running"
    assert condition(answer, "ChildrenObserved")["reason"] == "AllObserved"


class TestWhereItIsOff:
    def test_no_policy_is_created(self) -> None:
        assert "NetworkPolicy/demo" not in names(replace(World(), context=OFF).sync())

    def test_observed_policy_is_pruned_and_nothing_else(self) -> None:
        world = running_world()
        after = names(replace(world, context=OFF).sync())
        assert after == [name for name in names(world.sync()) if name != "NetworkPolicy/demo"]

    def test_policy_of_another_version_stays(self) -> None:
        later = {**get_policy(World()), "metadata": {"name": "demo-later", "namespace": "team-a", "labels": {}}}
        world = running_world().with_child(NETWORK_POLICY, "demo-later", observe(later))
        assert "NetworkPolicy/demo-later" in names(replace(world, context=OFF).sync())


def test_policy_stays_during_a_pause_and_until_the_last_pod() -> None:
    world = running_world()
    assert "NetworkPolicy/demo" in names(replace(world, spec=spec(paused=True)).step().sync())
    assert "NetworkPolicy/demo" in names(world.finalize())
