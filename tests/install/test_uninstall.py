"""uninstall.sh: the end of everything, in an order that leaves nothing that nobody could delete."""

import json

import pytest

from testbed.host_cluster import HostCluster
from testbed.waiting import wait_for
from tests.install.conftest import bring_virtual_cluster
from tests.install.installer import Installer
from tests.nested.virtual import VirtualCluster

SECONDS = 60


@pytest.fixture
def virtual(installer: Installer, host_with_node: HostCluster) -> VirtualCluster:
    """A virtual cluster, made by a product that was installed for this test alone."""
    result = installer.install()
    assert result.returncode == 0, result.stderr
    return bring_virtual_cluster(installer, host_with_node)


@pytest.mark.nightly("tests/unit/setup/test_guard.py")
def test_uninstall_ends_virtual_clusters_first(installer: Installer, virtual: VirtualCluster) -> None:
    result = installer.uninstall("--yes")
    assert result.returncode == 0, result.stderr
    assert f"Waiting for the end of default/{virtual.name}" in result.stderr
    assert list_remains(installer) == []


@pytest.mark.nightly("tests/unit/test_setup_commands.py")
def test_uninstall_leaves_nothing_over(installer: Installer, virtual: VirtualCluster) -> None:
    """Where nobody can end a virtual cluster, it stops, says so, and goes on when it is run again."""
    scale = ["scale", "deployment", "vk8s-hooks", "--timeout=60s"]
    installer.system.run(*scale, "--replicas=0")
    selector = "--selector=app.kubernetes.io/name=vk8s-hooks"
    wait_for("the end of the hooks", lambda: not installer.system.get("pods", selector)["items"], SECONDS)
    result = installer.uninstall("--yes", "--timeout", "5")
    assert result.returncode == 1
    assert "The hooks don't run, and only they and Metacontroller can release them" in result.stderr
    assert installer.kubectl.succeeds("get", "vk8s", virtual.name)
    installer.system.run(*scale, "--replicas=2")
    again = installer.run("make", "undeploy", "ARGS=--yes")
    assert again.returncode == 0, again.stderr
    assert list_remains(installer) == []


def list_remains(installer: Installer) -> list[str]:
    """What of the product, and of virtual clusters, is still in the cluster."""
    kinds = "namespaces,crd,clusterroles,clusterrolebindings,pods,persistentvolumeclaims,persistentvolumes,secrets"
    names = installer.kubectl.run("get", kinds, "--all-namespaces", "--output=json")
    found = [f"{each['kind']} {each['metadata']['name']}" for each in json.loads(names)["items"]]
    return [name for name in found if any(part in name for part in ("vk8s", "metacontroller", "local-"))]
