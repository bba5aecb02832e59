"""What an owner changes in a running virtual cluster: pause, resume, edits of nodes."""

import time

from tests.figures import record
from tests.nested.virtual import VirtualCluster

SECONDS = 120
KEPT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept-over-edits"}, "data": {"a": "b"}}


def find_uids(virtual: VirtualCluster) -> dict[str, str]:
    """The uid of every node's Node and pod."""
    inside = {node: virtual.inside.get("node", node)["metadata"]["uid"] for node in virtual.nodes}
    return {**inside, **{f"pod {node}": virtual.kubectl.get("pod", node)["metadata"]["uid"] for node in virtual.nodes}}


def patch(virtual: VirtualCluster, change: str) -> None:
    virtual.kubectl.run("patch", "vk8s", virtual.name, "--type=merge", f"--patch={change}")


def test_a_pause_stops_all_pods_and_a_resume_brings_the_same_cluster_back(running: VirtualCluster) -> None:
    running.inside.apply(KEPT)
    before = find_uids(running)
    start = time.monotonic()
    patch(running, '{"spec": {"paused": true}}')
    running.kubectl.run("wait", "--for=delete", *(f"pod/{node}" for node in running.nodes), f"--timeout={SECONDS}s")
    record("pause_s", time.monotonic() - start)
    assert running.wait_for_phase("Paused")["status"]["readyNodes"] == "0/2"

    start = time.monotonic()
    patch(running, '{"spec": {"paused": false}}')
    running.wait_for_phase("Running")
    record("resume_s", time.monotonic() - start)
    after = find_uids(running)
    assert {node: after[node] for node in running.nodes} == {node: before[node] for node in running.nodes}
    assert running.inside.get("configmap", "kept-over-edits")["data"] == KEPT["data"]


def test_a_restart_rolls_through_the_nodes_one_at_a_time(running: VirtualCluster) -> None:
    running.inside.apply(KEPT)
    before = find_uids(running)
    start = time.monotonic()
    running.kubectl.run("annotate", "--overwrite", "vk8s", running.name, f"vk8s.sktelecom.com/restart={start}")
    for node in running.nodes:
        running.wait_for_another_pod(node, before[f"pod {node}"], SECONDS)
    running.wait_for_phase("Running")
    record("rolling_restart_s", time.monotonic() - start)
    after = find_uids(running)
    assert {node: after[node] for node in running.nodes} == {node: before[node] for node in running.nodes}
    master, worker = (running.kubectl.get("pod", node) for node in running.nodes)
    ready = next(entry for entry in master["status"]["conditions"] if entry["type"] == "Ready")
    assert worker["metadata"]["creationTimestamp"] >= ready["lastTransitionTime"]
    assert running.inside.get("configmap", "kept-over-edits")["data"] == KEPT["data"]
