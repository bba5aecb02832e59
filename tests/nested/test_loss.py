"""What a node loses, it gets back: programs in it, its pod, all pods at once; and the data is what it was."""

import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.host_cluster import HostCluster
from testbed.kubectl import has_condition
from testbed.waiting import wait_for
from tests.nested.disk import find_volume, get_stamp
from tests.nested.kept import NODES, Kept
from tests.nested.kill import kill_in_node, kill_node
from tests.nested.limits import RECOVERY_SECONDS, check_time
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import build_claim, build_pinned_deployment, with_claim

SECONDS = 90
ALL_NODES_SECONDS = 30
# Of a watch that has noticed that its connection is dead, and begins again.
WAY_SECONDS = 30
# How long a control-plane node is away, and until a pod that is created then has to run.
AWAY_SECONDS, NEW_POD_SECONDS = 40, 40
INOTIFY_INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")


@pytest.mark.nightly("tests/nested/test_main_job.py")
@pytest.mark.exclusive
def test_all_nodes_lost_at_once_come_back_with_everything(kept: Kept) -> None:
    check_time("all_nodes_recovery_s", ALL_NODES_SECONDS, lambda: replace_all(kept.virtual))
    kept.check()


def replace_all(virtual: VirtualCluster) -> float:
    """Deletes all node pods at once and waits until others are Ready; seconds from the DELETE call on."""
    uids = {node: virtual.kubectl.get("pod", node)["metadata"]["uid"] for node in NODES}
    start = time.monotonic()
    virtual.kubectl.run("delete", "pods", *NODES, "--wait=false")
    for node, uid in uids.items():
        virtual.wait_for_another_pod(node, uid, RECOVERY_SECONDS)
    return time.monotonic() - start


@pytest.mark.parametrize(
    ("program", "node"),
    [
        ("containerd", "local-worker"),
        ("kubelet", "local-master"),
        pytest.param("containerd", "local-master", marks=pytest.mark.nightly("tests/nested/test_loss.py")),
        pytest.param("kubelet", "local-worker", marks=pytest.mark.nightly("tests/nested/test_loss.py")),
    ],
)
def test_program_of_a_node_that_is_killed_runs_again_and_the_pods_go_on(kept: Kept, node: str, program: str) -> None:
    (pod,) = kept.virtual.inside.get("pods", f"--selector=app=keeps-on-{node}")["items"]
    kill_in_node(kept.virtual, node, program)
    find = ("exec", node, "--", "pgrep", "--exact", program)
    wait_for(f"{program} again", lambda: kept.virtual.kubectl.succeeds(*find), SECONDS)
    kept.check()
    (after,) = kept.virtual.inside.get("pods", f"--selector=app=keeps-on-{node}")["items"]
    assert after["metadata"]["uid"] == pod["metadata"]["uid"]
    assert list_containers(after) == list_containers(pod)
    # New pods are made, too.
    kept.virtual.inside.run("delete", "pod", pod["metadata"]["name"], "--grace-period=0")
    kept.check()


def list_containers(pod: Manifest) -> list[str]:
    """Ids of the containers of a pod, which differ when they have been restarted."""
    return [status["containerID"] for status in pod["status"]["containerStatuses"]]


@pytest.mark.parametrize(
    "program",
    [
        "etcd",
        "kube-apiserver",
        pytest.param("kube-controller-manager", marks=pytest.mark.nightly("tests/nested/test_loss.py")),
        pytest.param("kube-scheduler", marks=pytest.mark.nightly("tests/nested/test_loss.py")),
    ],
)
def test_program_of_the_control_plane_that_is_killed_runs_again(kept: Kept, program: str) -> None:
    kept.virtual.inside.run("create", "configmap", f"before-{program}")
    kill_in_node(kept.virtual, "local-master", program[:15])
    kept.check()
    wait_for("what was written before", lambda: kept.virtual.inside.find("configmap", f"before-{program}"), SECONDS)
    kept.virtual.inside.run("delete", "configmap", f"before-{program}")


@pytest.mark.nightly("tests/nested/test_loss.py::test_kube_proxy_ignores_stale_chains_after_a_power_cut")
def test_kube_proxy_that_is_killed_takes_no_service_along(kept: Kept) -> None:
    """Its successor finds the tables that it left: twice, as a second one may repair what a first one spoiled."""
    node, inside = "local-master", kept.virtual.inside
    api, ask = _read_api(kept.virtual, node)
    service = f"after-kube-proxy-{node}"
    for _ in range(2):
        kill_in_node(kept.virtual, node, "kube-proxy")
        # What it has never heard of, the successor alone can know.
        inside.run("create", "service", "clusterip", service, "--tcp=80")
        inside.run("set", "selector", f"service/{service}", f"app=keeps-on-{node}")
        address = inside.get("service", service)["spec"]["clusterIP"]
        wait_for("the successor", partial(_has_service, kept.virtual, node, address), SECONDS, kept.virtual.describe)
        assert _has_service(kept.virtual, node, api)
        assert kept.virtual.kubectl.run(*ask) == "ok"
        inside.run("delete", "service", service)
    kept.check()


