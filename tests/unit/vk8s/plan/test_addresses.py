"""Addresses of pools: which objects Metacontroller sends along, and which pods wait for what."""

from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.decide import decide_customize
from hooks.vk8s.spec.cluster import RESTART_ANNOTATION
from hooks.wire import CustomizeRequest
from tests.pool_world import pool_manifest
from tests.unit.vk8s.plan.address_world import (
    ALL,
    CALICO,
    KUBE_OVN,
    OLDER,
    ON,
    PODS,
    YOUNGER,
    allocation,
    annotations,
    network,
    pods,
    related,
    running,
    world,
)
from tests.world import IDENTITY, UID, World, condition, node, running_world, spec

RUNNING = running()


class TestWhatIsAskedFor:
    def ask(self, settings: Settings, fields: Any) -> list[Manifest]:
        metadata = {"name": "demo", "namespace": "team-a", "uid": UID}
        request = CustomizeRequest.model_validate({"parent": {**IDENTITY, "metadata": metadata, "spec": fields}})
        return decide_customize(request, settings).related_resources

    def test_nothing_without_address_pools(self) -> None:
        assert self.ask(Settings(), spec(ipPool="team-a")) == []

    def test_own_allocations_and_all_pools(self) -> None:
        assert self.ask(ON.settings, spec()) == [
            {
                "apiVersion": "vk8s.sktelecom.com/v1alpha1",
                "resource": "ipallocations",
                "labelSelector": {"matchLabels": {"vk8s.sktelecom.com/vk8s-uid": UID}},
            },
            {"apiVersion": "vk8s.sktelecom.com/v1alpha1", "resource": "ippools"},
        ]

    def test_only_the_named_pool(self) -> None:
        assert self.ask(ON.settings, spec(ipPool="team-a"))[1]["names"] == ["team-a"]

    @pytest.mark.parametrize("fields", [None, [], {"ipPool": 7}, {"ipPool": ""}], ids=repr)
    def test_all_pools_for_an_unreadable_spec(self, fields: Any) -> None:
        assert "names" not in self.ask(ON.settings, fields)[1]


class TestWaiting:
    def test_no_pod_is_created_before_its_address_is_there(self) -> None:
        found = world()
        assert pods(found) == []
        assert found.sync().status["phase"] == "WaitingNetwork"
        assert "m waits for an address of IPPool default" in condition(found.sync(), "ChildrenObserved")["message"]
        assert network(found)[:2] == ("False", "WaitingForAddress")
        assert network(found)[2] == (
            "No address of IPPool default yet for 2 of 2 nodes: m, w. See kubectl describe ippool default."
        )

    def test_each_pod_is_created_when_its_own_address_is_there(self) -> None:
        assert pods(world(related=related(allocations=ALL[:1]))) == ["Pod/m"]
        assert pods(world(related=related(allocations=ALL))) == PODS

    def test_pods_are_created_when_an_address_comes(self) -> None:
        assert pods(replace(world(), related=related(allocations=ALL))) == PODS

    def test_address_that_is_being_deleted_is_none(self) -> None:
        going = [allocation("10.0.0.4", "m", deletionTimestamp=YOUNGER), ALL[1]]
        assert pods(world(related=related(allocations=going))) == ["Pod/w"]

    @pytest.mark.parametrize(
        "pools",
        [[], [pool_manifest({"cidr": "10.0.0.0/24"})], [pool_manifest(deletionTimestamp=OLDER)]],
        ids=["no pool", "no default", "a default that is being deleted"],
    )
    def test_without_a_pool_nothing_waits(self, pools: list[Manifest]) -> None:
        found = world(related=related(pools))
        assert pods(found) == PODS
        assert network(found)[:2] == ("True", "NoPool")
        assert not any(key in annotations(found, "m") for key in (CALICO, KUBE_OVN))

    def test_while_metacontroller_does_not_send_pools_along_nothing_waits(self) -> None:
        found = world(related={})
        assert pods(found) == PODS
        assert network(found)[:2] == ("False", "PoolsNotSent")

    def test_cluster_whose_pki_is_lost_waits_for_that(self) -> None:
        found = world().with_child("Secret.v1", "demo-pki", None)
        assert found.sync().status["phase"] == "Fail"

    def test_paused_one_is_paused(self) -> None:
        assert world(spec=spec(paused=True)).sync().status["phase"] == "Paused"


