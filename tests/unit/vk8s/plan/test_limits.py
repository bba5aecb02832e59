"""What settings allow: all of it counts for a new virtual cluster, and none of it stops one that lives."""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.settings import parse_settings
from hooks.wire import SyncResponse
from tests.world import IMAGE, World, condition, get_child, names, node, running_world, spec

GOOD, OTHER, BAD = "good.example.com/kink:v1", "good.example.com/vk8s/kink:v2", "bad.example.com/kink:v1"
NOTE = "vk8s.sktelecom.com/images"
NEVER = "Nothing is changed"


def limited(world: World, **variables: str) -> World:
    """The world whose hooks have these settings, from now on."""
    settings = parse_settings({f"VK8S_SETTING_{name.upper()}": text for name, text in variables.items()})
    return replace(world, context=replace(world.context, settings=settings))


def only_good(world: World) -> World:
    return limited(world, allowed_images="good.example.com/*")


def with_images(master: str = GOOD, worker: str = GOOD, **fields: Any) -> Manifest:
    return spec(nodes=[node("m", "master", image=master), node("w", "worker", image=worker)], **fields)


def edited(world: World, fields: Manifest) -> World:
    return replace(world, spec=fields)


def without_pods(world: World) -> World:
    return replace(world, children={**world.children, "Pod.v1": {}})


def read_note(answer: SyncResponse) -> Any:
    pki = get_child(answer, "demo-pki")
    text = pki["metadata"].get("annotations", {}).get(NOTE)
    return json.loads(text) if text else None


def with_note(world: World, note: str | None) -> World:
    return world.with_metadata("Secret.v1", "demo-pki", annotations={NOTE: note} if note is not None else None)


def is_accepted(world: World) -> bool:
    return bool(condition(world.sync(), "Accepted")["status"] == "True")


class TestImagesOfANewVirtualCluster:
    def test_may_be_any_while_nothing_is_said(self) -> None:
        assert is_accepted(limited(World(spec=with_images(BAD)), allowed_images=""))

    def test_are_rejected_with_what_to_write_unless_allowed(self) -> None:
        world = limited(
            World(spec=with_images(worker=BAD, accessPodImage=BAD)), allowed_images="good.example.com/*, x/y:*"
        )
        assert condition(world.sync(), "Accepted")["message"] == (
            "spec.nodes[1].image, spec.accessPodImage: write an image that is allowed here: "
            "one of good.example.com/*, x/y:* (* stands for any text)."
        )
        assert names(world.sync()) == []

    @pytest.mark.parametrize(
        ("pattern", "image", "is_allowed"),
        [
            ("a/b:v1", "a/b:v1", True),
            ("a/b:v1", "a/b:v12", False),
            ("a/b:v1", "x/a/b:v1", False),
            ("a/*", "a/b/c@sha256:0", True),
            ("a/*:v1.*", "a/b:v1.2", True),
            ("*/kink:*", "a/b/kink:1", True),
            ("a.b/*", "axb/c", False),
            ("a/[bc]", "a/b", False),
            ("a/?", "a/b", False),
            ("a/*", "a/b\nc", False),
            ("*", "anything", True),
        ],
    )
    def test_match_a_pattern_as_a_whole(self, pattern: str, image: str, is_allowed: bool) -> None:  # noqa: FBT001
        world = limited(World(spec=with_images(image, image)), allowed_images=pattern)
        assert is_accepted(world) is is_allowed

    def test_are_recorded_on_the_pki_only_where_they_are_limited(self) -> None:
        assert read_note(World(spec=with_images(accessPodImage="x")).sync()) is None
        world = only_good(World(spec=with_images(GOOD, OTHER, accessPodImage=GOOD)))
        assert read_note(world.sync()) == [GOOD, OTHER]