def _read_api(virtual: VirtualCluster, node: str) -> tuple[str, tuple[str, ...]]:
    """The ClusterIP of the API, and the arguments with which kubectl in a node uses it."""
    address = virtual.inside.get("service", "kubernetes")["spec"]["clusterIP"]
    curl = ("curl", "--silent", "--insecure", "--fail", "--max-time", "5", f"https://{address}/livez")
    return address, ("exec", node, "--", *curl)


def _has_service(virtual: VirtualCluster, node: str, address: str) -> bool:
    """Whether what is for that ClusterIP finds a way from a node."""
    return f" {address} . " in virtual.kubectl.run(
        "exec", node, "--", "nft", "list", "map", "ip", "kube-proxy", "service-ips"
    )


@pytest.mark.nightly("tests/images/test_go.py")
def test_worker_finds_the_control_planes_new_address_at_once(kept: Kept) -> None:
    kept.virtual.replace_pod("local-master", RECOVERY_SECONDS)
    way = f" dst {kept.virtual.kubectl.get('pod', 'local-master')['status']['podIP']} "
    ask = ("exec", "local-worker", "--", "bridge", "fdb", "show", "dev", "flannel.8475")
    wait_for("the way there", lambda: way in kept.virtual.kubectl.run(*ask), WAY_SECONDS, kept.virtual.describe)
    kept.check()


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_watcher_repairs.py")
def test_worker_recovers_soon_after_a_long_outage(kept: Kept, machine: HostCluster) -> None:
    outside, inside, name = kept.virtual.kubectl, kept.virtual.inside, "keeps-on-local-worker"
    stamp = get_stamp(machine)
    version = stamp.read_text()
    # A volume that it refuses.
    stamp.write_text("v1.35.0\n")
    try:
        outside.run("delete", "pod", "local-master", "--wait=false")
        told = partial(outside.run, "get", "vk8s", "local", "--output=wide")
        wait_for("the refusal", lambda: "a downgrade is not possible" in told(), SECONDS, kept.virtual.describe)
        # The longer it is away, the longer the pauses after which its API is asked for again.
        time.sleep(AWAY_SECONDS)
    finally:
        stamp.write_text(version)
    kept.virtual.wait_for_phase("Running")
    selector = f"--selector=app={name}"
    (before,) = inside.get("pods", selector)["items"]
    inside.run("delete", "pod", before["metadata"]["name"], "--grace-period=0", "--force")

    def has_another() -> bool:
        pods = (inside.find("pods", selector) or {"items": []})["items"]
        return any(pod["metadata"]["uid"] != before["metadata"]["uid"] and has_condition(pod) for pod in pods)

    inside.apply(build_claim("new"), with_claim(build_pinned_deployment("new", "local-worker"), "new"))
    wait_for("another pod", has_another, NEW_POD_SECONDS, kept.virtual.describe)
    inside.run("rollout", "status", "deployment/new", f"--timeout={NEW_POD_SECONDS}s")
    inside.run("delete", "deployment,persistentvolumeclaim", "new")
    kept.check()


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_watcher_repairs.py")
@pytest.mark.exclusive
@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("program", ["containerd", "kubelet"])
def test_node_reports_missing_inotify_instances_and_recovers(kept: Kept, program: str) -> None:
    before = INOTIFY_INSTANCES.read_text()
    # Fewer than are in use, so that nobody gets another.
    INOTIFY_INSTANCES.write_text("1")
    try:
        asked = datetime.now(UTC).isoformat()
        kill_in_node(kept.virtual, "local-worker", program)
        read = partial(kept.virtual.kubectl.run, "logs", "local-worker", f"--since-time={asked}")
        told = "All 1 inotify instances of the host are in use"
        wait_for("the sentence", lambda: told in read(), SECONDS, kept.virtual.describe)
    finally:
        INOTIFY_INSTANCES.write_text(before)
    kept.check()


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_master_again.py")
@pytest.mark.parametrize("node", NODES)
def test_node_without_power_boots_again_in_its_pod(kept: Kept, node: str) -> None:
    before = kept.virtual.kubectl.get("pod", node)
    kill_node(kept.virtual, node)

    def has_restarted() -> bool:
        pod = kept.virtual.kubectl.get("pod", node)
        assert pod["metadata"]["uid"] == before["metadata"]["uid"]
        count = before["status"]["containerStatuses"][0]["restartCount"]
        return has_condition(pod) and pod["status"]["containerStatuses"][0]["restartCount"] == count + 1

    wait_for("the restart", has_restarted, SECONDS, kept.virtual.describe)
    kept.check()