class TestWithoutAnIpManager:
    def test_new_vk8s_that_names_a_pool_is_rejected(self) -> None:
        answer = World(spec=spec(ipPool="team-a")).sync()
        assert answer.children == []
        assert condition(answer, "Accepted")["message"] == (
            "spec.ipPool: leave it out, address pools are turned off; to turn them on, the hooks need "
            "VK8S_SETTING_IP_MANAGER=true."
        )

    def test_existing_vk8s_goes_on_with_a_message(self) -> None:
        found = replace(running_world(), spec=spec(ipPool="team-a")).with_child("Pod.v1", "w", None)
        assert pods(found) == PODS
        assert network(found)[:2] == ("False", "IPManagerOff")


class TestPods:
    def test_older_allocation_of_the_own_two_counts(self) -> None:
        more = [allocation("10.0.0.1", "m", creationTimestamp=YOUNGER), allocation("10.0.0.2", "m", uid="another")]
        assert annotations(world(related=related(allocations=[*more, *ALL])), "m")[CALICO] == '["10.0.0.4"]'

    def test_lost_pod_returns_with_its_address(self) -> None:
        found = RUNNING.with_child("Pod.v1", "w", None)
        assert annotations(found, "w")[CALICO] == '["10.0.0.6"]'

    def test_pod_keeps_an_address_that_the_pool_has_lost(self) -> None:
        found = replace(RUNNING, related=related(pools=[]))
        assert found.step().children == RUNNING.children
        assert annotations(found, "m") == annotations(RUNNING, "m")

    def test_pods_with_changed_addresses_are_recreated_one_by_one(self) -> None:
        other = [allocation("10.0.0.7", "m"), allocation("10.0.0.8", "w")]
        found = replace(RUNNING, related=related(allocations=other))
        assert pods(found) == ["Pod/w"]
        assert network(found)[2] == "Each node has its address. Waiting to be recreated with another one: m, w."
        assert annotations(found.step(), "m")[CALICO] == '["10.0.0.7"]'


class TestAPoolThatCameLater:
    OLD = running_world(context=ON, related=related(pools=[]))

    def test_leaves_pods_alone_and_serves_the_next_ones(self) -> None:
        found = replace(self.OLD, related=related(allocations=ALL))
        assert found.step().children == self.OLD.children
        assert found.sync().status["phase"] == "Running"
        sentence = "Pods created before their address was allocated; they get it when recreated: m, w."
        assert network(found)[2].endswith(sentence)
        assert annotations(found.with_child("Pod.v1", "w", None), "w")[CALICO] == '["10.0.0.6"]'

    def test_has_nothing_left_and_no_pod_is_taken_down_to_wait_for_it(self) -> None:
        exhausted = related([pool_manifest() | {"status": {"free": 0}}])
        found = replace(self.OLD, related=exhausted, annotations={RESTART_ANNOTATION: "1"})
        assert pods(found) == PODS
        assert found.sync().status["phase"] == "Restarting"
        assert network(found)[1] == "PoolExhausted"
        assert pods(replace(found, related=related(allocations=ALL))) == ["Pod/w"]


def test_new_worker_of_a_running_cluster_waits_and_the_phase_reports_it() -> None:
    nodes = [*spec()["nodes"], node("w2", "worker")]
    found = replace(RUNNING, spec=spec(nodes=nodes)).steps(2)
    assert pods(found) == PODS
    assert found.sync().status["phase"] == "WaitingNetwork"
    assert network(found)[2].startswith("No address of IPPool default yet for 1 of 3 nodes: w2.")
