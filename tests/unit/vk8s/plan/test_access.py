"""ssh access: who is let in, what the pod waits for, and what stays when it is no longer wanted."""

from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.ssh import CLIENT_PUB
from tests.lost_hosts import place, silent_status
from tests.unit.vk8s.plan.test_replacements import OTHER, replaced
from tests.world import NOW, World, condition, get_child, names, ready_status, running_world, spec

NOW_TEXT = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5Nq owner@desk"
ACCESS = {"accessPodImage": "registry.example.com/vk8s/access:v1.34.4", "accessPodPort": 30006}
CHILDREN = ["ConfigMap/demo-access", "Pod/demo-access-pod", "Secret/demo-ssh", "Service/demo-access-svc"]


def world(**fields: Any) -> World:
    return World(spec=spec(**{**ACCESS, **fields}))


def authorized_keys(world: World) -> str:
    config_map = get_child(world.sync(), "demo-access")
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
    assert get_child(answer, "demo-ssh")["data"] == data
    hint = "Secret demo-ssh holds no client key; delete it, and another one is created"
    assert condition(answer, "AccessReady")["message"] == f"demo-access-pod waits for ConfigMap demo-access: {hint}."


def at(world: World, seconds: int) -> World:
    return replace(world, context=replace(world.context, now=NOW + timedelta(seconds=seconds)))


def ready_at(time: str) -> Manifest:
    """The status of a pod that has been Ready since that time of the day."""
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": f"2026-01-02T{time}Z"}
    return {**ready_status(), "conditions": [ready]}


class TestLostHost:
    FIRST, SPARE = "demo-access-pod", "demo--access-pod"
    WORLD = place(World(spec=spec(**ACCESS)).steps(4).with_ready_pods(), "demo-access-pod", "host-2")
    LOST = place(WORLD, "demo-access-pod", "host-2", silent_status())

    def list_pods(self, world: World) -> set[str]:
        """The access pods in the answer."""
        return {name.removeprefix("Pod/") for name in names(world.sync()) if name.endswith("access-pod")}

    def test_spare_pod_is_created_at_once(self) -> None:
        assert self.list_pods(self.LOST) == {self.FIRST, self.SPARE}
        entry = condition(self.LOST.sync(), "AccessReady")
        assert entry["reason"] == "HostUnreachable"
        assert entry["message"].startswith("demo-access-pod is on host host-2, which has not answered since ")

    def test_spare_pod_is_created_before_the_host_is_called_lost(self) -> None:
        """A suspicion is enough, so that ssh is back within a minute of the loss."""
        suspected = place(self.WORLD, self.FIRST, "host-2", silent_status(NOW_TEXT))
        assert self.list_pods(suspected) == {self.FIRST, self.SPARE}
        assert condition(suspected.sync(), "AccessReady")["reason"] != "HostUnreachable"

    def test_spare_pod_is_like_the_other_one(self) -> None:
        pods = self.LOST.step().children["Pod.v1"]
        first, spare = ({**pods[name]["spec"], "nodeName": ""} for name in (self.FIRST, self.SPARE))
        assert spare == first
        assert pods[self.SPARE]["metadata"]["labels"] == pods[self.FIRST]["metadata"]["labels"]

    def test_spare_pod_is_the_one_that_counts(self) -> None:
        entry = condition(place(self.LOST.step(), self.SPARE, "host-1").sync(), "AccessReady")
        assert (entry["status"], entry["message"]) == ("True", "demo--access-pod is Ready.")

    def test_spare_pod_stays_until_one_of_the_two_has_been_ready_for_a_minute(self) -> None:
        """A host that comes and goes costs one pod, and not one each time."""
        back = place(self.LOST.step(), self.FIRST, "host-2", ready_at("03:04:05"))
        assert self.list_pods(at(back, 59)) == {self.FIRST, self.SPARE}
        assert at(back, 59).sync().resync_after_seconds == 1
        assert self.list_pods(at(back, 60)) == {self.FIRST}

    def test_pod_that_was_ready_before_the_host_was_back_stays(self) -> None:
        spare = place(self.LOST.step(), self.SPARE, "host-1", ready_at("03:04:05"))
        back = place(spare, self.FIRST, "host-2", ready_at("03:04:35"))
        assert self.list_pods(at(back, 59)) == {self.FIRST, self.SPARE}
        assert self.list_pods(at(back, 60)) == {self.SPARE}

    def test_first_pod_stays_of_two_that_have_been_ready_for_long(self) -> None:
        both = place(place(self.LOST.step(), self.SPARE, "host-1"), self.FIRST, "host-2")
        assert self.list_pods(at(both, 60)) == {self.FIRST}

    def test_first_pod_that_is_not_ready_again_goes(self) -> None:
        spare = place(self.LOST.step(), self.SPARE, "host-1")
        assert self.list_pods(at(place(spare, self.FIRST, "host-2", {"phase": "Running"}), 60)) == {self.SPARE}

    def test_spare_pod_goes_on_alone_after_the_lost_one(self) -> None:
        spare = place(self.LOST.step(), self.SPARE, "host-1").with_child("Pod.v1", self.FIRST, None)
        assert self.list_pods(spare) == {self.SPARE}

    def test_third_pod_is_never_created(self) -> None:
        both = place(self.LOST.step(), self.SPARE, "host-1", silent_status())
        assert self.list_pods(place(both, self.SPARE, "host-1", silent_status())) == {self.FIRST, self.SPARE}

    def test_pod_that_does_not_end_is_replaced_after_a_minute(self) -> None:
        deleted = place(self.WORLD, self.FIRST, "host-2", deletionTimestamp="2026-01-02T03:04:05Z")
        assert self.list_pods(deleted) == {self.FIRST}
        assert deleted.sync().resync_after_seconds == 60
        assert self.list_pods(at(deleted, 60)) == {self.FIRST, self.SPARE}

    def test_edit_of_the_image_creates_the_first_one_again(self) -> None:
        spare = place(self.LOST.step(), self.SPARE, "host-1").with_child("Pod.v1", self.FIRST, None)
        edited = replace(spare, spec=spec(**{**ACCESS, "accessPodImage": "other"})).step()
        assert self.list_pods(edited) == {self.FIRST}

    def test_both_pods_are_pruned_with_the_access_and_by_a_pause(self) -> None:
        both = self.LOST.step()
        assert self.list_pods(replace(both, spec=spec())) == set()
        assert self.list_pods(replace(both, spec=spec(**ACCESS, paused=True))) == set()


def test_access_pod_is_replaced_with_its_image() -> None:
    access = {"accessPodImage": "a"}
    world = running_world(spec=spec(**access)).step().with_ready_pods()
    assert replaced(world) == []
    assert replaced(replace(world, spec=spec(accessPodImage="b"))) == ["demo-access-pod"]
    going = world.with_deleted("Pod.v1", "demo-access-pod")
    assert replaced(replace(going, spec=spec(accessPodImage="b"))) == []


def test_nodes_are_replaced_while_the_access_pod_is_not_ready() -> None:
    world = running_world(spec=spec(accessPodImage="a"))
    assert world.children["Pod.v1"]["m"]["status"] == ready_status()
    nodes = [{**entry, "image": OTHER} for entry in world.spec["nodes"]]
    assert replaced(replace(world, spec=spec(accessPodImage="a", nodes=nodes))) == ["m"]
