"""Addresses of IPPools for the nodes of many virtual clusters, on a real API server, seen late by everybody."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from hooks.ippool.allocation import API_VERSION
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.network import ADDRESS, CALICO_ADDRESSES
from testbed import controller
from testbed.controller import HOOKS, Options
from testbed.host_cluster import HostCluster
from testbed.waiting import wait_for
from tests.cluster.conftest import own_namespace
from tests.cluster.owner import SECONDS, Owner, build_vk8s, read_condition
from tests.figures import record
from tests.world import node

VK8S, NODES = 100, 5
CROWD_SECONDS = 240
CACHE_DELAY = 2
POOL_SIZE = 9


def build_pool(owner: Owner, *ranges: str, **spec: Any) -> Manifest:
    """The pool of a test. A pool that is deleted is there for ten seconds more, so each has a name of its own."""
    fields = {"ranges": list(ranges), **spec}
    return {"apiVersion": API_VERSION, "kind": "IPPool", "metadata": {"name": owner.namespace}, "spec": fields}


@pytest.fixture(scope="module", autouse=True)
def finished(controlled: HostCluster) -> Iterator[None]:
    """Pools that are deleted are there for ten seconds more; the controller stays as long."""
    yield
    controlled.kubectl.run("delete", "ippools", "--all", f"--timeout={SECONDS}s")


@pytest.fixture
def pooled(owner: Owner) -> Iterator[Owner]:
    """An owner of a namespace, in a host cluster without a pool before and after the test."""
    yield owner
    clear(owner)


@pytest.fixture
def crowd(cluster: HostCluster) -> Iterator["Crowd"]:
    """The same, where everything is seen late; the original can't be made to see late, so it takes its own time."""
    delay = 0 if os.environ.get(controller.BINARY_VARIABLE) else CACHE_DELAY
    controller.start(cluster, Options(cache_delay=delay))
    for owner in own_namespace(cluster):
        yield Crowd(cluster, owner)
        clear(owner)
    controller.start(cluster)


def clear(owner: Owner) -> None:
    """Takes everything away that uses addresses, and the pools."""
    owner.kubectl.run("delete", "vk8s", "--all", f"--timeout={CROWD_SECONDS}s")
    owner.kubectl.run("delete", "ippools", "--all", "--wait=false")


def list_addresses(owner: Owner) -> dict[str, str]:
    """The addresses of all pods, by the pods' names."""
    pods = owner.kubectl.get("pods", "--selector=vk8s.sktelecom.com/component=node")["items"]
    noted = {pod["metadata"]["name"]: pod["metadata"].get("annotations", {}) for pod in pods}
    return {name: annotations[ADDRESS] for name, annotations in noted.items() if ADDRESS in annotations}


def test_nodes_get_keep_and_return_addresses_of_the_default_pool(pooled: Owner) -> None:
    pooled.kubectl.apply(build_pool(pooled, f"10.64.0.1-10.64.0.{POOL_SIZE}", default=True))
    pooled.run_cluster()
    given = list_addresses(pooled)
    assert set(given) == {"m", "w"}
    pods = pooled.children()
    assert pods["Pod/m"]["metadata"]["annotations"][CALICO_ADDRESSES] == f'["{given["m"]}"]'
    nodes = pooled.status()["nodes"]
    assert {entry["name"]: entry["address"] for entry in nodes} == given
    # The test plays the kubelet here, and gives pods other addresses.
    pooled.wait_for_reason("NetworkReady", "AddressIgnored")

    # Lost, paused and resumed, recreated after an edit: each time the same.
    pooled.kubectl.run("delete", "pod", "w", "--wait=false")
    wait_for("another pod", lambda: pooled.has_another(pods["Pod/w"]), SECONDS)
    pooled.kubectl.apply(build_vk8s(paused=True))
    wait_for("no pods", lambda: not list_addresses(pooled), SECONDS)
    pooled.kubectl.apply(build_vk8s())
    wait_for("the same addresses", lambda: list_addresses(pooled) == given, SECONDS)
    resumed = pooled.children()["Pod/w"]
    edited = [node("m", "master"), {**node("w", "worker"), "image": "registry.example.com/vk8s/kink:another"}]
    pooled.kubectl.apply(build_vk8s(nodes=edited))
    wait_for("a pod of another image", lambda: pooled.has_another(resumed), SECONDS)
    assert list_addresses(pooled) == given

    wait_for("the count", lambda: read_status(pooled).get("free") == POOL_SIZE - len(given), SECONDS)
    pooled.kubectl.run("delete", "vk8s", "demo", f"--timeout={SECONDS}s")
    wait_for("all to be free", lambda: not pooled.kubectl.get("ipallocations")["items"], SECONDS)


