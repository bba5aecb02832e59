"""The chart in a cluster, with Helm 3 and Helm 4: from the first installation to an end that leaves nothing behind."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.host_cluster import HostCluster
from tests.charts.helm import VERSIONS, Result, build_helm
from tests.figures import record
from tests.install.conftest import bring_installer, bring_virtual_cluster, wait_for_an_answer
from tests.install.release import Release
from tests.install.test_install import list_pods, list_refusals
from tests.nested.virtual import VirtualCluster

KEPT = ("vk8s", "ippools", "ipallocations")


@pytest.fixture(params=VERSIONS)
def release(request: pytest.FixtureRequest, host_with_node: HostCluster, tmp_path: Path) -> Iterator[Release]:
    """A release that nobody has installed yet, in a cluster that has Metacontroller's CRDs."""
    for installer in bring_installer(host_with_node, tmp_path):
        release = Release(build_helm(request.param, tmp_path), installer)
        release.apply_metacontroller_crds()
        yield release
        release.uninstall()


def succeed(result: Result) -> str:
    """What Helm has printed."""
    assert result.returncode == 0, result.stderr
    return result.stdout


def list_crds(release: Release) -> list[str]:
    """Our own CRDs that exist."""
    return [each for each in KEPT if release.installer.kubectl.succeeds("get", "crd", f"{each}.vk8s.sktelecom.com")]


def list_programs(release: Release) -> dict[str, str]:
    """Names and uids of the pods of hooks and Metacontroller; those of Jobs may take a moment to go."""
    pods = list_pods(release.installer).items()
    return {name: uid for name, uid in pods if not name.startswith(("vk8s-setup", "vk8s-guard"))}


def read_settings(release: Release) -> object:
    """What the setup has found, with the version of the object."""
    return release.installer.system.get("configmap", "vk8s-hooks-host")


@pytest.mark.nightly("tests/kind/test_newcomer.py")
@pytest.mark.parametrize("release", ["helm4"], indirect=True)
def test_release_lives_from_install_to_uninstall(release: Release, host_with_node: HostCluster) -> None:
    check_life(release, host_with_node)


@pytest.mark.nightly("tests/charts/test_manifests.py")
@pytest.mark.parametrize("release", ["helm3"], indirect=True)
def test_release_of_helm_3_lives_from_install_to_uninstall(release: Release, host_with_node: HostCluster) -> None:
    check_life(release, host_with_node)


def check_life(release: Release, host_with_node: HostCluster) -> None:
    """Installation, upgrade, an uninstallation that is refused, and one that leaves nothing behind but CRDs."""
    start = time.monotonic()
    notes = succeed(release.install())
    record("helm_install_s", time.monotonic() - start)
    assert "pod-security.kubernetes.io/enforce=restricted" in notes
    assert not [each for each in release.list_objects() if "setup" in each or "guard" in each]
    virtual = bring_virtual_cluster(release.installer, host_with_node)
    check_upgrade(release, virtual)
    check_refusal(release, virtual)
    virtual.ensure_absent()
    succeed(release.uninstall())
    assert release.list_objects() == []
    assert list_crds(release) == list(KEPT)


def check_upgrade(release: Release, virtual: VirtualCluster) -> None:
    """Other settings: the hooks restart with them, keys and virtual clusters stay."""
    pods, keys = list_programs(release), release.installer.read_keys()
    node = virtual.kubectl.get("pod", *virtual.nodes)["metadata"]["uid"]
    succeed(release.upgrade(values={"settings": {"ca_days": 100}}))
    assert release.installer.read_keys() == keys
    # Those of Metacontroller.
    assert len(list_programs(release).keys() & pods.keys()) == 2
    wait_for_an_answer(virtual, "with-other-settings")
    assert virtual.kubectl.get("pod", *virtual.nodes)["metadata"]["uid"] == node
    assert list_refusals(release.installer) == []


def check_refusal(release: Release, virtual: VirtualCluster) -> None:
    """While a virtual cluster lives, nothing is uninstalled, and Helm says why."""
    before = list_programs(release)
    result = release.uninstall()
    assert result.returncode != 0
    assert f"These still exist: vk8s default/{virtual.name}." in result.stdout + result.stderr
    assert list_programs(release) == before
    wait_for_an_answer(virtual, "after-the-refusal")


@pytest.mark.nightly("tests/charts/test_manifests.py")
def test_release_takes_over_from_the_installer(release: Release, host_with_node: HostCluster) -> None:
    """And no pod restarts: the objects are the same, keys stay, and the setup finds what the installer has found."""
    installer = release.installer
    assert installer.install().returncode == 0
    virtual = bring_virtual_cluster(installer, host_with_node)
    before = (list_programs(release), installer.read_keys(), read_settings(release))
    assert "invalid ownership metadata" in release.install().stderr
    succeed(release.install("--take-ownership"))
    assert (list_programs(release), installer.read_keys(), read_settings(release)) == before
    wait_for_an_answer(virtual, "under-helm")
    succeed(release.upgrade())
    assert list_programs(release) == before[0]
    virtual.ensure_absent()
    succeed(release.uninstall())
    assert release.list_objects() == []


@pytest.mark.nightly("tests/charts/test_manifests.py")
def test_uninstall_deletes_virtual_clusters_where_it_may(release: Release, host_with_node: HostCluster) -> None:
    succeed(release.install(values={"uninstall": {"deleteVirtualClusters": True}}))
    virtual = bring_virtual_cluster(release.installer, host_with_node)
    succeed(release.uninstall())
    assert not virtual.kubectl.succeeds("get", "vk8s", virtual.name)
    assert release.list_objects() == []


@pytest.mark.nightly("tests/charts/test_manifests.py")
def test_cluster_without_metacontrollers_crds_is_reported(release: Release) -> None:
    kinds = ("compositecontrollers", "decoratorcontrollers", "controllerrevisions")
    release.installer.kubectl.run("delete", "crd", *(f"{each}.metacontroller.k8s.io" for each in kinds))
    result = release.install()
    assert result.returncode != 0
    assert "Metacontroller's CRDs are not in this cluster. Apply them first" in result.stderr
    assert release.list_objects() == []
