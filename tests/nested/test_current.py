"""The testbed's host cluster as if it were any: what `make test-e2e CLUSTER=current` begins and ends with."""

from pathlib import Path

import pytest

from testbed.host_cluster import HostCluster
from tests.nested.current import Target, use_cluster
from tests.nested.host import Host
from tests.nested.virtual import VirtualCluster


def read_uids(virtual: VirtualCluster, kind: str) -> dict[str, str]:
    """The uid of each object of a kind, in all namespaces."""
    items = virtual.kubectl.get(kind, "--all-namespaces")["items"]
    return {item["metadata"]["name"]: item["metadata"]["uid"] for item in items}


@pytest.mark.nightly("tests/kind/test_hosts.py::test_status_and_api_show_all_nodes")
def test_cluster_is_reached_by_kubectl_alone_and_left_as_it_was(
    running: VirtualCluster, machine: HostCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KUBECONFIG", "PATH"):
        monkeypatch.setenv(name, running.host.environment[name])
    before = {kind: read_uids(running, kind) for kind in ("namespaces", "vk8s")}
    with use_cluster(Target(running.host.images)) as current:
        labels = running.kubectl.get("namespace", current.namespace)["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "privileged"
        # Its own namespace is where kubectl looks, with the same kubeconfig in a shell.
        assert [pod["metadata"]["name"] for pod in current.kubectl.get("pods")["items"]] == ["client"]
        assert current.client.address == machine.testbed.address
        check_client(running, current)
    assert {kind: read_uids(running, kind) for kind in before} == before


def check_client(running: VirtualCluster, current: Host) -> None:
    """What tests do at its places: names of Services, NodePorts, programs, files with content."""
    client, port = current.client, str(running.manifest["spec"]["accessPodPort"])
    assert client.network.run("getent", "hosts", "local-api.default.svc.cluster.local").returncode == 0
    assert client.network.run(client.kubectl, "version", "--client").returncode == 0
    assert client.outside.run("curl", "--version").returncode == 0
    assert client.address in client.ssh.run("ssh-keyscan", "-p", port, client.address).stdout
    client.ssh.write(Path("/tmp/some/file"), "content\n")  # noqa: S108 in a pod of its own
    assert client.ssh.run("cat", "/tmp/some/file").stdout == "content\n"  # noqa: S108
    assert client.ssh.run("cat", stdin="typed").stdout == "typed"
    assert client.ssh.run("false").returncode == 1