class TestImagesOfALivingVirtualCluster:
    def test_stay_when_they_are_no_longer_allowed_and_status_reports_it(self) -> None:
        world = only_good(running_world())
        message = condition(world.sync(), "Accepted")["message"]
        assert message == (
            "The spec is valid. spec.nodes[0].image, spec.nodes[1].image: in use already, so it stays; "
            "a new one would have to be one of good.example.com/* (* stands for any text)."
        )
        assert world.sync().status["phase"] == "Running"

    def test_are_healed_with_when_all_pods_are_lost_at_that_moment(self) -> None:
        answer = without_pods(only_good(running_world())).sync()
        assert {"Pod/m", "Pod/w"} <= set(names(answer))
        assert read_note(answer) == [IMAGE]

    def test_are_healed_with_later_by_the_note(self) -> None:
        world = only_good(running_world()).step()
        noted = without_pods(with_note(world, read_note_text(world)))
        assert {"Pod/m", "Pod/w"} <= set(names(noted.sync()))

    def test_may_be_given_to_a_new_worker(self) -> None:
        world = with_note(only_good(running_world()), json.dumps([IMAGE]))
        nodes = [node("m", "master"), node("w", "worker"), node("x", "worker")]
        assert is_accepted(edited(world, spec(nodes=nodes)))

    def test_are_not_changed_to_one_that_is_not_allowed(self) -> None:
        world = with_note(only_good(running_world(spec=with_images())), json.dumps([GOOD]))
        before = names(world.sync())
        answer = edited(world, with_images(worker=BAD)).sync()
        accepted = condition(answer, "Accepted")
        assert accepted["reason"] == "InvalidSpec"
        assert accepted["message"].startswith("spec.nodes[1].image: write an image that is allowed here: ")
        assert NEVER in accepted["message"]
        assert names(answer) == before
        assert read_note(answer) == [GOOD]

    def test_may_be_changed_to_an_allowed_one_that_is_recorded(self) -> None:
        world = with_note(only_good(running_world()), json.dumps([IMAGE]))
        answer = edited(world, with_images()).sync()
        assert condition(answer, "Accepted")["status"] == "True"
        assert read_note(answer) == [GOOD, IMAGE]

    def test_may_be_changed_back_while_a_pod_has_them_and_not_afterwards(self) -> None:
        world = with_note(edited(only_good(running_world()), with_images()), json.dumps([IMAGE]))
        halfway = with_note(world, read_note_text(world))
        assert is_accepted(edited(halfway, spec()))
        done = with_note(world, read_note_text(without_pods(world)))
        assert not is_accepted(edited(without_pods(done), spec()))

    def test_stay_recorded_when_the_limit_is_removed(self) -> None:
        world = with_note(running_world(spec=with_images(BAD)), json.dumps([GOOD]))
        assert read_note(world.sync()) == [BAD, GOOD]

    @pytest.mark.parametrize("note", ["", "{", "{}", "7"], ids=repr)
    def test_are_those_of_the_spec_where_no_note_can_be_read(self, note: str) -> None:
        world = without_pods(with_note(only_good(running_world()), note))
        assert is_accepted(world)
        assert read_note(world.sync()) == [IMAGE]

    def test_are_recorded_while_a_pod_has_them(self) -> None:
        world = with_note(edited(only_good(running_world()), with_images()), json.dumps([IMAGE]))
        assert read_note(world.sync()) == [GOOD, IMAGE]
        assert read_note(without_pods(world).sync()) == [GOOD]

    def test_are_first_recorded_with_those_of_our_pods(self) -> None:
        world = only_good(edited(running_world(), with_images()))
        assert read_note(world.sync()) == [GOOD, IMAGE]
        made_by_hand = world.with_metadata("Pod.v1", "m", annotations={})
        assert read_note(made_by_hand.with_child("Pod.v1", "w", None).sync()) == [GOOD]

    @pytest.mark.parametrize("name", ["harmless", "w", "demo-access-pod"])
    def test_are_not_those_of_a_pod_that_somebody_has_created(self, name: str) -> None:
        world = with_note(only_good(running_world(spec=with_images())), json.dumps([GOOD]))
        adopted = deepcopy(world.children["Pod.v1"]["w"])
        adopted["metadata"]["name"] = name
        adopted["spec"]["containers"] = [{"name": each, "image": BAD} for each in ("a", "node", "access")]
        answer = edited(world.with_child("Pod.v1", name, adopted), with_images(worker=BAD)).sync()
        assert condition(answer, "Accepted")["reason"] == "InvalidSpec"
        assert read_note(answer) == [GOOD]

    def test_are_recorded_for_a_removed_worker_that_returns(self) -> None:
        world = only_good(running_world(spec=with_images(GOOD, OTHER)))
        leaving = edited(world, spec(nodes=[node("m", "master", image=GOOD)])).step()
        assert read_note(leaving.sync()) == [GOOD]
        assert read_note(edited(leaving, with_images(GOOD, OTHER)).sync()) == [GOOD, OTHER]


def read_note_text(world: World) -> str:
    return json.dumps(read_note(world.sync()))


class TestNetworksOfTheHostCluster:
    HOST = "10.244.0.0/16,198.19.4.0/24 fd00::/8"

    def test_are_not_those_of_a_new_virtual_cluster(self) -> None:
        world = limited(World(), host_cidrs=self.HOST)
        assert condition(world.sync(), "Accepted")["message"] == (
            "spec.kubernetes.serviceCidr: write a network that shares no address with the host cluster's "
            "(10.244.0.0/16, 198.19.4.0/24)."
        )
        assert names(world.sync()) == []

    def test_leave_all_others_to_it(self) -> None:
        assert is_accepted(limited(World(), host_cidrs="10.0.0.0/8,198.20.0.0/16"))

    def test_are_a_warning_for_one_that_lives(self) -> None:
        answer = limited(running_world(), host_cidrs=self.HOST).sync()
        assert condition(answer, "Accepted")["message"] == (
            "The spec is valid. spec.kubernetes.serviceCidr: overlaps 198.19.4.0/24 of the host cluster; "
            "pods inside can't reach anything there."
        )
        assert answer.status["phase"] == "Running"

    def test_are_compared_with_networks_only(self) -> None:
        kubernetes = {"podNetworkCidr": "10.244.0.0/99", "serviceCidr": "10.96.0.0/12"}
        answer = limited(World(spec=spec(kubernetes=kubernetes)), host_cidrs=self.HOST).sync()
        message = condition(answer, "Accepted")["message"]
        assert message.startswith("spec.kubernetes.podNetworkCidr: write an IPv4 network such as 198.18.0.0/16")
        assert "shares no address" not in message
