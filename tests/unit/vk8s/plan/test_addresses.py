"""Addresses of pools: what Metacontroller is asked for, which pods wait for what, and what the owner is told."""

from dataclasses import replace
from typing import Any

import pytest

from hooks.ippool.allocation import ALLOCATION, build_allocation
from hooks.ippool.pools import POOL
from hooks.kubernetes.manifest import Manifest
from hooks.settings import Settings
from hooks.vk8s.decide import decide_customize
from hooks.vk8s.spec.cluster import RESTART_ANNOTATION
from hooks.wire import CustomizeRequest
from tests.pool_world import observe, pool_manifest
from tests.world import CONTEXT, IDENTITY, UID, World, condition, names, node, ready_status, running_world, spec

ON = replace(CONTEXT, settings=Settings(ip_manager=True))
PODS = ["Pod/m", "Pod/w"]
CALICO, KUBE_OVN = "cni.projectcalico.org/ipAddrs", "ovn.kubernetes.io/ip_address"
OLDER, YOUNGER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def allocation(address: str, node_name: str, uid: str = UID, **metadata: Any) -> Manifest:
    """An allocation as it is observed."""
    vk8s = {"namespace": "team-a", "name": "demo", "uid": uid}
    made = build_allocation(address, {"address": address, "pool": "default", "node": node_name, "vk8s": vk8s})
    return observe(made, **{"creationTimestamp": OLDER, "resourceVersion": "5", **metadata})


ALL = [allocation("10.0.0.4", "m"), allocation("10.0.0.6", "w")]


def related(pools: list[Manifest] | None = None, allocations: list[Manifest] | None = None) -> Any:
    """What Metacontroller sends along: the default pool and no allocation, unless told otherwise."""
    groups = {POOL: [pool_manifest()] if pools is None else pools, ALLOCATION: allocations or []}
    return {kind: {each["metadata"]["name"]: each for each in group} for kind, group in groups.items()}


def world(**fields: Any) -> World:
    """A Vk8s of a host cluster with an ip-manager, three syncs old: its pods are made, unless something is amiss."""
    return World(**{"context": ON, "related": related(), **fields}).steps(3)


def pods(found: World) -> list[str]:
    """The pods that are there after the next sync."""
    return [name for name in names(found.sync()) if name.startswith("Pod/")]


def network(found: World) -> tuple[str, str, str]:
    """Status, reason and message of condition NetworkReady."""
    entry = condition(found.sync(), "NetworkReady")
    return entry["status"], entry["reason"], entry["message"]


def annotations(found: World, pod: str) -> Manifest:
    """Annotations of a pod of the next answer."""
    answer = found.sync()
    made = next(c for c in answer.children if c["kind"] == "Pod" and c["metadata"]["name"] == pod)
    annotations: Manifest = made["metadata"]["annotations"]
    return annotations


class TestWhatIsAskedFor:
    def ask(self, settings: Settings, fields: Any) -> list[Manifest]:
        metadata = {"name": "demo", "namespace": "team-a", "uid": UID}
        request = CustomizeRequest.model_validate({"parent": {**IDENTITY, "metadata": metadata, "spec": fields}})
        return decide_customize(request, settings).related_resources

    def test_nothing_without_an_ip_manager(self) -> None:
        assert self.ask(Settings(), spec(ipPool="team-a")) == []

    def test_the_own_allocations_and_all_pools(self) -> None:
        assert self.ask(ON.settings, spec()) == [
            {
                "apiVersion": "vk8s.sktelecom.com/v1alpha1",
                "resource": "ipallocations",
                "labelSelector": {"matchLabels": {"vk8s.sktelecom.com/vk8s-uid": UID}},
            },
            {"apiVersion": "vk8s.sktelecom.com/v1alpha1", "resource": "ippools"},
        ]

    def test_of_the_pools_the_one_that_is_named(self) -> None:
        assert self.ask(ON.settings, spec(ipPool="team-a"))[1]["names"] == ["team-a"]

    @pytest.mark.parametrize("fields", [None, [], {"ipPool": 7}, {"ipPool": ""}], ids=repr)
    def test_of_a_spec_that_can_not_be_read_all_pools(self, fields: Any) -> None:
        assert "names" not in self.ask(ON.settings, fields)[1]


