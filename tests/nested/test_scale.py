"""Workers that come and go: they join by themselves, and leave without taking anything down that can be moved."""

import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import KubectlError, has_condition
from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import build_web_deployment

EXTRA = "local-extra"
SECONDS = 120
FORCE_REMOVE = "vk8s.sktelecom.com/force-remove"
# The two other nodes have asked for all that a host with two cores has.
RESOURCES = {"requests": {"cpu": "0", "memory": "1Gi"}, "limits": {"cpu": "500m", "memory": "2Gi"}}


def with_extra(virtual: VirtualCluster, **fields: object) -> VirtualCluster:
    """The virtual cluster with one more worker in its file."""
    manifest = deepcopy(virtual.manifest)
    worker = {**manifest["spec"]["nodes"][1], "name": EXTRA, "resources": RESOURCES, **fields}
    manifest["spec"]["nodes"].append(worker)
    return replace(virtual, manifest=manifest)


def without_workers(virtual: VirtualCluster) -> VirtualCluster:
    """The virtual cluster with the control-plane node alone in its file."""
    manifest = deepcopy(virtual.manifest)
    manifest["spec"]["nodes"] = manifest["spec"]["nodes"][:1]
    return replace(virtual, manifest=manifest)


@pytest.fixture
def scaled(running: VirtualCluster) -> Iterator[VirtualCluster]:
    """The virtual cluster with the extra worker Running; without it afterwards, whatever became of it."""
    scaled = with_extra(running)
    scaled.ensure_running()
    yield scaled
    running.inside.run("delete", "deployments,poddisruptionbudgets", "--all", "--grace-period=0")
    running.ensure_running()
    wait_for_end(running)


def list_rest(virtual: VirtualCluster, node: str = EXTRA) -> list[str]:
    """What there is of a worker in the host cluster and in the virtual one."""
    own = [f"pod/{node}", f"persistentvolumeclaim/{node}-state", f"job/{node}-leave"]
    outside = virtual.kubectl.run("get", *own, "--ignore-not-found", "--output=name").split()
    return [*outside, *virtual.inside.run("get", "node", node, "--ignore-not-found", "--output=name").split()]


def wait_for_end(virtual: VirtualCluster, node: str = EXTRA) -> None:
    wait_for(f"the end of {node}", lambda: not list_rest(virtual, node), SECONDS, virtual.describe)


def read_message(virtual: VirtualCluster) -> str:
    """The message of condition Ready."""
    conditions = virtual.kubectl.get("vk8s", virtual.name)["status"]["conditions"]
    return next(str(entry["message"]) for entry in conditions if entry["type"] == "Ready")


def read_log(virtual: VirtualCluster) -> str:
    """What the Job of the extra worker has said so far; nothing while its pod is being started."""
    try:
        return virtual.kubectl.run("logs", f"job/{EXTRA}-leave")
    except KubectlError:
        return ""


def deploy(virtual: VirtualCluster, node: str) -> Manifest:
    """A Deployment of one pod that prefers `node`, once it serves there; its pod."""
    virtual.inside.apply(build_web_deployment("moving", node))
    virtual.inside.run("rollout", "status", "deployment/moving", f"--timeout={SECONDS}s")
    pod: Manifest
    (pod,) = virtual.inside.get("pods", "--selector=app=moving")["items"]
    assert pod["spec"]["nodeName"] == node
    return pod


def hold(virtual: VirtualCluster) -> None:
    """A PodDisruptionBudget that lets no pod of the Deployment go."""
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "moving"}}}
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "hold"}, "spec": spec}
    virtual.inside.apply(budget)


@pytest.mark.exclusive
def test_added_worker_joins_and_removed_one_leaves_nothing_over(running: VirtualCluster) -> None:
    scaled = with_extra(running)
    start = time.monotonic()
    scaled.ensure_running()
    record("scale_up_s", time.monotonic() - start)
    scaled.wait_for_nodes()
    deploy(running, EXTRA)

    start = time.monotonic()
    running.ensure_running()
    wait_for_end(running)
    record("scale_down_s", time.monotonic() - start)
    running.inside.run("rollout", "status", "deployment/moving", f"--timeout={SECONDS}s")
    (pod,) = running.inside.get("pods", "--selector=app=moving", "--field-selector=status.phase=Running")["items"]
    assert pod["spec"]["nodeName"] == "local-worker"
    assert read_message(running) == "2 of 2 nodes are Ready."
    running.inside.run("delete", "deployment", "moving")


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_leave.py")
def test_worker_whose_pods_may_not_be_moved_stays_until_it_is_forced_out(
    scaled: VirtualCluster, running: VirtualCluster
) -> None:
    pod = deploy(scaled, EXTRA)
    hold(running)
    running.kubectl.apply(running.manifest)
    log = f"kubectl logs -n {running.host.namespace} job/{EXTRA}-leave"
    wait_for("the sentence in status", lambda: log in read_message(running), SECONDS, running.describe)
    says = "A PodDisruptionBudget does not allow the eviction of: default/moving-"
    wait_for("the sentence in the log", lambda: says in read_log(running), SECONDS)
    assert has_condition(running.inside.get("pod", pod["metadata"]["name"]))
    assert has_condition(running.kubectl.get("pod", EXTRA))

    running.kubectl.run("annotate", "vk8s", running.name, f"{FORCE_REMOVE}={EXTRA}")
    wait_for_end(running)
    running.kubectl.run("annotate", "vk8s", running.name, f"{FORCE_REMOVE}-")
    running.inside.run("delete", "poddisruptionbudget", "hold")


