"""A virtual cluster over several hosts: traffic between them, and hosts that are drained."""

from functools import partial

import pytest

from testbed.kubectl import KubectlError
from testbed.waiting import wait_for
from tests.kind.page import follow
from tests.kind.placing import read_hosts
from tests.nested.limits import RECOVERY_SECONDS
from tests.nested.test_main_job import assert_is_same_node_at_new_address, assert_pods_reach_each_other
from tests.nested.virtual import VirtualCluster, list_ready_nodes
from tests.nested.workload import LARGE_PATH, NAME_PATH, PORT, WEB, build_node_port_service

NODE_PORT = 30000
SECONDS = 90


def fetch_from(virtual: VirtualCluster, host: str) -> str:
    """The name of the web pod that answers at the port of a host."""
    addresses = virtual.kubectl.get("node", host)["status"]["addresses"]
    (address,) = (each["address"] for each in addresses if each["type"] == "InternalIP")
    url = f"http://{address}:{NODE_PORT}{NAME_PATH}"
    return virtual.host.client.outside.run("curl", "--silent", "--fail", "--max-time", "5", url).stdout


def digest_inside(virtual: VirtualCluster, pod: str, command: str) -> str:
    """The SHA-256 of what a command prints in a pod of the virtual cluster; empty where it fails."""
    try:
        # Debian's /usr is the node's; a pod of its own programs has no /bin.
        script = f"set -o pipefail; {command} | /usr/bin/sha256sum"
        return virtual.inside.run("exec", pod, "--", "/usr/bin/bash", "-c", script).split()[0]
    except KubectlError:
        return ""


def test_status_and_api_show_all_nodes(running: VirtualCluster) -> None:
    status = running.kubectl.get("vk8s", running.name)["status"]
    assert (status["phase"], status["readyNodes"]) == ("Running", "3/3")
    assert list_ready_nodes(running.inside) == running.nodes
    for node in running.nodes:
        pod = running.kubectl.get("pod", node)
        addresses = running.inside.get("node", node)["status"]["addresses"]
        assert {"type": "InternalIP", "address": pod["status"]["podIP"]} in addresses


def test_control_plane_and_workers_are_on_different_hosts(running: VirtualCluster) -> None:
    """By default: with two hosts that take pods, the loss of one takes either."""
    hosts = read_hosts(running)
    assert hosts["local-master"] not in {hosts["local-worker"], hosts["local-worker2"]}


def test_pods_on_two_hosts_reach_each_other_by_address_service_and_dns(web: VirtualCluster) -> None:
    assert_pods_reach_each_other(web)


def test_large_file_arrives_intact_on_another_host(web: VirtualCluster) -> None:
    address = web.inside.get("pod", "on-worker")["status"]["podIP"]
    fetch = f"/usr/bin/curl --silent --fail http://{address}:{PORT}{LARGE_PATH}"
    there = digest_inside(web, "on-worker", f"/usr/bin/cat {LARGE_PATH}")
    assert there
    wait_for("the file", lambda: digest_inside(web, "on-master", fetch) == there, SECONDS)


@pytest.mark.nightly("tests/kind/test_network_policies.py")
def test_port_is_reached_through_each_host(web: VirtualCluster) -> None:
    hosts = [node["metadata"]["name"] for node in web.kubectl.get("nodes")["items"]]
    assert len(hosts) == 3
    for pod in WEB:
        web.inside.apply(build_node_port_service(pod, NODE_PORT))
        for host in hosts:
            wait_for(f"{pod} through {host}", partial(is_answered, web, host, pod), SECONDS)
        web.inside.run("delete", "service", f"{pod}-node-port")


def is_answered(virtual: VirtualCluster, host: str, pod: str) -> bool:
    return fetch_from(virtual, host) == pod


@pytest.mark.nightly("tests/nested/test_main_job.py")
@pytest.mark.parametrize("name", ["local-master", "local-worker"])
def test_lost_node_returns_with_its_data(web: VirtualCluster, name: str) -> None:
    inside = web.inside
    inside.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}, "data": {"a": name}})
    node, pod, hosts = inside.get("node", name), web.kubectl.get("pod", name), read_hosts(web)
    web.replace_pod(name, RECOVERY_SECONDS)
    assert_is_same_node_at_new_address(web, node, pod)
    assert inside.get("configmap", "kept")["data"] == {"a": name}
    # Where its volume is.
    assert read_hosts(web) == hosts
    assert_pods_reach_each_other(web)


@pytest.mark.nightly("tests/unit/vk8s/plan/test_disruptions.py")
def test_drained_host_gets_its_nodes_back(web: VirtualCluster) -> None:
    hosts = read_hosts(web)
    host = hosts["local-worker"]
    elsewhere = [node for node in web.nodes if hosts[node] != host]
    before = read_uids(web, elsewhere)
    try:
        follow(web, "Drain a host", host)
        wait_for("a status that says so", lambda: says_that_only(web, elsewhere), SECONDS, web.describe)
        assert read_uids(web, elsewhere) == before
    finally:
        web.kubectl.run("uncordon", host)
    assert web.wait_for_phase("Running")["status"]["readyNodes"] == "3/3"
    assert read_hosts(web) == hosts
    assert_pods_reach_each_other(web)


def read_uids(virtual: VirtualCluster, nodes: list[str]) -> list[str]:
    return [virtual.kubectl.get("pod", node)["metadata"]["uid"] for node in nodes]


def says_that_only(virtual: VirtualCluster, nodes: list[str]) -> bool:
    """Whether the status has only these nodes Ready, and names the others."""
    status = virtual.kubectl.get("vk8s", virtual.name)["status"]
    (ready,) = (each for each in status["conditions"] if each["type"] == "Ready")
    names_others = all(node in ready["message"] for node in virtual.nodes if node not in nodes)
    return status["readyNodes"] == f"{len(nodes)}/3" and status["phase"] != "Running" and names_others
