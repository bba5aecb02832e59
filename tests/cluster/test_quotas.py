"""ResourceQuotas and LimitRanges of a namespace, as a real API server and its controllers enforce them."""

import json
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.refused import list_refusals
from hooks.vk8s.spec.namespace_rules import NamespaceRules
from testbed.kubectl import KubectlError
from testbed.waiting import wait_for
from tests.cluster.owner import SECONDS, Owner, build_vk8s
from tests.cluster.test_status import set_container_state
from tests.namespace_world import related
from tests.world import node

MISSING_SECONDS = 60
MASTER = "m"


def quota(hard: Manifest, **spec: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard, **spec}}


def limit_range(*limits: Manifest) -> Manifest:
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "lr"}, "spec": {"limits": list(limits)}}


def pod(limits: Manifest | None = None, requests: Manifest | None = None) -> Manifest:
    resources = {"limits": limits or {}, "requests": requests or {}}
    container = {"name": "node", "image": "x", "resources": resources}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [container]}}


def claim(size: str, storage_class: str | None = None) -> Manifest:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    named = {"storageClassName": storage_class} if storage_class else {}
    metadata = {"name": "x"}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": {**spec, **named}}


def service(*ports: int) -> Manifest:
    own = [{"name": f"p{port}", "port": port} for port in ports]
    spec = {"type": "NodePort", "ports": own}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": spec}


def set_rule(owner: Owner, rule: Manifest) -> None:
    """Applies a rule, and returns once it is enforced."""
    owner.kubectl.apply(rule)
    if rule["kind"] == "ResourceQuota":
        hard = rule["spec"]["hard"]
        wait_for("the quota", lambda: read_quota(owner)["status"].get("hard") == hard, SECONDS)


def read_quota(owner: Owner) -> Manifest:
    return {"status": {}, **owner.kubectl.get("resourcequota", "q")}


def ask(owner: Owner, thing: Manifest) -> str:
    """What the API server says to that; nothing where it would make it."""
    try:
        owner.kubectl.run("create", "--dry-run=server", "--filename=-", stdin=json.dumps(thing))
    except KubectlError as error:
        return str(error)
    return ""


SMALL, BIG = pod({"cpu": "1", "memory": "1Gi"}), pod({"cpu": "4", "memory": "8Gi"}, {"cpu": "2"})


