"""A host cluster with a node that knows the images, and somebody who installs into it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import builds, host_cluster
from testbed.host_cluster import HostCluster
from testbed.layout import INSTALL_TESTS
from testbed.waiting import wait_for
from tests.install.installer import Installer
from tests.machine import at_work, require_testbed
from tests.nested.host import build_testbed_host, read_example
from tests.nested.virtual import VirtualCluster

LABEL = "answered"
ANSWER_SECONDS = 120


@pytest.fixture(scope="package")
def host() -> Iterator[HostCluster]:
    """The host cluster. Nothing of the product is in it but what tests bring, and they clean up after themselves."""
    require_testbed()
    with at_work():
        host_cluster.remove(INSTALL_TESTS)
        try:
            host = HostCluster(INSTALL_TESTS, builds.build_binaries())
            host.start_control_plane()
            yield host
        finally:
            host_cluster.remove(INSTALL_TESTS)


@pytest.fixture(scope="package")
def host_with_node(host: HostCluster) -> HostCluster:
    """The same, with a node that runs pods."""
    host.start_node()
    images = (
        builds.build_pause_image, builds.build_access_image, builds.build_node_image, builds.build_controller_image,
        builds.build_metacontroller_image,
    )  # fmt: skip
    for build in images:
        host.import_image(build())
    return host


@pytest.fixture
def installer(host: HostCluster, tmp_path: Path) -> Iterator[Installer]:
    """Somebody with a clone of the project and a kubeconfig; nothing is installed, and nothing is left."""
    yield from bring_installer(host, tmp_path)


@pytest.fixture(scope="module")
def installed(host_with_node: HostCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installer]:
    """The same for all tests of a file, who has installed the product, and all of it runs."""
    for installer in bring_installer(host_with_node, tmp_path_factory.mktemp("installer")):
        result = installer.install()
        assert result.returncode == 0, result.stderr
        yield installer


@pytest.fixture(scope="module")
def virtual(installed: Installer, host_with_node: HostCluster) -> VirtualCluster:
    """A virtual cluster of a control-plane node alone, Running, created by the installed hooks."""
    return bring_virtual_cluster(installed, host_with_node)


def bring_installer(host: HostCluster, directory: Path) -> Iterator[Installer]:
    """An installer on a clean host; cleans up afterwards."""
    installer = Installer(host.kubectl, directory)
    installer.clear()
    yield installer
    installer.clear()


def name_image(host: HostCluster, image: str, name: str) -> None:
    """Gives an image that the host's node knows another name, too."""
    subprocess.run([*host.ctr, "image", "tag", "--force", image, name], check=True, capture_output=True)


def wait_for_an_answer(virtual: VirtualCluster, value: str) -> None:
    """Waits until the hooks have answered a change of the Vk8s: a label goes to its children."""
    virtual.kubectl.run("label", "vk8s", virtual.name, f"{LABEL}={value}", "--overwrite")

    def is_answered() -> bool:
        labels = virtual.kubectl.get("service", f"{virtual.name}-api")["metadata"]["labels"]
        return bool(labels.get(LABEL) == value)

    wait_for("an answer of the hooks", is_answered, ANSWER_SECONDS)


def bring_virtual_cluster(installer: Installer, host: HostCluster) -> VirtualCluster:
    """The control-plane node of examples/local.yaml, Running."""
    local = read_example()
    spec = {**local["spec"], "nodes": local["spec"]["nodes"][:1]}
    virtual = VirtualCluster(build_testbed_host(host), {**local, "spec": spec}, installer.directory)
    virtual.ensure_running()
    return virtual
