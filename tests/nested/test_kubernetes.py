"""Other versions of Kubernetes: a newer node image upgrades a cluster; an impossible one is rejected with a message."""

import os
import time
from copy import deepcopy
from dataclasses import replace

import pytest

from testbed import builds
from testbed.host_cluster import HostCluster
from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.api_writer import write_meanwhile
from tests.nested.disk import get_stamp
from tests.nested.kept import Kept, keep_something
from tests.nested.members import wait_for_members
from tests.nested.virtual import VirtualCluster

SECONDS = 180
# The longest time without an acknowledged write, with three control-plane nodes.
UPGRADE_GAP_SECONDS = 5
# Each other version is a quarter of an hour of building, so its tests are asked for.
REQUIRED = "VK8S_UPGRADE_TESTS"
PREVIOUS_IMAGE = "registry.example.com/vk8s/kink:v1.34.3"
NEXT_IMAGE = "registry.example.com/vk8s/kink:v1.35.4"


def read_message(virtual: VirtualCluster) -> str:
    """The message of condition ControlPlaneReady."""
    conditions = virtual.kubectl.get("vk8s", virtual.name)["status"]["conditions"]
    return next(str(entry["message"]) for entry in conditions if entry["type"] == "ControlPlaneReady")


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_state_volume.py")
@pytest.mark.parametrize(
    ("former", "sentence"),
    [
        ("v1.35.0", "This node ran Kubernetes v1.35.0 and its image has v1.34.4: a downgrade is not possible."),
        ("v1.32.9", "This node ran Kubernetes v1.32.9 and its image has v1.34.4: take one minor version at a time."),
    ],
    ids=["a downgrade", "a skipped minor version"],
)
def test_impossible_upgrade_is_rejected_and_the_old_image_boots(
    running: VirtualCluster, machine: HostCluster, former: str, sentence: str
) -> None:
    # As if it had been another image's boot that wrote the volume last.
    stamp = get_stamp(machine)
    version = stamp.read_text()
    stamp.write_text(f"{former}\n")
    kill_master(running)
    wait_for("the sentence", lambda: sentence in read_message(running), SECONDS, running.describe)
    stamp.write_text(version)
    running.wait_for_phase("Running")
    running.wait_for_nodes()


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_master_again.py")
def test_upgrade_that_has_begun_to_write_cannot_be_undone(running: VirtualCluster, machine: HostCluster) -> None:
    # As if the control plane of a newer image had started, and its boot had not come to an end.
    stamp = get_stamp(machine).with_name("kubernetes-upgrade")
    stamp.write_text("v1.35.4\n")
    kill_master(running)
    sentence = "The upgrade of this node to Kubernetes v1.35.4 has already written data, and its image has v1.34.4"
    wait_for("the sentence", lambda: sentence in read_message(running), SECONDS, running.describe)
    stamp.write_text("v1.34.4\n")
    running.wait_for_phase("Running")
    running.wait_for_nodes()
    wait_for("a complete boot", lambda: not stamp.exists(), SECONDS, running.describe)


def kill_master(virtual: VirtualCluster) -> None:
    virtual.kubectl.run("delete", "pod", "local-master", "--wait=false")


def with_image(virtual: VirtualCluster, image: str) -> VirtualCluster:
    """The virtual cluster with another image in its file, for all nodes."""
    manifest = deepcopy(virtual.manifest)
    nodes = [{**node, "image": image} for node in manifest["spec"]["nodes"]]
    return replace(virtual, manifest={**manifest, "spec": {**manifest["spec"], "nodes": nodes}})


needs_builds = pytest.mark.skipif(
    os.environ.get(REQUIRED) != "required", reason="`make upgrade-test` builds other versions of Kubernetes"
)


def check_upgrade(kept: Kept, after: VirtualCluster, figure: str) -> str:
    """Upgrades the cluster to the image of `after`, and checks that all of it is of that version, which is returned."""
    start = time.monotonic()
    after.ensure_running()
    record(figure, time.monotonic() - start)
    kept.check()
    return check_version(after)


def check_version(after: VirtualCluster) -> str:
    """Checks that all of a cluster is of the version of its image, which is returned."""
    inside = after.inside
    version = after.manifest["spec"]["nodes"][0]["image"].rpartition(":")[2]
    assert {node["status"]["nodeInfo"]["kubeletVersion"] for node in inside.get("nodes")["items"]} == {version}
    assert f'"gitVersion": "{version}"' in inside.run("get", "--raw", "/version")
    assert version in str(inside.get("configmap", "kubeadm-config", "--namespace=kube-system")["data"])
    inside.run("rollout", "status", "daemonset/kube-proxy", "--namespace=kube-system", f"--timeout={SECONDS}s")
    proxies = inside.get("pods", "--namespace=kube-system", "--selector=k8s-app=kube-proxy")["items"]
    assert {pod["spec"]["containers"][0]["image"].rpartition(":")[2] for pod in proxies} == {version}
    return str(version)


@needs_builds
@pytest.mark.exclusive
def test_image_of_the_next_patch_upgrades_the_cluster(local: VirtualCluster, machine: HostCluster) -> None:
    machine.import_image(builds.build_node_image(builds.PREVIOUS))
    before = with_image(local, PREVIOUS_IMAGE)
    local.ensure_absent()
    before.ensure_running()
    check_upgrade(keep_something(before), local, "kubernetes_patch_upgrade_s")


@needs_builds
@pytest.mark.exclusive
def test_newer_image_upgrades_and_an_older_one_is_rejected(kept: Kept, machine: HostCluster) -> None:
    before = kept.virtual
    machine.import_image(builds.build_node_image(builds.NEXT))
    after = with_image(before, NEXT_IMAGE)
    version = check_upgrade(kept, after, "kubernetes_upgrade_s")

    before.kubectl.apply(before.manifest)
    refusal = f"This node ran Kubernetes {version} and its image has v1.34.4: a downgrade is not possible."
    wait_for("the refusal", lambda: refusal in read_message(before), SECONDS, before.describe)
    after.ensure_running()
    kept.check()
    # The next test starts from nothing, with the previous version.
    after.ensure_absent()


@needs_builds
@pytest.mark.exclusive
def test_upgrade_of_three_control_plane_nodes_hardly_interrupts_writes(
    members: VirtualCluster, machine: HostCluster
) -> None:
    machine.import_image(builds.build_node_image(builds.NEXT))
    after, start = with_image(members, NEXT_IMAGE), time.monotonic()
    with write_meanwhile(members) as measurement:
        after.kubectl.apply(after.manifest)
        after.wait_for_phase("Running", SECONDS * len(after.nodes))
    record("ha_upgrade_s", time.monotonic() - start)
    record("ha_gap_upgrade_s", measurement.outage.gap)
    assert measurement.outage.lost == 0
    wait_for_members(after)
    check_version(after)
    # The next test has the previous version.
    after.ensure_absent()
    assert measurement.outage.gap <= UPGRADE_GAP_SECONDS