@pytest.mark.parametrize(
    ("rule", "things"),
    [
        (quota({"requests.cpu": "1", "limits.memory": "4Gi", "pods": "5"}), [SMALL, BIG, pod(), pod({"cpu": "1"})]),
        (quota({"cpu": "1500m", "memory": "1Gi"}), [SMALL, BIG, pod({"cpu": "0", "memory": "0"})]),
        (quota({"pods": "0", "count/pods": "0"}), [SMALL, pod()]),
        (quota({"pods": "0"}, scopes=["NotBestEffort"]), [SMALL, pod(), pod({"cpu": "0"})]),
        (quota({"pods": "0"}, scopes=["BestEffort"]), [SMALL, pod(), pod({"cpu": "0"})]),
        (quota({"requests.storage": "10Gi", "persistentvolumeclaims": "1"}), [claim("5Gi"), claim("20Gi")]),
        (
            quota({"fast.storageclass.storage.k8s.io/requests.storage": "10Gi"}),
            [claim("20Gi", "fast"), claim("20Gi", "slow")],
        ),
        (quota({"services.nodeports": "1", "services": "9"}), [service(80), service(80, 81)]),
        (quota({"requests.nvidia.com/gpu": "1"}), [pod({"nvidia.com/gpu": "1"}), pod({"nvidia.com/gpu": "2"})]),
        (limit_range({"type": "Container", "max": {"memory": "2Gi"}}), [SMALL, BIG, pod()]),
        (limit_range({"type": "Container", "min": {"cpu": "2", "memory": "2Gi"}}), [SMALL, BIG, pod({"cpu": "2"})]),
        (limit_range({"type": "Container", "maxLimitRequestRatio": {"cpu": "1"}}), [SMALL, BIG, pod()]),
        (limit_range({"type": "Container", "default": {"cpu": "500m"}}), [SMALL, pod(requests={"cpu": "4"})]),
        (limit_range({"type": "Pod", "max": {"cpu": "2"}, "min": {"memory": "512Mi"}}), [SMALL, BIG, pod()]),
        (
            limit_range({"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "5Gi"}}),
            [claim("2Gi"), claim("20Gi"), claim("1Mi")],
        ),
    ],
    ids=lambda value: json.dumps(value["spec"], sort_keys=True) if isinstance(value, dict) else "",
)
def test_hooks_predict_refusals_in_the_api_servers_words(owner: Owner, rule: Manifest, things: list[Manifest]) -> None:
    set_rule(owner, rule)
    stored = owner.kubectl.get(rule["kind"], rule["metadata"]["name"])
    rules = NamespaceRules.parse(related(stored))
    for thing in things:
        check(owner, thing, [refusal.words for refusal in list_refusals(thing, rules)])


def check(owner: Owner, thing: Manifest, words: list[str]) -> None:
    """AssertionError, or TimeoutError, where the API server does not refuse the thing in these words, if in any."""
    # It takes a moment to hear of a rule.
    wait_for(
        f"{thing}: {words}", lambda: bool(ask(owner, thing)) == bool(words), 30, lambda: f"It says: {ask(owner, thing)}"
    )
    answer = ask(owner, thing)
    assert [each for each in words if each not in answer] == []


def bounded(name: str, role: str, memory: str = "1Gi") -> Manifest:
    return node(name, role, resources={"limits": {"cpu": "1", "memory": memory}})


NODES = [bounded("m", "master"), bounded("w", "worker")]
ROOM = {"requests.cpu": "3", "requests.memory": "3Gi", "limits.cpu": "4", "limits.memory": "3Gi", "pods": "5"}


def test_cluster_under_quotas_lives_through_its_whole_life(owner: Owner) -> None:
    set_rule(owner, quota({**ROOM, "requests.storage": "40Gi", "persistentvolumeclaims": "2"}))
    set_rule(owner, limit_range({"type": "Container", "max": {"memory": "2Gi"}, "default": {"memory": "256Mi"}}))
    own: Any = {"accessPodImage": "x", "accessPodPort": 30097}
    owner.run_cluster(build_vk8s(nodes=NODES, **own))
    owner.wait_for_children("Pod/demo-access-pod")
    owner.play_kubelet("demo-access-pod")
    owner.wait_for_reason("ChildrenObserved", "AllObserved")
    before = owner.children()["Pod/w"]

    larger = [NODES[0], bounded("w", "worker", "1280Mi")]
    owner.kubectl.apply(build_vk8s(nodes=larger, **own))
    wait_for("another worker", lambda: owner.has_another(before), SECONDS, lambda: str(owner.status()))
    owner.play_kubelet("w")
    wait_for("Running", lambda: owner.status()["phase"] == "Running", SECONDS, lambda: str(owner.status()))

    # No more than what there is.
    set_rule(owner, quota({**ROOM, "requests.memory": "2336Mi", "limits.memory": "2816Mi"}))
    owner.kubectl.apply(build_vk8s(nodes=[NODES[0]], **own))
    owner.wait_for_children("Job/w-leave")
    wait_for("a pod of the Job", lambda: list_job_pods(owner), SECONDS, lambda: str(owner.status()))
    wait_for("the end", lambda: has_ended_with_its_job(owner), SECONDS, lambda: str(owner.status()))
    owner.kubectl.run("delete", "vk8s", "demo", "--timeout=60s")
    assert owner.children() == {}


def list_job_pods(owner: Owner) -> list[Manifest]:
    pods: list[Manifest] = owner.kubectl.get("pods", "--selector=job-name=w-leave")["items"]
    return pods


def has_ended_with_its_job(owner: Owner) -> bool:
    """Finishes the Job, which may have been recreated with resources that fit; whether its worker is gone."""
    finish_job(owner)
    return "Pod/w" not in owner.children()


def finish_job(owner: Owner) -> None:
    """Its pods succeed; those that are deleted meanwhile don't."""
    for each in list_job_pods(owner):
        done = '--patch={"status": {"phase": "Succeeded"}}'
        owner.kubectl.succeeds("patch", "pod", each["metadata"]["name"], "--subresource=status", "--type=merge", done)


def test_job_of_a_worker_asks_for_nothing_in_a_full_quota(owner: Owner) -> None:
    owner.run_cluster(build_vk8s(nodes=NODES))
    full = {"requests.cpu": "2", "requests.memory": "2Gi", "limits.cpu": "2", "limits.memory": "2Gi", "pods": "3"}
    set_rule(owner, quota(full))
    owner.kubectl.apply(build_vk8s(nodes=NODES[:1]))
    wait_for("a pod of the Job", lambda: list_job_pods(owner), SECONDS, lambda: str(owner.status()))
    resources = list_job_pods(owner)[0]["spec"]["containers"][0]["resources"]
    assert resources == {"limits": {"cpu": "0", "memory": "0"}, "requests": {"cpu": "0", "memory": "0"}}


@pytest.mark.nightly("tests/unit/vk8s/plan/test_removals.py")
def test_worker_without_room_for_its_job_can_be_removed_by_force(owner: Owner) -> None:
    owner.run_cluster(build_vk8s(nodes=NODES))
    set_rule(owner, quota({"pods": "2"}))
    owner.kubectl.apply(build_vk8s(nodes=NODES[:1]))
    words = "Job w-leave can't create its pod: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2"
    wait_for("the words", lambda: words in owner.condition("Ready")["message"], SECONDS, lambda: str(owner.status()))
    assert "Pod/w" in owner.children()
    owner.kubectl.run("annotate", "vk8s", "demo", "vk8s.sktelecom.com/force-remove=w")
    wait_for("its place", lambda: "Pod/w" not in owner.children(), SECONDS, lambda: str(owner.status()))
    wait_for("a pod of the Job", lambda: list_job_pods(owner), 180, lambda: str(owner.status()))
    finish_job(owner)
    wait_for("the end", lambda: "PersistentVolumeClaim/w-state" not in owner.children(), SECONDS)


def test_refusal_of_a_quota_is_reported_until_there_is_room(owner: Owner) -> None:
    set_rule(owner, quota({"limits.memory": "1Gi", "pods": "5"}))
    owner.kubectl.apply(build_vk8s(nodes=[NODES[0], node("w", "worker")]))
    condition = owner.wait_for_reason("ChildrenObserved", "QuotaExceeded", MISSING_SECONDS)
    words = "Pod w: failed quota: q: must specify limits.memory for: node (write resources.limits.memory for w)"
    assert words in condition["message"]
    assert "Pod/m" in owner.children()

    owner.kubectl.apply(build_vk8s(nodes=NODES))
    words = "exceeded quota: q, requested: limits.memory=1Gi, used: limits.memory=1Gi, limited: limits.memory=1Gi"
    wait_for("the words", lambda: words in owner.condition("ChildrenObserved")["message"], SECONDS)
    assert words in owner.kubectl.run("describe", "vk8s", "demo")
    set_rule(owner, quota({"limits.memory": "2Gi", "pods": "5"}))
    owner.wait_for_children("Pod/w")


@pytest.mark.nightly("tests/unit/vk8s/status/test_namespace_notes.py")
def test_refusal_of_a_limit_range_is_reported_in_its_words(owner: Owner) -> None:
    set_rule(owner, limit_range({"type": "PersistentVolumeClaim", "max": {"storage": "5Gi"}}))
    owner.kubectl.apply(build_vk8s(nodes=NODES[:1]))
    condition = owner.wait_for_reason("ChildrenObserved", "LimitRange", MISSING_SECONDS)
    words = "maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 20Gi (change LimitRange lr)"
    assert condition["message"].startswith(f"PersistentVolumeClaim m-state: {words}")


def test_edit_that_does_not_fit_is_not_begun(owner: Owner) -> None:
    owner.run_cluster(build_vk8s(nodes=NODES))
    before = owner.children()["Pod/m"]
    set_rule(owner, quota({"limits.memory": "2Gi"}))
    owner.kubectl.apply(build_vk8s(nodes=[bounded("m", "master", "2Gi"), NODES[1]]))
    words = "m is not recreated, as its next pod would be refused: exceeded quota: q, requested: limits.memory=2Gi"
    wait_for("the words", lambda: words in owner.condition("Accepted")["message"], SECONDS, lambda: str(owner.status()))
    assert not owner.has_another(before)
    set_rule(owner, quota({"limits.memory": "3Gi"}))
    wait_for("another control-plane pod", lambda: owner.has_another(before), SECONDS, lambda: str(owner.status()))


def test_limit_that_a_limit_range_gave_is_called_that(owner: Owner) -> None:
    set_rule(owner, limit_range({"type": "Container", "default": {"memory": "512Mi"}}))
    role = "master"
    owner.kubectl.apply(build_vk8s(nodes=[node(MASTER, role)]))
    owner.wait_for_children(f"Pod/{MASTER}")
    sentence = f"The pod's memory limit is 512 MiB; a {role} needs at least 768 MiB."
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "message": sentence}}
    set_container_state(owner, MASTER, {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}}, ended)
    condition = owner.wait_for_reason("ControlPlaneReady", "CrashLoopBackOff")
    note = "(its memory limit of 512Mi comes from LimitRange lr: write resources.limits.memory for m)."
    assert condition["message"] == f"m has stopped: {sentence.rstrip('.')} {note}"