@pytest.mark.nightly("tests/cluster/test_leave.py::test_worker_stays_until_its_job_is_done_and_then_its_name_is_free")
def test_worker_that_is_removed_and_added_again_at_once_is_another_one(
    scaled: VirtualCluster, running: VirtualCluster
) -> None:
    before, claim = scaled.inside.get("node", EXTRA), scaled.kubectl.get("pvc", f"{EXTRA}-state")
    running.kubectl.apply(running.manifest)
    wait_for("its Job", lambda: scaled.kubectl.find("job", f"{EXTRA}-leave"), SECONDS, running.describe)
    scaled.kubectl.apply(scaled.manifest)

    def is_another() -> bool:
        node = scaled.inside.find("node", EXTRA)
        return has_condition(node) and node["metadata"]["uid"] != before["metadata"]["uid"] if node else False

    wait_for("another Node", is_another, SECONDS, scaled.describe)
    scaled.wait_for_phase("Running")
    assert scaled.kubectl.get("pvc", f"{EXTRA}-state")["metadata"]["uid"] != claim["metadata"]["uid"]


@pytest.mark.nightly("tests/unit/vk8s/plan/test_removals.py")
def test_worker_that_is_removed_while_paused_leaves_after_the_pause(
    scaled: VirtualCluster, running: VirtualCluster
) -> None:
    scaled.kubectl.run("annotate", "vk8s", scaled.name, "vk8s-resource-stopped=")
    scaled.wait_for_phase("Paused")
    running.kubectl.apply(running.manifest)
    says = f"{EXTRA} will be removed when the virtual cluster is resumed."
    wait_for("the sentence in status", lambda: says in read_message(running), SECONDS, running.describe)
    assert running.kubectl.find("pvc", f"{EXTRA}-state")
    running.kubectl.run("annotate", "vk8s", running.name, "vk8s-resource-stopped-")
    running.wait_for_phase("Running")
    wait_for_end(running)


@pytest.mark.nightly("tests/unit/vk8s/plan/test_removals.py")
def test_broken_worker_is_removed_and_its_held_claim_reported(running: VirtualCluster) -> None:
    broken = with_extra(running, image="registry.example.com/vk8s/none:v0")
    broken.kubectl.apply(broken.manifest)
    wait_for(
        "its pod",
        lambda: (
            "ErrImagePull" in str(read_message(broken))
            or "ImagePullBackOff" in str(broken.kubectl.get("vk8s", broken.name)["status"]["nodes"])
        ),
        SECONDS,
        broken.describe,
    )
    claim = f"{EXTRA}-state"
    broken.kubectl.run(
        "patch",
        "pvc",
        claim,
        "--type=json",
        '--patch=[{"op": "add", "path": "/metadata/finalizers/-", "value": "example.com/hold"}]',
    )
    running.kubectl.apply(running.manifest)
    says = f"PersistentVolumeClaim {claim}, held by its finalizers example.com/hold"
    wait_for("the sentence in status", lambda: says in read_message(running), SECONDS, running.describe)
    running.kubectl.run("patch", "pvc", claim, "--type=merge", '--patch={"metadata": {"finalizers": null}}')
    wait_for_end(running)


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_leave.py")
def test_pods_run_on_the_control_plane_after_the_last_worker(running: VirtualCluster) -> None:
    pod = deploy(running, "local-worker")
    alone = without_workers(running)
    alone.ensure_running()
    wait_for_end(alone, "local-worker")
    alone.inside.run("rollout", "status", "deployment/moving", f"--timeout={SECONDS}s")
    pods = alone.inside.get("pods", "--selector=app=moving", "--field-selector=status.phase=Running")["items"]
    assert [each["spec"]["nodeName"] for each in pods] == ["local-master"]
    assert pods[0]["metadata"]["uid"] != pod["metadata"]["uid"]
    alone.inside.run("delete", "deployment", "moving")
    running.ensure_running()
    running.wait_for_nodes()
