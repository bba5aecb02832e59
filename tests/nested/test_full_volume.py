"""Pods inside that fill the state volume of a node: they are evicted, and etcd, boots and images live on."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.host_cluster import HostCluster
from testbed.kubectl import has_condition
from testbed.waiting import wait_for
from tests.nested.members import RESOURCES
from tests.nested.small_disk import SIZE, SmallDisk, make_small_disk
from tests.nested.virtual import DELETE_SECONDS, VirtualCluster
from tests.nested.workload import build_web_pod

MASTER, WORKER = "full-master", "full-worker"
SECONDS = 120
FILL = "vk8s/fill"


@pytest.fixture(scope="module")
def disks(machine: HostCluster) -> Iterator[dict[str, SmallDisk]]:
    """A small disk for each node."""
    with ExitStack() as stack:
        yield {node: stack.enter_context(make_small_disk(machine, node)) for node in (MASTER, WORKER)}


@pytest.fixture(scope="module")
def small(local: VirtualCluster, disks: dict[str, SmallDisk]) -> Iterator[VirtualCluster]:
    """A virtual cluster with its volumes on these disks; meanwhile, the host cluster has no other Vk8s."""
    local.ensure_absent()
    volumes = [disk.build_volume(f"{node}-state") for node, disk in disks.items()]
    local.kubectl.apply(*volumes)
    nodes = [{**node, "resources": RESOURCES} for node in local.manifest["spec"]["nodes"][:2]]
    nodes = [{**node, "name": name} for node, name in zip(nodes, disks, strict=True)]
    spec = {"nodes": nodes, "storage": {"size": SIZE}}
    small = replace(local, manifest={**local.manifest, "metadata": {"name": "full"}, "spec": spec})
    small.ensure_running()
    small.wait_for_nodes()
    yield small
    small.kubectl.run("delete", "vk8s", small.name, f"--timeout={DELETE_SECONDS}s")
    gone = ("wait", "--for=delete", *(f"pod/{node}" for node in disks), f"--timeout={DELETE_SECONDS}s")
    small.kubectl.run(*gone)
    small.kubectl.run("delete", "persistentvolume", *(volume["metadata"]["name"] for volume in volumes))


def build_filling_pod(name: str, node: str) -> Manifest:
    """A pod on `node` that writes to its emptyDir until the disk is full."""
    pod = build_web_pod(name, node)
    (web,) = pod["spec"]["containers"]
    kept = {key: value for key, value in web.items() if key != "readinessProbe"}
    mounts = [*web["volumeMounts"], {"name": "data", "mountPath": "/data"}]
    fill = ["/usr/bin/bash", "-c", "/usr/bin/cat /dev/zero >/data/fill; /usr/bin/sleep infinity"]
    volumes = [*pod["spec"]["volumes"], {"name": "data", "emptyDir": {}}]
    containers = [{**kept, "command": fill, "volumeMounts": mounts}]
    return {**pod, "spec": {**pod["spec"], "containers": containers, "restartPolicy": "Never", "volumes": volumes}}


@pytest.mark.nightly("tests/unit/vk8s/node_config/test_components.py")
def test_pod_that_fills_the_disk_is_evicted_and_images_stay(small: VirtualCluster) -> None:
    inside, outside = small.inside, small.kubectl
    wait_for("the service account", lambda: inside.find("serviceaccount", "default"), SECONDS)
    inside.apply(build_web_pod("quiet", MASTER), build_filling_pod("filling", WORKER))

    def is_evicted() -> bool:
        status = (inside.find("pod", "filling") or {}).get("status", {})
        return bool(status.get("reason") == "Evicted")

    wait_for("the eviction", is_evicted, SECONDS, small.describe)
    node = inside.get("node", WORKER)
    assert has_condition(node)
    assert has_condition(node, "DiskPressure")
    wanted = outside.run("exec", WORKER, "--", "cat", "/opt/vk8s/store/images").split()
    assert set(wanted) <= set(outside.run("exec", WORKER, "--", "ctr", "-n", "k8s.io", "images", "ls", "-q").split())
    for app in ("k8s-app=kube-proxy", "app=local-storage"):
        pods = inside.get("pods", "--namespace=kube-system", f"--selector={app}")["items"]
        assert all(has_condition(pod) for pod in pods), app
    inside.run("delete", "pods", "quiet", "filling", "--grace-period=0", "--force")


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_room.py")
def test_control_plane_on_a_full_disk_goes_on_and_boots(small: VirtualCluster, disks: dict[str, SmallDisk]) -> None:
    disk, reserve = disks[MASTER], "vk8s/reserve"
    wait_for("the reserve", lambda: disk.has(reserve), SECONDS, small.describe)
    disk.fill(FILL)
    released = "The node's reserve of 128 MiB is released"
    wait_for("its release", lambda: released in small.kubectl.run("logs", MASTER), SECONDS, small.describe)

    def is_written() -> bool:
        return small.inside.succeeds("create", "configmap", "written-on-a-full-disk")

    wait_for("etcd", is_written, SECONDS, small.describe)
    assert not disk.has(reserve)
    disk.run("rm", str(disk.folder / FILL))
    wait_for("another reserve", lambda: disk.has(reserve), SECONDS, small.describe)
    set_paused(small, paused=True)
    small.wait_for_phase("Paused")
    wait_for("the end of its pod", lambda: not small.kubectl.find("pod", MASTER), SECONDS, small.describe)
    disk.fill(FILL)
    set_paused(small, paused=False)
    small.wait_for_phase("Running")
    small.wait_for_nodes()
    assert released in small.kubectl.run("logs", MASTER)
    assert small.inside.find("configmap", "written-on-a-full-disk")
    disk.run("rm", str(disk.folder / FILL))


def set_paused(virtual: VirtualCluster, *, paused: bool) -> None:
    virtual.kubectl.apply({**virtual.manifest, "spec": {**virtual.manifest["spec"], "paused": paused}})
