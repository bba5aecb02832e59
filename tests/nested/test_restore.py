"""Restores from a bucket: of a cluster that has lost its data, in place, and into more or fewer control-plane nodes."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed import builds, controller
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.layout import ROOT
from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.cli import install_plugin
from tests.nested.members import replicate, wait_for_members
from tests.nested.s3 import BUCKET, KEYS, run_s3
from tests.nested.test_backup import IMAGE, SECONDS, list_written, take_snapshot, with_spec, write
from tests.nested.test_kubernetes import NEXT_IMAGE, check_version, needs_builds, with_image
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import build_claim, build_pinned_deployment, with_claim
from tests.walkthrough.pages import read_commands

pytestmark = pytest.mark.exclusive

PAGE, SECTION = ROOT / "docs" / "how-to" / "restore.md", "Back to an earlier state"
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "backups"},
    "stringData": {**KEYS, "password": "correct horse"},
}


@pytest.fixture
def store(local: VirtualCluster, machine: HostCluster) -> Iterator[Manifest]:
    """Where snapshots are: a bucket, as spec.backup and spec.restoreFrom have it. The hooks know the image."""
    machine.import_image(builds.build_backup_image())
    controller.start_hooks(machine, settings={"VK8S_SETTING_BACKUP_IMAGE": IMAGE})
    local.kubectl.apply(SECRET)
    with run_s3(machine) as url:
        s3 = {"endpoint": url, "bucket": BUCKET, "credentialsSecretRef": {"name": "backups"}}
        yield {"s3": s3, "passwordSecretRef": {"name": "backups"}}
    local.kubectl.run("delete", "secret/backups", f"--timeout={SECONDS}s")
    # The next test has neither the setting nor this cluster.
    local.ensure_absent()
    controller.start_hooks(machine)


def with_backup(virtual: VirtualCluster, store: Manifest) -> VirtualCluster:
    return with_spec(virtual, virtual.name, backup={"schedule": "@yearly", **store})


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_restore.py")
def test_lost_control_plane_begins_again_with_its_snapshot_in_place(
    local: VirtualCluster, store: Manifest, tmp_path: Path
) -> None:
    install_plugin(tmp_path)
    backed_up = with_backup(local, store)
    backed_up.ensure_running()
    backed_up.wait_for_nodes()
    inside = backed_up.inside
    keep_on_worker(inside)
    write(inside, "acknowledged", 5)
    take_snapshot(backed_up)
    stored = backed_up.kubectl.get("vk8s", "local")["status"]["backup"]["snapshot"]
    assert stored in run_shell(backed_up, tmp_path, "kubectl vk8s snapshots local")
    write(inside, "later", 1)

    start = time.monotonic()
    go_back(backed_up, tmp_path)
    record("restore_in_place_s", time.monotonic() - start)

    assert backed_up.kubectl.get("vk8s", "local")["status"]["restoredFrom"]["name"] == "local"
    # With the kubeconfig of before.
    assert len(list_written(inside, "acknowledged")) == 5
    assert list_written(inside, "later") == []
    backed_up.wait_for_nodes()
    # The volume of the worker was never lost, and its files belong to the claims of the snapshot again.
    assert read_on_worker(inside) == "kept"


def go_back(virtual: VirtualCluster, directory: Path) -> None:
    """Types in what the page says: the volume of the control-plane node is lost, and the command restores it."""
    text = "\n".join(command.text for command in read_commands(PAGE, under=SECTION)).replace("demo", virtual.name)
    assert "It has the data of snapshot " in run_shell(virtual, directory, text)


def run_shell(virtual: VirtualCluster, directory: Path, text: str) -> str:
    """What a shell prints that has the plugin."""
    environment = virtual.host.environment
    path = f"{directory / 'bin'}:{environment.get('PATH', os.environ['PATH'])}"
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=directory,  # kubectl without a home writes its cache there
        env={**environment, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.returncode == 0, f"{shell.stdout}\n{shell.stderr}\n{virtual.describe()}"
    return shell.stdout


def keep_on_worker(inside: Kubectl) -> None:
    """A Deployment on the worker, which has written to a volume there."""
    wait_for("the service account", lambda: inside.find("serviceaccount", "default"), SECONDS)
    inside.apply(build_claim("kept"), with_claim(build_pinned_deployment("kept", "local-worker"), "kept"))
    inside.run("rollout", "status", "deployment/kept", f"--timeout={SECONDS}s")
    inside.run("exec", "deployment/kept", "--", "/usr/bin/bash", "-c", "printf kept >/data/name")


def read_on_worker(inside: Kubectl) -> str:
    """What a new pod of the Deployment reads there."""
    inside.run("rollout", "restart", "deployment/kept")
    inside.run("rollout", "status", "deployment/kept", f"--timeout={SECONDS}s")
    return inside.run("exec", "deployment/kept", "--", "/usr/bin/cat", "/data/name")


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_restore.py")
def test_snapshot_begins_more_or_fewer_control_plane_nodes(local: VirtualCluster, store: Manifest) -> None:
    one = with_backup(replicate(local, "one", 1), store)
    local.ensure_absent()
    one.ensure_running()
    write(one.inside, "acknowledged", 5)
    cluster = take_away(one)

    many = with_backup(replicate(local, "many", 3), store)
    three = with_spec(many, "many", restoreFrom={**store, "name": "one"})
    three.ensure_running()
    wait_for_members(three)
    check(three, cluster)
    three.wait_for_nodes()
    take_away(three)

    single = with_spec(replicate(local, "single", 1), "single", restoreFrom={**store, "name": "many"})
    single.ensure_running()
    check(single, cluster)
    single.wait_for_nodes()
    single.ensure_absent()


@needs_builds
def test_snapshot_of_the_minor_version_before_is_restored(
    local: VirtualCluster, store: Manifest, machine: HostCluster
) -> None:
    machine.import_image(builds.build_node_image(builds.NEXT))
    before = with_backup(replicate(local, "before", 1), store)
    local.ensure_absent()
    before.ensure_running()
    write(before.inside, "acknowledged", 5)
    cluster = take_away(before)

    # Under the same name, so that pods of the snapshot's Nodes are replaced, too.
    after = with_spec(with_image(before, NEXT_IMAGE), before.name, restoreFrom=store)
    after.ensure_running()
    check(after, cluster)
    after.wait_for_nodes()
    check_version(after)
    after.ensure_absent()


def take_away(virtual: VirtualCluster) -> str:
    """Stores a snapshot, and deletes the cluster; the uid that a restored one has, too."""
    uid = read_uid(virtual)
    take_snapshot(virtual)
    virtual.ensure_absent()
    return uid


def check(virtual: VirtualCluster, cluster: str) -> None:
    """All that was acknowledged is there."""
    assert len(list_written(virtual.inside, "acknowledged")) == 5
    assert read_uid(virtual) == cluster


def read_uid(virtual: VirtualCluster) -> str:
    return str(virtual.inside.get("namespace", "kube-system")["metadata"]["uid"])
