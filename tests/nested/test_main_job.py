"""From `kubectl apply` of examples/local.yaml to a working cluster, and through losses."""

import base64
from collections.abc import Callable
from functools import partial

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.host_cluster import HostCluster
from testbed.kubectl import has_condition
from testbed.waiting import wait_for
from tests.nested.limits import RECOVERY_SECONDS, check_time
from tests.nested.virtual import VirtualCluster, list_ready_nodes
from tests.nested.workload import fetch_name, fetch_name_by_address

MASTER_SECONDS, WORKER_SECONDS = 15, 10
# kube-proxy asks an API server that was away again after up to a minute.
TRAFFIC_SECONDS = 90


def assert_pods_reach_each_other(virtual: VirtualCluster) -> None:
    for client, server in (("on-master", "on-worker"), ("on-worker", "on-master")):
        wait_for_answer(partial(fetch_name_by_address, virtual.inside, client, server), server)
        for name in (server, f"{server}.default.svc.cluster.local"):
            wait_for_answer(partial(fetch_name, virtual.inside, client, name), server)


def wait_for_answer(fetch: Callable[[], str | None], server: str) -> None:
    """Waits until that server answers: after a loss, another pod may have its previous address for a moment."""
    wait_for(f"{server}, by {fetch}", lambda: fetch() == server, TRAFFIC_SECONDS, lambda: f"There was {fetch()}.")


def test_status_says_what_is_there(running: VirtualCluster) -> None:
    status = running.kubectl.get("vk8s", "local")["status"]
    assert status["readyNodes"] == "2/2"
    assert [node["name"] for node in status["nodes"]] == ["local-master", "local-worker"]
    conditions = {entry["type"]: entry["status"] for entry in status["conditions"]}
    assert set(conditions) == {
        *(
            "Accepted",
            "ChildrenObserved",
            "NetworkReady",
            "AccessReady",
            "ControlPlaneReady",
            "WorkersReady",
            "Installed",
            "Ready",
        )
    }
    assert {state for kind, state in conditions.items() if kind != "AccessReady"} == {"True"}


def test_kubectl_get_shows_phase_and_nodes(running: VirtualCluster) -> None:
    header, line = running.kubectl.run("get", "vk8s", "local").splitlines()
    assert header.split() == ["NAME", "PHASE", "NODES", "AGE"]
    assert line.split()[:3] == ["local", "Running", "2/2"]


def test_running_means_that_both_nodes_are_ready_by_the_kubeconfig(running: VirtualCluster) -> None:
    assert list_ready_nodes(running.inside) == running.nodes


def test_ready_pod_is_a_ready_node_at_the_same_address(running: VirtualCluster) -> None:
    for node in running.nodes:
        pod = running.kubectl.get("pod", node)
        assert has_condition(pod)
        addresses = running.inside.get("node", node)["status"]["addresses"]
        assert {"type": "InternalIP", "address": pod["status"]["podIP"]} in addresses


def test_coredns_is_available(running: VirtualCluster) -> None:
    inside = running.inside
    wait_for(
        "CoreDNS",
        lambda: has_condition(inside.find("deployment", "coredns", "--namespace=kube-system"), "Available"),
        TRAFFIC_SECONDS,
    )


def test_pods_on_two_nodes_reach_each_other_by_address_and_by_service_name(web: VirtualCluster) -> None:
    assert_pods_reach_each_other(web)


def test_node_logs_its_boot_step_by_step(running: VirtualCluster) -> None:
    for node in running.nodes:
        lines = running.kubectl.run("logs", node).splitlines()
        # A worker that has joined before has little to tell.
        assert 3 <= len(lines) <= 40
        assert "starts at" in lines[0]
        assert any("Ready: " in line for line in lines)
        assert [line for line in lines if not line.endswith(".")] == []


def read_secrets(virtual: VirtualCluster) -> set[str]:
    """All that is secret in a virtual cluster, as it is and as a Secret has it."""
    secrets = [virtual.kubectl.get("secret", f"local-{name}")["data"] for name in ("pki", "join", "kubeconfig")]
    values = {value for data in secrets for value in data.values()}
    texts = {base64.b64decode(value).decode().strip() for value in values}
    assert len(texts) >= 10
    return values | texts


def test_each_package_in_a_node_brings_its_licence(running: VirtualCluster) -> None:
    """They have to be passed on together with the image."""
    each = "for name in $(dpkg-query --show --showformat='${Package} '); do"
    lacking = f"{each} test -e /usr/share/doc/$name/copyright || echo $name; done"
    assert running.kubectl.run("exec", "local-master", "--", "sh", "-c", lacking) == ""


def test_no_secret_is_in_the_logs_of_nodes(running: VirtualCluster) -> None:
    secrets = read_secrets(running)
    for node in running.nodes:
        log = running.kubectl.run("logs", node)
        assert not [text for text in secrets if text in log]


def test_no_secret_is_in_the_logs_of_programs(running: VirtualCluster, machine: HostCluster) -> None:
    secrets = read_secrets(running)
    for path in machine.testbed.logs.glob("*.log"):
        log = path.read_text()
        assert not [text for text in secrets if text in log]


@pytest.mark.exclusive
def test_lost_control_plane_pod_returns_with_its_data(web: VirtualCluster) -> None:
    inside = web.inside
    inside.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}, "data": {"a": "b"}})
    node, pod = inside.get("node", "local-master"), web.kubectl.get("pod", "local-master")

    check_time("master_recovery_s", MASTER_SECONDS, lambda: web.replace_pod("local-master", RECOVERY_SECONDS))

    assert_is_same_node_at_new_address(web, node, pod)
    assert inside.get("configmap", "kept")["data"] == {"a": "b"}
    assert web.wait_for_phase("Running")["status"]["readyNodes"] == "2/2"
    assert_pods_reach_each_other(web)


@pytest.mark.exclusive
def test_lost_worker_returns_as_the_same_node(web: VirtualCluster) -> None:
    node, pod = web.inside.get("node", "local-worker"), web.kubectl.get("pod", "local-worker")
    check_time("worker_recovery_s", WORKER_SECONDS, lambda: web.replace_pod("local-worker", RECOVERY_SECONDS))
    assert_is_same_node_at_new_address(web, node, pod)
    assert_pods_reach_each_other(web)


def assert_is_same_node_at_new_address(virtual: VirtualCluster, node: Manifest, pod: Manifest) -> None:
    name = node["metadata"]["name"]
    again, successor = virtual.inside.get("node", name), virtual.kubectl.get("pod", name)
    assert again["metadata"]["uid"] == node["metadata"]["uid"]
    assert has_condition(again)
    assert successor["status"]["podIP"] != pod["status"]["podIP"]
    assert {"type": "InternalIP", "address": successor["status"]["podIP"]} in again["status"]["addresses"]
