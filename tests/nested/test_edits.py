"""What an owner changes in a running virtual cluster: pause, resume, edits of nodes."""

import json
import time
from copy import deepcopy

import pytest

from testbed.waiting import wait_for
from tests.figures import record
from tests.nested.test_scale import EXTRA, wait_for_end, with_extra
from tests.nested.virtual import VirtualCluster

SECONDS = 120
KEPT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept-over-edits"}, "data": {"a": "b"}}


def read_uids(virtual: VirtualCluster) -> dict[str, str]:
    """The uid of every node's Node and pod."""
    inside = {node: virtual.inside.get("node", node)["metadata"]["uid"] for node in virtual.nodes}
    return {**inside, **{f"pod {node}": virtual.kubectl.get("pod", node)["metadata"]["uid"] for node in virtual.nodes}}


def patch(virtual: VirtualCluster, change: str) -> None:
    virtual.kubectl.run("patch", "vk8s", virtual.name, "--type=merge", f"--patch={change}")


@pytest.mark.exclusive
def test_pause_stops_all_pods_and_a_resume_brings_the_same_cluster_back(running: VirtualCluster) -> None:
    running.inside.apply(KEPT)
    before = read_uids(running)
    start = time.monotonic()
    patch(running, '{"spec": {"paused": true}}')
    running.kubectl.run("wait", "--for=delete", *(f"pod/{node}" for node in running.nodes), f"--timeout={SECONDS}s")
    record("pause_s", time.monotonic() - start)
    assert running.wait_for_phase("Paused")["status"]["readyNodes"] == "0/2"

    start = time.monotonic()
    patch(running, '{"spec": {"paused": false}}')
    running.wait_for_phase("Running")
    record("resume_s", time.monotonic() - start)
    after = read_uids(running)
    assert {node: after[node] for node in running.nodes} == {node: before[node] for node in running.nodes}
    assert running.inside.get("configmap", "kept-over-edits")["data"] == KEPT["data"]


@pytest.mark.nightly("tests/unit/vk8s/plan/test_replacements.py")
@pytest.mark.exclusive
def test_restart_rolls_through_the_nodes_one_at_a_time(running: VirtualCluster) -> None:
    running.inside.apply(KEPT)
    before = read_uids(running)
    start = time.monotonic()
    running.kubectl.run("annotate", "--overwrite", "vk8s", running.name, f"vk8s.sktelecom.com/restart={start}")
    for node in running.nodes:
        running.wait_for_another_pod(node, before[f"pod {node}"], SECONDS)
    running.wait_for_phase("Running")
    record("rolling_restart_s", time.monotonic() - start)
    after = read_uids(running)
    assert {node: after[node] for node in running.nodes} == {node: before[node] for node in running.nodes}
    master, worker = (running.kubectl.get("pod", node) for node in running.nodes)
    ready = next(entry for entry in master["status"]["conditions"] if entry["type"] == "Ready")
    assert worker["metadata"]["creationTimestamp"] >= ready["lastTransitionTime"]
    assert running.inside.get("configmap", "kept-over-edits")["data"] == KEPT["data"]


def test_labels_and_ports_change_in_place(running: VirtualCluster) -> None:
    before = read_uids(running)
    ports = [*running.manifest["spec"]["ports"], {"name": "more", "port": 30001, "targetPort": 30001}]
    patch(
        running,
        json.dumps({"metadata": {"labels": {"team": "blue"}}, "spec": {"ports": ports, "accessPodPort": 30023}}),
    )
    endpoints = {"ssh": 30023, "more": 30001}

    def read_endpoints() -> dict[str, int]:
        found = running.kubectl.get("vk8s", running.name)["status"]["endpoints"]
        return {"ssh": found["ssh"], **{port["name"]: port["nodePort"] for port in found["ports"]}}

    wait_for("the endpoints", lambda: endpoints.items() <= read_endpoints().items(), SECONDS, running.describe)
    labelled = running.kubectl.get("pods", "--selector=team=blue")["items"]
    assert {pod["metadata"]["name"] for pod in labelled} == {*running.nodes, f"{running.name}-access-pod"}
    assert read_uids(running) == before
    patch(running, '{"metadata": {"labels": null}}')
    running.ensure_running()


@pytest.mark.nightly("tests/nested/test_truth.py::test_node_offers_what_the_limits_of_its_pod_say")
def test_other_limits_are_what_the_node_offers_after_its_turn(running: VirtualCluster) -> None:
    before = read_uids(running)
    nodes = deepcopy(running.manifest["spec"]["nodes"])
    nodes[1]["resources"] = {"requests": {"cpu": "250m", "memory": "3Gi"}, "limits": {"cpu": "250m", "memory": "3Gi"}}
    patch(running, json.dumps({"spec": {"nodes": nodes}}))
    running.wait_for_another_pod("local-worker", before["pod local-worker"], SECONDS)
    running.wait_for_phase("Running")
    after = read_uids(running)
    assert {name: uid for name, uid in after.items() if name != "pod local-worker"} == {
        name: uid for name, uid in before.items() if name != "pod local-worker"
    }
    assert running.inside.get("node", "local-worker")["status"]["allocatable"]["cpu"] == "250m"
    running.ensure_running()


@pytest.mark.nightly("tests/unit/vk8s/bootstrap/test_master_again.py")
def test_fixed_image_boots_with_the_state_that_the_node_had(running: VirtualCluster) -> None:
    running.inside.apply(KEPT)
    before = read_uids(running)
    nodes = [{**node, "image": "registry.example.com/vk8s/none:v0"} for node in running.manifest["spec"]["nodes"]]
    patch(running, json.dumps({"spec": {"nodes": nodes}}))

    def read_reason() -> str:
        return str(running.kubectl.get("vk8s", running.name)["status"]["nodes"][0]["reason"])

    wait_for("the reason", lambda: read_reason() in ("ErrImagePull", "ImagePullBackOff"), SECONDS, running.describe)
    # The control-plane node is down for it; the worker must not follow.
    assert running.kubectl.get("pod", "local-worker")["metadata"]["uid"] == before["pod local-worker"]
    running.ensure_running()
    after = read_uids(running)
    assert {node: after[node] for node in running.nodes} == {node: before[node] for node in running.nodes}
    assert running.inside.get("configmap", "kept-over-edits")["data"] == KEPT["data"]


@pytest.mark.nightly("tests/unit/vk8s/plan/test_node_pods.py")
def test_pause_while_it_boots_and_while_a_worker_is_added_loses_nothing(running: VirtualCluster) -> None:
    running.ensure_absent()
    running.kubectl.apply(running.manifest)

    def describe_nodes() -> str:
        return str(running.kubectl.get("vk8s", running.name).get("status", {}).get("nodes"))

    wait_for("the boot", lambda: "Booting" in describe_nodes(), SECONDS, running.describe)
    patch(running, '{"spec": {"paused": true}}')
    running.wait_for_phase("Paused")
    scaled = with_extra(running)
    scaled.manifest["spec"]["paused"] = True
    scaled.kubectl.apply(scaled.manifest)
    running.kubectl.run("wait", "--for=create", f"pvc/{EXTRA}-state", f"--timeout={SECONDS}s")
    assert running.kubectl.find("pod", EXTRA) is None
    patch(running, '{"spec": {"paused": false}}')
    scaled.wait_for_phase("Running")
    scaled.wait_for_nodes()
    running.ensure_running()
    wait_for_end(running)