def test_kube_proxy_ignores_stale_chains_after_a_power_cut(kept: Kept) -> None:
    """A kube-proxy empties chains some time before it deletes them, and one that starts trusts those that it finds."""
    node, outside = "local-worker", kept.virtual.kubectl
    _, ask = _read_api(kept.virtual, node)
    wait_for("the API by its Service", lambda: outside.succeeds(*ask), SECONDS)
    lines = outside.run("exec", node, "--", "nft", "list", "chains", "ip").splitlines()
    chains = [line.split()[1] for line in lines if "-default/kubernetes/" in line and "chain endpoint-" in line]
    for chain in chains:
        outside.run("exec", node, "--", "nft", "flush", "chain", "ip", "kube-proxy", chain)
    assert not outside.succeeds(*ask)
    kill_node(kept.virtual, node)
    wait_for("the API by its Service again", lambda: outside.succeeds(*ask), SECONDS, kept.virtual.describe)
    kept.check()


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_watcher_repairs.py")
@pytest.mark.parametrize("node", NODES)
def test_node_that_is_deleted_inside_registers_again(kept: Kept, node: str) -> None:
    subnet = kept.virtual.inside.get("node", node)["spec"]["podCIDR"]
    kept.virtual.inside.run("delete", "node", node)

    def is_another() -> bool:
        found = kept.virtual.inside.find("node", node)
        return found is not None and has_condition(found) and found["metadata"]["uid"] != kept.uids[f"Node {node}"]

    wait_for("another Node", is_another, SECONDS, kept.virtual.describe)
    another = kept.virtual.inside.get("node", node)
    # Pods that live on have addresses of it. A control-plane node gets any.
    assert node == "local-master" or another["spec"]["podCIDR"] == subnet
    Kept(kept.virtual, {**kept.uids, f"Node {node}": another["metadata"]["uid"]}).check()
    if node == "local-master":
        # Until its pods are recreated, other nodes don't reach them (docs/reliability.md): other tests need that.
        kept.virtual.replace_pod(node, RECOVERY_SECONDS)


# How far the first boot of a control-plane node is when it is killed: a path of its state volume, and its content.
POINTS = {
    "images are there": ("containerd/.seeded", ""),
    "certificates are made": ("kubernetes/pki/apiserver.crt", ""),
    "etcd has data": ("etcd/member/wal", ""),
    "the API server answers": ("vk8s/log/kubeadm.log", "kube-apiserver is healthy"),
    "its settings are in the cluster": ("vk8s/log/kubeadm.log", "[upload-config] Storing the configuration"),
}


def read_cluster_id(volume: Path) -> list[str]:
    """What differs once etcd has begun again: names and inodes of the first files."""
    return [f"{path.name} {path.stat().st_ino}" for path in sorted((volume / "etcd").glob("member"))]


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_founding.py")
def test_control_plane_killed_in_its_first_boot_keeps_its_data(lonely: VirtualCluster, machine: HostCluster) -> None:
    boot_again_after(lonely, machine, "etcd has data")


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_founding.py")
@pytest.mark.parametrize("point", [point for point in POINTS if point != "etcd has data"])
def test_control_plane_killed_earlier_or_later_keeps_its_data(
    lonely: VirtualCluster, machine: HostCluster, point: str
) -> None:
    boot_again_after(lonely, machine, point)


def boot_again_after(lonely: VirtualCluster, machine: HostCluster, point: str) -> None:
    """Kills the control plane when its first boot has come to that point; it boots with the data that it had."""
    path, text = POINTS[point]
    lonely.kubectl.apply(lonely.manifest)
    volume = wait_for("the volume", lambda: find_volume(machine, "lonely-master"), SECONDS, lonely.describe)
    file = volume / path
    wait_for(point, lambda: file.exists() and (not text or text in file.read_text()), SECONDS, lonely.describe)
    assert not (volume / "vk8s" / "first-boot-complete").exists()
    before = read_cluster_id(volume)
    kill_node(lonely, "lonely-master")
    lonely.kubectl.run("delete", "pod", "lonely-master", "--wait=false")
    lonely.wait_for_phase("Running")
    lonely.wait_for_nodes()
    assert read_cluster_id(volume)[: len(before)] == before
