"""What a node says of itself is so: it offers what its pod has, and what is too greedy in it dies alone."""

from functools import partial

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import parse_quantity
from testbed.host_cluster import HostCluster
from testbed.kubectl import KubectlError
from testbed.waiting import wait_for
from tests.nested.disk import find_volume
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import build_hungry_pod

SECONDS = 120
MIB = 1024 * 1024
# The node's own programs, and what the kubelet keeps free.
RESERVED = (128 + 100) * MIB


def read_allocatable(virtual: VirtualCluster, node: str) -> tuple[float, int]:
    """CPUs and bytes that the Node offers to pods."""
    found = virtual.inside.get("node", node)["status"]["allocatable"]
    return float(parse_quantity(found["cpu"])), int(parse_quantity(found["memory"]))


def test_node_offers_what_the_limits_of_its_pod_say(running: VirtualCluster) -> None:
    running.wait_for_nodes()
    for node in running.manifest["spec"]["nodes"]:
        limits = node["resources"]["limits"]
        cpu, memory = read_allocatable(running, node["name"])
        assert cpu == float(parse_quantity(limits["cpu"]))
        assert memory == parse_quantity(limits["memory"]) - RESERVED


@pytest.mark.nightly("tests/nested/test_truth.py::test_node_offers_what_the_limits_of_its_pod_say")
def test_pod_that_takes_all_memory_is_ended_alone(web: VirtualCluster) -> None:
    neighbours = read_restarts(web)
    web.inside.apply(build_hungry_pod("hog", "local-worker"))

    def get_end() -> Manifest:
        statuses = web.inside.get("pod", "hog")["status"].get("containerStatuses", [{}])
        end: Manifest = statuses[0].get("state", {}).get("terminated", {})
        return end

    assert wait_for("its end", get_end, SECONDS, web.describe)["exitCode"] == 137
    web.wait_for_nodes()
    assert read_restarts(web) == neighbours
    web.inside.run("delete", "pod", "hog", "--grace-period=0")


def read_restarts(virtual: VirtualCluster) -> dict[str, int]:
    """How often containers have been started again: of the node pods, and of all pods inside but the greedy one."""
    pods = [*virtual.kubectl.get("pods")["items"], *virtual.inside.get("pods", "--all-namespaces")["items"]]
    return {
        pod["metadata"]["name"]: sum(entry["restartCount"] for entry in pod["status"].get("containerStatuses", []))
        for pod in pods
        if pod["metadata"]["name"] != "hog"
    }


def test_pods_inside_have_nothing_of_the_hosts_names_and_limits(web: VirtualCluster) -> None:
    run = partial(web.inside.run, "exec", "on-worker", "--", "/usr/bin/bash", "-c")
    # Where the host's runtime may not raise its own limit, neither may a node.
    most = int(web.kubectl.run("exec", "local-worker", "--", "bash", "-c", "ulimit -Hn"))
    assert int(run("ulimit -n")) == min(1048576, most)
    lines = run("/usr/bin/cat /etc/resolv.conf").splitlines()
    (search,) = [line.split()[1:] for line in lines if line.startswith("search ")]
    assert search == ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"]


def test_node_has_an_empty_kernel_log(running: VirtualCluster) -> None:
    for node in running.nodes:
        assert running.kubectl.run("exec", node, "--", "cat", "/dev/kmsg") == ""


def test_logs_of_pods_inside_are_on_the_state_volume(web: VirtualCluster, machine: HostCluster) -> None:
    volume = find_volume(machine, "local-worker")
    assert volume
    assert list((volume / "vk8s" / "pod-logs").glob("default_on-worker_*/web/0.log"))
    # A new pod of the node finds them again.
    web.replace_pod("local-worker", SECONDS)
    web.wait_for_nodes()
    assert "on-worker" in web.kubectl.run("exec", "local-worker", "--", "ls", "/var/log/pods")


def test_credentials_in_a_worker_make_it_no_other_node(running: VirtualCluster) -> None:
    worker, other = running.nodes[1], running.nodes[0]
    files = running.kubectl.run("exec", worker, "--", "ls", "/vk8s/join").split()
    assert files == ["ca.crt", "client.pem"]
    client = "--client-certificate=/vk8s/join/client.pem", "--client-key=/vk8s/join/client.pem"
    server = f"--server=https://{running.name}-api.{running.host.namespace}.svc.cluster.local:6443"
    run = partial(
        running.kubectl.run,
        "exec",
        worker,
        "--",
        "kubectl",
        server,
        "--certificate-authority=/vk8s/join/ca.crt",
        *client,
    )
    assert run("auth", "whoami", "--output=jsonpath={.status.userInfo.username}") == f"system:node:{worker}"
    for refused in (("annotate", "node", other, "a=b"), ("get", "secrets", "--all-namespaces")):
        with pytest.raises(KubectlError, match=r"(?i)forbidden"):
            run(*refused)
    tokens = "--field-selector=type=bootstrap.kubernetes.io/token", "--namespace=kube-system", "--output=name"
    wait_for("no token", lambda: running.inside.run("get", "secrets", *tokens) == "", SECONDS, running.describe)