class TestWaiting:
    def test_no_pod_is_made_before_its_address_is_there(self) -> None:
        found = world()
        assert pods(found) == []
        assert found.sync().status["phase"] == "WaitingNetwork"
        assert "m waits for an address of IPPool default" in condition(found.sync(), "ChildrenObserved")["message"]
        assert network(found)[:2] == ("False", "WaitingForAddress")
        assert network(found)[2] == (
            "No address of IPPool default yet for 2 of 2 nodes: m, w. See kubectl describe ippool default."
        )

    def test_each_pod_is_made_when_its_own_is_there(self) -> None:
        assert pods(world(related=related(allocations=ALL[:1]))) == ["Pod/m"]
        assert pods(world(related=related(allocations=ALL))) == PODS

    def test_it_goes_on_when_an_address_comes(self) -> None:
        assert pods(replace(world(), related=related(allocations=ALL))) == PODS

    def test_an_address_that_is_being_taken_away_is_none(self) -> None:
        going = [allocation("10.0.0.4", "m", deletionTimestamp=YOUNGER), ALL[1]]
        assert pods(world(related=related(allocations=going))) == ["Pod/w"]

    @pytest.mark.parametrize(
        ("named", "pool", "reason", "words"),
        [
            (
                None,
                pool_manifest() | {"status": {"free": 0}},
                "PoolExhausted",
                "IPPool default, which has none left, for 2 of 2 nodes: m, w",
            ),
            (
                None,
                pool_manifest() | {"status": {"free": 1}},
                "WaitingForAddress",
                "default yet for 2 of 2 nodes: m, w",
            ),
            (
                None,
                pool_manifest({"cidr": "10.0.0.0/24", "default": True, "perNamespace": 3})
                | {"status": {"free": 0, "namespacesAtShare": ["team-a", "team-b"]}},
                "ShareExhausted",
                "IPPool default, of which namespace team-a has its share of 3, for 2 of 2 nodes: m, w",
            ),
            (
                None,
                pool_manifest({"cidr": "10.0.0.0/24", "default": True, "perNamespace": 3})
                | {"status": {"free": 1, "namespacesAtShare": ["team-b"]}},
                "WaitingForAddress",
                "default yet for 2 of 2 nodes: m, w",
            ),
            (
                None,
                pool_manifest({"cidr": "10.0.0.0/24", "default": True, "perNamespace": 3})
                | {"status": {"free": 1, "namespacesAtShare": "team-a"}},
                "WaitingForAddress",
                "default yet for 2 of 2 nodes: m, w",
            ),
            (None, pool_manifest() | {"status": "odd"}, "WaitingForAddress", "default yet for 2 of 2 nodes: m, w"),
            ("a", pool_manifest(name="b"), "PoolNotFound", "IPPool a, which does not exist, for"),
            ("a", pool_manifest({}, name="a"), "PoolInvalid", "IPPool a, whose spec is invalid, for"),
            (
                "a",
                pool_manifest(name="a", deletionTimestamp=OLDER),
                "PoolTerminating",
                "IPPool a, which is being deleted, for",
            ),
        ],
        ids=[
            "exhausted",
            "not exhausted",
            "share used",
            "share of others used",
            "an odd list",
            "an odd status",
            "no such pool",
            "an invalid pool",
            "a pool that goes",
        ],
    )
    def test_the_owner_is_told_why_none_comes(self, named: str | None, pool: Manifest, reason: str, words: str) -> None:
        fields = {"ipPool": named} if named else {}
        found = world(spec=spec(**fields), related=related([pool]))
        assert pods(found) == []
        assert network(found)[1] == reason
        assert words in network(found)[2]

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

    def test_a_cluster_whose_pki_is_lost_waits_for_that(self) -> None:
        found = world().with_child("Secret.v1", "demo-pki", None)
        assert found.sync().status["phase"] == "Fail"

    def test_a_paused_one_is_paused(self) -> None:
        assert world(spec=spec(paused=True)).sync().status["phase"] == "Paused"


