"""Rules that some living Vk8s are older than: all count for a new one, and none stops one that lives."""

from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from tests.rejected import (
    ACCEPTED_NAMES,
    MASTER,
    NAME_SENTENCE,
    REJECTED_NAMES,
    REJECTED_NETWORKS,
    build_nodes,
)
from tests.world import IMAGE, World, condition, names, running_world, spec


def edited(world: World, fields: Manifest) -> World:
    return replace(world, spec=fields)


def with_resources(resources: Manifest, image: str = IMAGE) -> Manifest:
    return spec(nodes=[{**MASTER, "image": image, "resources": resources}])


def read_acceptance(world: World) -> tuple[str, str]:
    accepted = condition(world.sync(), "Accepted")
    return accepted["status"], accepted["message"]


def with_networks(pods: str, count: int, **fields: Any) -> Manifest:
    return spec(nodes=build_nodes(count), kubernetes={"podNetworkCidr": pods}, **fields)


class TestNew:
    @pytest.mark.parametrize("name", REJECTED_NAMES)
    def test_has_no_name_that_could_be_a_service_of_another(self, name: str) -> None:
        assert read_acceptance(World(name=name)) == ("False", f"{NAME_SENTENCE}.")

    @pytest.mark.parametrize("name", ACCEPTED_NAMES)
    def test_may_have_any_other_name(self, name: str) -> None:
        assert read_acceptance(World(name=name)) == ("True", "The spec is valid.")


class TestLiving:
    def test_keeps_its_name(self) -> None:
        pki = running_world().children["Secret.v1"]["demo-pki"]
        own = {**pki, "metadata": {**pki["metadata"], "name": "demo-api-pki", "annotations": {}}}
        world = World(name="demo-api").with_child("Secret.v1", "demo-api-pki", own).steps(3).with_ready_pods().step()
        status, message = read_acceptance(world)
        advice = NAME_SENTENCE.removeprefix("metadata.name: ")
        assert status == "True"
        assert message == f"The spec is valid. metadata.name: stays as it is, a new one would be rejected: {advice}."
        assert world.sync().status["phase"] == "Running"

    @pytest.mark.parametrize(("fields", "sentence"), REJECTED_NETWORKS.values(), ids=REJECTED_NETWORKS)
    def test_goes_on_and_is_repaired_with_a_warning(self, fields: Manifest, sentence: str) -> None:
        # With the bootstrap files of these networks, which it has had since its creation.
        world = edited(running_world(spec=spec(nodes=fields["nodes"])), fields).step()
        before = names(world.sync())
        status, message = read_acceptance(world)
        assert status == "True"
        field, _, advice = sentence.partition(": ")
        if "room" not in sentence:
            assert message == f"The spec is valid. {field}: stays as it is, a new one would be rejected: {advice}."
        healed = world.with_child("Pod.v1", "m", None)
        assert "Pod/m" in names(healed.sync())
        assert names(healed.step().sync()) == before

    def test_with_too_many_nodes_reports_what_never_gets_ready(self) -> None:
        world = edited(running_world(spec=spec(nodes=build_nodes(3))), with_networks("10.9.0.0/23", 3))
        warning = (
            "spec.nodes: 10.9.0.0/23 has room for 2 nodes (each takes a /24), and can't be changed; write 2 at most."
        )
        assert read_acceptance(world) == ("True", f"The spec is valid. {warning}")

    @pytest.mark.parametrize("pods", ["10.9.0.0/24", "10.9.0.0/23"])
    def test_gets_no_node_beyond_its_room(self, pods: str) -> None:
        room = 2 ** (24 - int(pods.rpartition("/")[2]))
        world = running_world(spec=with_networks(pods, room))
        assert read_acceptance(world)[0] == "True"
        before = names(world.sync())
        status, message = read_acceptance(edited(world, with_networks(pods, room + 1)))
        assert status == "False"
        assert message.startswith(
            f"spec.nodes: {pods} has room for {room} node{'s' if room > 1 else ''} (each takes a /24), "
            f"and can't be changed; write {room} at most. Nothing is changed"
        )
        assert names(edited(world, with_networks(pods, room + 1)).sync()) == before

    def test_gets_none_either_while_its_pods_are_gone(self) -> None:
        world = running_world(spec=with_networks("10.9.0.0/23", 2))
        paused = replace(world, children={**world.children, "Pod.v1": {}})
        assert read_acceptance(edited(paused, with_networks("10.9.0.0/23", 3)))[0] == "False"
        assert read_acceptance(edited(paused, with_networks("10.9.0.0/23", 2)))[0] == "True"

    def test_may_replace_a_worker_by_another(self) -> None:
        world = running_world(spec=with_networks("10.9.0.0/23", 2))
        nodes = [MASTER, {**build_nodes(2)[1], "name": "other"}]
        assert read_acceptance(edited(world, {**world.spec, "nodes": nodes}))[0] == "True"

    def test_is_not_stopped_by_resources_with_which_its_pods_were_created(self) -> None:
        resources = {"limits": {"hugepages-2Mi": "4Mi"}}
        world = edited(World(spec=with_resources({})).steps(2), with_resources(resources))
        living = world.with_child("Pod.v1", "m", None).step().with_ready_pods()
        status, message = read_acceptance(living)
        assert status == "True"
        assert message == (
            "The spec is valid. spec.nodes[0].resources: stays as it is, a new one would be rejected: "
            "write cpu or memory, too: with huge pages, one of the two is needed."
        )
        assert "Pod/m" in names(living.with_child("Pod.v1", "m", None).sync())

    def test_loses_no_pod_to_an_edit_after_which_none_could_be_created(self) -> None:
        world = edited(running_world(spec=with_resources({})), with_resources({"limits": {"cpus": 1}}))
        status, message = read_acceptance(world)
        assert status == "False"
        assert message.startswith("spec.nodes[0].resources.limits: write cpu, memory, ")
        assert "Pod/m" in names(world.sync())

    def test_without_volumes_is_repaired_whatever_is_lost(self) -> None:
        # New nodes look the same as lost ones.
        fields = with_networks("10.9.0.0/24", 2, storage={"ephemeral": True})
        world = edited(running_world(spec=spec(nodes=build_nodes(2), storage={"ephemeral": True})), fields).step()
        assert read_acceptance(world.with_child("Pod.v1", "m", None))[0] == "True"
        assert "Pod/m" in names(world.with_child("Pod.v1", "m", None).sync())