def read_status(owner: Owner) -> Manifest:
    """Status of the pool; empty while it has none."""
    status: Manifest = owner.kubectl.get("ippool", owner.namespace).get("status", {})
    return status


def test_exhausted_pool_is_reported_and_freed_addresses_reused(pooled: Owner) -> None:
    pooled.kubectl.apply(build_pool(pooled, "10.64.0.1-10.64.0.3"))
    pooled.kubectl.apply(build_vk8s(ipPool=pooled.namespace))
    pooled.wait_for_children("Pod/m", "Pod/w")
    nodes = [node("other-m", "master"), node("other-w", "worker")]
    pooled.kubectl.apply(build_vk8s("other", nodes=nodes, ipPool=pooled.namespace))
    said = f"No address of IPPool {pooled.namespace}, which has none left, for 1 of 2 nodes: other-"
    wait_for(
        "the sentence",
        lambda: said in str(pooled.condition("NetworkReady", "other").get("message")),
        SECONDS,
        lambda: str(pooled.status("other")),
    )
    assert pooled.status("other")["phase"] == "WaitingNetwork"
    # The status is written before the pod whose node has an address exists.
    wait_for("a pod for each address", lambda: len(list_addresses(pooled)) == 3, SECONDS)
    # What is in use stays, although it is not in the range any more.
    before = list_addresses(pooled)
    pooled.kubectl.apply(build_pool(pooled, "10.64.0.1"))
    notice = "Not in the spec, and kept until their nodes are gone: 10.64.0."
    wait_for("the notice", lambda: notice in describe_pool(pooled), SECONDS, lambda: describe_pool(pooled))
    assert list_addresses(pooled) == before
    pooled.kubectl.apply(build_pool(pooled, "10.64.0.1-10.64.0.3"))
    pooled.kubectl.run("delete", "vk8s", "demo", f"--timeout={SECONDS}s")
    wait_for("its pods", lambda: {"other-m", "other-w"} <= list_addresses(pooled).keys(), SECONDS)


def describe_pool(owner: Owner) -> str:
    """Message of the pool's condition Ready."""
    return str(read_condition(read_status(owner), "Ready").get("message"))


def test_later_pool_changes_no_pod_until_it_is_recreated(pooled: Owner) -> None:
    pooled.run_cluster()
    before = {name: child["metadata"]["uid"] for name, child in pooled.children().items()}
    pooled.kubectl.apply(build_pool(pooled, f"10.64.0.1-10.64.0.{POOL_SIZE}", default=True))
    pooled.wait_for_reason("NetworkReady", "Allocated")
    assert {name: child["metadata"]["uid"] for name, child in pooled.children().items()} == before
    assert list_addresses(pooled) == {}
    pooled.kubectl.run("delete", "pod", "w", "--wait=false")
    allocated = {each["name"]: each["address"] for each in pooled.status()["nodes"]}
    wait_for("its address", lambda: list_addresses(pooled) == {"w": allocated["w"]}, SECONDS)


@pytest.mark.nightly("tests/unit/vk8s/plan/test_addresses.py")
def test_vk8s_with_addresses_is_left_alone(pooled: Owner) -> None:
    pooled.kubectl.apply(build_pool(pooled, f"10.64.0.1-10.64.0.{POOL_SIZE}", default=True))
    pooled.run_cluster()
    pooled.check_stillness()


