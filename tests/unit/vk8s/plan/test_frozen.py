"""Secrets and ConfigMaps that somebody has made immutable: the API server would reject another content forever."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.observed.children import group_key
from tests.world import CONTEXT, NOW, World, condition, node, running_world, spec

INSTALLER = replace(CONTEXT, settings=Settings(kubeflow_installer_image="registry.example.com/k:{version}"))
KUBEFLOW_PORT = {"name": "kubeflow", "port": 30000, "targetPort": 30000}
SPEC = spec(
    nodes=[node("m", "master")],
    accessPodImage="registry.example.com/vk8s/access:v1",
    accessPodPort=30022,
    access={"authorizedKeys": ["ssh-ed25519 AAAA a"]},
    kubeflow={"version": "v1.10.2", "email": "a@example.com"},
    ports=[KUBEFLOW_PORT],
)
WORLD = World(spec=SPEC, context=INSTALLER).steps(5).with_ready_pods().steps(2)


def later(world: World) -> World:
    return replace(world, context=replace(world.context, now=NOW + timedelta(days=340)))


def with_other_key(world: World) -> World:
    return replace(world, spec={**SPEC, "access": {"authorizedKeys": ["ssh-ed25519 BBBB b"]}})


def with_other_user(world: World) -> World:
    return replace(world, spec={**SPEC, "kubeflow": {"version": "v1.10.2", "email": "b@example.com"}})


def with_lost_token(world: World) -> World:
    join = world.children["Secret.v1"]["demo-join"]
    data = {**join["data"], "token": b64encode(b"a").decode()}
    return world.with_child("Secret.v1", "demo-join", {**join, "data": data})


def get_child(children: list[Manifest], kind: str, name: str) -> Manifest:
    return next(each for each in children if (group_key(each), each["metadata"]["name"]) == (kind, name))


def freeze(world: World, kind: str, name: str) -> World:
    return world.with_child(kind, name, {**world.children[kind][name], "immutable": True})


CASES: list[tuple[str, str, Callable[[World], World]]] = [
    ("Secret.v1", "demo-kubeconfig", later),
    ("Secret.v1", "demo-join", with_lost_token),
    ("Secret.v1", "demo-kubeflow", with_other_user),
    ("ConfigMap.v1", "demo-access", with_other_key),
]


@pytest.mark.parametrize(("kind", "name", "change"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_immutable_content_stays_and_the_status_says_what_to_do(
    kind: str, name: str, change: Callable[[World], World]
) -> None:
    frozen = freeze(change(WORLD), kind, name)
    answer = frozen.sync()
    kept, found = get_child(answer.children, kind, name), frozen.children[kind][name]
    assert (kept["data"], kept["immutable"]) == (found["data"], True)
    told = condition(answer, "ChildrenObserved")
    assert told["reason"] == "ChildImmutable"
    assert (
        f"{kind.split('.', maxsplit=1)[0]} {name} is immutable, so what is in it can't be renewed or changed: delete it"
        in (told["message"])
    )


@pytest.mark.parametrize(("kind", "name", "change"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_mutable_secret_is_changed(kind: str, name: str, change: Callable[[World], World]) -> None:
    world = change(WORLD)
    assert get_child(world.sync().children, kind, name)["data"] != world.children[kind][name]["data"]


@pytest.mark.parametrize(("kind", "name"), [case[:2] for case in CASES])
def test_correct_secret_may_be_immutable(kind: str, name: str) -> None:
    answer = freeze(WORLD, kind, name).sync()
    assert condition(answer, "ChildrenObserved")["reason"] == "AllObserved"
    assert get_child(answer.children, kind, name)["immutable"] is True


def test_deleted_immutable_secret_is_recreated() -> None:
    world = later(WORLD).with_child("Secret.v1", "demo-kubeconfig", None)
    assert "immutable" not in get_child(world.sync().children, "Secret.v1", "demo-kubeconfig")


def test_port_that_is_not_open_and_a_child_that_is_missing_come_first() -> None:
    world = freeze(with_lost_token(WORLD), "Secret.v1", "demo-join")
    service = world.children["Service.v1"]["demo-access-svc"]
    closed = {**service, "spec": {**service["spec"], "ports": []}}
    told = condition(world.with_child("Service.v1", "demo-access-svc", closed).sync(), "ChildrenObserved")
    assert told["reason"] == "PortClosed"
    assert "Secret demo-join is immutable" in told["message"]
    missing = world.with_child("Service.v1", "demo-api", None)
    assert condition(missing.sync(), "ChildrenObserved")["reason"] == "BeingMade"


def test_type_of_a_secret_stays_as_it_is() -> None:
    join = WORLD.children["Secret.v1"]["demo-join"]
    world = WORLD.with_child("Secret.v1", "demo-join", {**join, "type": "example.com/mine"})
    assert get_child(world.sync().children, "Secret.v1", "demo-join")["type"] == "example.com/mine"


def test_pod_of_a_cluster_with_an_immutable_secret_is_recreated() -> None:
    world = freeze(later(running_world()), "Secret.v1", "demo-kubeconfig").with_child("Pod.v1", "w", None)
    assert get_child(world.sync().children, "Pod.v1", "w")
