"""ssh access: who is let in, what the pod waits for, and what stays when it is no longer wanted."""

from base64 import b64decode
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.ssh import CLIENT_PUB
from tests.world import World, condition, names, spec

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5Nq owner@desk"
ACCESS = {"accessPodImage": "registry.example.com/vk8s/access:v1.34.4", "accessPodPort": 30006}
CHILDREN = ["ConfigMap/demo-access", "Pod/demo-access-pod", "Secret/demo-ssh", "Service/demo-access-svc"]


def world(**fields: Any) -> World:
    return World(spec=spec(**{**ACCESS, **fields}))


def authorized_keys(world: World) -> str:
    config_map = next(child for child in world.sync().children if child["metadata"]["name"] == "demo-access")
    keys: str = config_map["data"]["authorized_keys"]
    return keys


def access_children(children: list[str]) -> list[str]:
    return [name for name in children if "access" in name or "ssh" in name]


def test_without_an_image_there_is_no_access() -> None:
    assert access_children(names(World().steps(4).sync())) == []


def test_children_are_created_once_what_they_need_is_observed() -> None:
    steps = [access_children(names(world().steps(count).sync())) for count in range(4)]
    assert steps == [
        ["Service/demo-access-svc"],
        ["Secret/demo-ssh", "Service/demo-access-svc"],
        [name for name in CHILDREN if name != "Pod/demo-access-pod"],
        CHILDREN,
    ]


def test_without_a_port_the_pod_is_there_and_no_service() -> None:
    assert access_children(names(world(accessPodPort=None).steps(4).sync())) == [
        name for name in CHILDREN if not name.startswith("Service")
    ]


def test_owner_logs_in_with_the_generated_key_until_there_is_another() -> None:
    generated = world().steps(2)
    secret = generated.children["Secret.v1"]["demo-ssh"]["data"]
    assert authorized_keys(generated).encode() == b64decode(secret[CLIENT_PUB])
    given = world(access={"authorizedKeys": [KEY, f"{KEY}-2"]})
    assert authorized_keys(given.steps(2)) == f"{KEY}\n{KEY}-2\n"


def test_host_key_outlives_a_removal_of_the_access_pod() -> None:
    before = world().steps(4)
    without = World(spec=spec(), children=before.children).step()
    assert access_children(names(without.sync())) == ["Secret/demo-ssh"]
    again = World(spec=spec(**ACCESS), children=without.children).steps(3)
    assert again.children["Secret.v1"]["demo-ssh"]["data"] == before.children["Secret.v1"]["demo-ssh"]["data"]
    assert access_children(names(again.sync())) == CHILDREN


@pytest.mark.parametrize(
    "data",
    [{}, {CLIENT_PUB: "x"}, {CLIENT_PUB: "/w=="}, {CLIENT_PUB: ""}],
    ids=["no key", "no base64", "no text", "an empty key"],
)
def test_broken_secret_is_kept_and_the_pod_waits(data: Manifest) -> None:
    observed = world().steps(2)
    secret = {**observed.children["Secret.v1"]["demo-ssh"], "data": data}
    answer = observed.with_child("Secret.v1", "demo-ssh", secret).sync()
    assert next(child for child in answer.children if child["metadata"]["name"] == "demo-ssh")["data"] == data
    hint = "Secret demo-ssh holds no client key; delete it, and another one is created"
    assert condition(answer, "AccessReady")["message"] == f"demo-access-pod waits for ConfigMap demo-access: {hint}."