@dataclass
class Crowd:
    """Many virtual clusters of one owner, and what was seen of their addresses."""

    host: HostCluster
    owner: Owner
    duplicates: set[str] = field(default_factory=set)

    def build(self, number: int) -> Manifest:
        """One of them."""
        workers = [node(f"n{number}-{index}", "worker") for index in range(1, NODES)]
        return build_vk8s(f"crowd-{number}", nodes=[node(f"n{number}-0", "master"), *workers])

    def look(self) -> dict[str, str]:
        """The addresses of all pods, by pod; of those that two have at one moment, a note is made."""
        found = list_addresses(self.owner)
        self.duplicates |= {address for address, count in Counter(found.values()).items() if count > 1}
        return found

    def wait_for_addresses(self, count: int) -> None:
        """Returns when so many pods have one."""
        wait_for(f"{count} addresses", lambda: len(self.look()) >= count, CROWD_SECONDS, lambda: str(len(self.look())))

    def list_lost(self) -> set[str]:
        """Addresses that are allocated to no existing node."""
        live = {each["metadata"]["uid"]: each for each in self.owner.kubectl.get("vk8s")["items"]}
        return {
            each["metadata"]["name"]
            for each in self.owner.kubectl.get("ipallocations")["items"]
            if not is_used(each["spec"], live)
        }

    def has_settled(self, numbers: Iterable[int]) -> bool:
        """Whether each node of each has a pod with the address that the node has, and no address is lost."""
        allocations = self.owner.kubectl.get("ipallocations")["items"]
        held = {each["spec"]["node"]: each["spec"]["address"] for each in allocations}
        wanted = {each["name"] for number in numbers for each in self.build(number)["spec"]["nodes"]}
        return self.look() == held and set(held) == wanted and len(allocations) == len(held) and not self.list_lost()


def is_used(spec: Manifest, live: dict[str, Manifest]) -> bool:
    """Whether the node of an allocation is one of those of a Vk8s that is there."""
    vk8s = live.get(spec["vk8s"]["uid"])
    return vk8s is not None and spec["node"] in [each["name"] for each in vk8s["spec"]["nodes"]]


@pytest.mark.nightly("tests/properties/test_ippool.py")
def test_hundred_changing_clusters_never_share_an_address(crowd: Crowd) -> None:
    kubectl, log = crowd.owner.kubectl, crowd.host.testbed.logs / f"{HOOKS}.log"
    start = len(log.read_text())
    # Just as many as there are nodes: who comes again waits for what is given back.
    kubectl.apply(build_pool(crowd.owner, "10.64.0.1-10.64.1.244", default=True))
    kubectl.apply(*(crowd.build(number) for number in range(VK8S)))

    crowd.wait_for_addresses(50)
    deleted = range(0, VK8S, 5)
    names = [f"crowd-{number}" for number in deleted]
    kubectl.run("delete", "vk8s", *names, "--wait=false")
    controller.start_hooks(crowd.host)
    kubectl.run("wait", "--for=delete", *(f"vk8s/{name}" for name in names), f"--timeout={CROWD_SECONDS}s")
    # Half of them come again under their names, while the rest is still being given addresses.
    again = deleted[::2]
    kubectl.apply(*(crowd.build(number) for number in again))
    crowd.wait_for_addresses(200)
    controller.start_hooks(crowd.host)

    there = [number for number in range(VK8S) if number not in deleted or number in again]
    wait_for("everybody", lambda: crowd.has_settled(there), CROWD_SECONDS, lambda: str(crowd.list_lost()))
    record("ip_duplicates", len(crowd.duplicates))
    record("ip_leaks", len(crowd.list_lost()))
    calls = re.findall(r" ippool/sync .* status=200 ", log.read_text()[start:])
    assert calls
    record("ip_pool_calls", len(calls))
    assert crowd.duplicates == set()

    kubectl.run("delete", "vk8s", "--all", f"--timeout={CROWD_SECONDS}s")
    wait_for("all to be free", lambda: not kubectl.get("ipallocations")["items"], SECONDS)
