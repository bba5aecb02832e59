"""A virtual cluster that is lost with all that it had, and begins again with its last snapshot, under another name."""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed import builds, controller
from testbed.host_cluster import HostCluster
from testbed.kubectl import Kubectl
from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.limits import check_time
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import build_pinned_deployment

pytestmark = pytest.mark.exclusive

IMAGE = "registry.example.com/vk8s/backup:0.2.0"
SECONDS, RESTORE_SECONDS = 120, 60
STORE = {"claim": {"name": "backups"}, "passwordSecretRef": {"name": "backups"}}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "backups"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
PASSWORD = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "backups"},
    "stringData": {"password": "correct horse"},
}
WRITES = 20
OWN = {"PersistentVolumeClaim backups", "PersistentVolume backups", "Secret backups"}


@pytest.fixture
def backed_up(local: VirtualCluster, machine: HostCluster) -> Iterator[VirtualCluster]:
    """The virtual cluster, with backups into a claim of its owner's."""
    yield from bring_backups(local, machine)


def bring_backups(local: VirtualCluster, machine: HostCluster) -> Iterator[VirtualCluster]:
    """The virtual cluster with spec.backup, by hooks that have the image; neither is there afterwards."""
    machine.import_image(builds.build_backup_image())
    controller.start_hooks(machine, settings={"VK8S_SETTING_BACKUP_IMAGE": IMAGE})
    local.kubectl.apply(CLAIM, PASSWORD)
    backed_up = with_spec(local, "local", backup={"schedule": "@yearly", **STORE})
    backed_up.ensure_running()
    yield backed_up
    # The next test has neither the setting nor this cluster.
    for name in ("back", "local"):
        local.kubectl.run("delete", "vk8s", name, "--ignore-not-found", f"--timeout={SECONDS}s")
    local.kubectl.run("delete", "pvc/backups", "secret/backups", f"--timeout={SECONDS}s")
    controller.start_hooks(machine)


def with_spec(virtual: VirtualCluster, name: str, **fields: Manifest) -> VirtualCluster:
    """The virtual cluster under that name, with these fields in its spec."""
    spec = {**virtual.manifest["spec"], **fields}
    return replace(virtual, manifest={**virtual.manifest, "metadata": {"name": name}, "spec": spec})


@pytest.mark.nightly("tests/backup/test_restore.py")
def test_cluster_that_was_deleted_comes_back_under_another_name(backed_up: VirtualCluster) -> None:
    inside = backed_up.inside
    inside.apply(build_pinned_deployment("before", "local-worker"))
    inside.run("rollout", "status", "deployment/before", f"--timeout={SECONDS}s")
    write(inside, "acknowledged", WRITES)
    before = inside.get("namespace", "kube-system")["metadata"]["uid"]
    record("snapshot_s", take_snapshot(backed_up))
    write(inside, "later", 1)
    destroy(backed_up)

    back = with_spec(backed_up, "back", restoreFrom={**STORE, "name": "local"})
    check_time("restore_to_running_s", RESTORE_SECONDS, partial(restore, back))
    status = back.kubectl.get("vk8s", "back")["status"]
    assert status["restoredFrom"]["name"] == "local"
    lost = WRITES - len(list_written(back.inside, "acknowledged"))
    record("restore_lost_writes", lost)
    assert lost == 0
    assert list_written(back.inside, "later") == []
    assert back.inside.get("namespace", "kube-system")["metadata"]["uid"] == before
    back.wait_for_nodes()
    # Its pod runs again, on the worker of the same name, and is watched by controllers that have all caches.
    back.inside.run("rollout", "restart", "deployment/before")
    back.inside.run("rollout", "status", "deployment/before", f"--timeout={SECONDS}s")


def write(inside: Kubectl, name: str, count: int) -> None:
    """So many acknowledged writes."""
    inside.apply(
        *({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{name}-{n}"}} for n in range(count))
    )


def list_written(inside: Kubectl, name: str) -> list[str]:
    found = inside.get("configmaps")["items"]
    return [each["metadata"]["name"] for each in found if each["metadata"]["name"].startswith(f"{name}-")]


def take_snapshot(virtual: VirtualCluster) -> float:
    """Requests a snapshot; how long until it is stored."""
    start = time.monotonic()
    virtual.kubectl.run("annotate", "vk8s", virtual.name, "--overwrite", "vk8s.sktelecom.com/snapshot=one")

    def get_phase() -> bool:
        request = virtual.kubectl.get("vk8s", virtual.name)["status"].get("backup", {}).get("request", {})
        assert request.get("phase") != "Failed", request
        return bool(request.get("phase") == "Succeeded")

    wait_for("the snapshot", get_phase, SECONDS, virtual.describe)
    return time.monotonic() - start


def destroy(virtual: VirtualCluster) -> None:
    """Deletes the Vk8s with its Secrets and volumes; only what its owner has made is left."""
    virtual.kubectl.run("delete", "vk8s", virtual.name, f"--timeout={SECONDS}s")
    left = partial(virtual.kubectl.get, "pvc,pv,secrets")
    wait_for("the end of its volumes", lambda: {identify(each) for each in left()["items"]} == OWN, SECONDS)


def identify(item: Manifest) -> str:
    """Kind and name, a volume by its claim."""
    named = item["spec"]["claimRef"] if item["kind"] == "PersistentVolume" else item["metadata"]
    return f"{item['kind']} {named['name']}"


def restore(virtual: VirtualCluster) -> float:
    """Creates the Vk8s; how long until it is Running."""
    virtual.kubectl.run("delete", "vk8s", virtual.name, "--ignore-not-found", f"--timeout={SECONDS}s")
    start = time.monotonic()
    virtual.ensure_running()
    return time.monotonic() - start