class TestWithoutAnIpManager:
    def test_a_new_vk8s_that_names_a_pool_is_refused(self) -> None:
        answer = World(spec=spec(ipPool="team-a")).sync()
        assert answer.children == []
        assert condition(answer, "Accepted")["message"] == (
            "spec.ipPool: leave it out, the ip-manager is off; for it, the hooks need VK8S_SETTING_IP_MANAGER=true."
        )

    def test_one_that_lives_goes_on_and_is_told(self) -> None:
        found = replace(running_world(), spec=spec(ipPool="team-a")).with_child("Pod.v1", "w", None)
        assert pods(found) == PODS
        assert network(found)[:2] == ("False", "IPManagerOff")

    def test_nothing_is_said_where_nobody_asked(self) -> None:
        assert "NetworkReady" not in [entry["type"] for entry in running_world().sync().status["conditions"]]


class TestPods:
    RUNNING = world(related=related(allocations=ALL)).with_pod_status("m", ready_status("10.0.0.4"))
    RUNNING = RUNNING.with_pod_status("w", ready_status("10.0.0.6")).step()

    def test_calico_is_told_the_address_as_a_list(self) -> None:
        assert annotations(self.RUNNING, "m")[CALICO] == '["10.0.0.4"]'

    def test_kube_ovn_is_told_the_address_alone(self) -> None:
        context = replace(CONTEXT, settings=Settings(ip_manager=True, host_cni="kube-ovn"))
        found = world(related=related(allocations=ALL), context=context)
        assert annotations(found, "m")[KUBE_OVN] == "10.0.0.4"
        assert CALICO not in annotations(found, "m")

    def test_status_shows_what_was_given(self) -> None:
        status = self.RUNNING.sync().status
        assert [(n["name"], n["address"], n["podIP"]) for n in status["nodes"]] == [
            ("m", "10.0.0.4", "10.0.0.4"),
            ("w", "10.0.0.6", "10.0.0.6"),
        ]
        assert (status["phase"], network(self.RUNNING)) == (
            "Running",
            ("True", "Allocated", "Each node has its address."),
        )

    def test_of_two_allocations_the_older_counts_and_those_of_others_do_not(self) -> None:
        more = [allocation("10.0.0.1", "m", creationTimestamp=YOUNGER), allocation("10.0.0.2", "m", uid="another")]
        assert annotations(world(related=related(allocations=[*more, *ALL])), "m")[CALICO] == '["10.0.0.4"]'

    def test_a_lost_pod_comes_back_with_its_address(self) -> None:
        found = self.RUNNING.with_child("Pod.v1", "w", None)
        assert annotations(found, "w")[CALICO] == '["10.0.0.6"]'

    def test_a_network_that_does_not_listen_is_told(self) -> None:
        found = self.RUNNING.with_pod_status("w", ready_status("10.200.0.9"))
        assert network(found) == (
            "False",
            "AddressIgnored",
            "w has 10.200.0.9 instead of 10.0.0.6: does the network of the host cluster act on the pods' annotations?",
        )

    def test_what_the_pool_has_lost_is_not_taken_from_a_pod(self) -> None:
        found = replace(self.RUNNING, related=related(pools=[]))
        assert found.step().children == self.RUNNING.children
        assert annotations(found, "m") == annotations(self.RUNNING, "m")

    def test_a_pod_whose_node_has_another_address_now_is_made_anew_one_at_a_time(self) -> None:
        other = [allocation("10.0.0.7", "m"), allocation("10.0.0.8", "w")]
        found = replace(self.RUNNING, related=related(allocations=other))
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


def test_a_new_worker_of_a_running_cluster_waits_and_the_phase_says_so() -> None:
    nodes = [*spec()["nodes"], node("w2", "worker")]
    found = replace(TestPods.RUNNING, spec=spec(nodes=nodes)).steps(2)
    assert pods(found) == PODS
    assert found.sync().status["phase"] == "WaitingNetwork"
    assert network(found)[2].startswith("No address of IPPool default yet for 1 of 3 nodes: w2.")
