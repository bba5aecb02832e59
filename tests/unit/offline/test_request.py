"""`python -m hooks request`: the body with which Metacontroller would call a hook, for curl."""

from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.offline.documents import ManifestError
from hooks.offline.render import render
from hooks.offline.request import UNKNOWN_UID, build_request
from hooks.vk8s.decide import decide_sync
from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.vk8s.spec.labels import COMPONENT, KUBEFLOW_COMPONENT
from hooks.wire import HookRequest
from tests.world import CONTEXT, running_world, spec

VK8S: dict[str, Any] = {
    "apiVersion": "vk8s.sktelecom.com/v1alpha1",
    "kind": "Vk8s",
    "metadata": {"name": "demo", "namespace": "team-a"},
    "spec": spec(),
}
POOL: Manifest = {"apiVersion": "vk8s.sktelecom.com/v1alpha1", "kind": "IPPool", "metadata": {"name": "a", "uid": "1"}}


def build_pod(name: str, **metadata: object) -> Manifest:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "team-a", **metadata}}


def list_children(request: Manifest) -> list[str]:
    return sorted(key for group in request["children"].values() for key in group)


def test_new_vk8s_has_no_children_and_every_kind_of_them_is_named() -> None:
    request = build_request([VK8S])
    assert request["parent"]["metadata"] == {**VK8S["metadata"], "uid": UNKNOWN_UID, "generation": 1}
    assert request["children"] == {kind: {} for kind in CHILD_KINDS}
    assert request["finalizing"] is False


def test_rendered_children_are_observed_and_complete() -> None:
    children = render(VK8S, CONTEXT).children
    request = build_request([VK8S, *children])
    answer = decide_sync(HookRequest.model_validate(request), CONTEXT)
    assert list_children(request) == sorted(f"team-a/{child['metadata']['name']}" for child in children)
    assert len(answer.children) == len(children)


def test_objects_of_a_cluster_are_sent_as_they_are() -> None:
    world = running_world()
    objects = [obj for group in world.children.values() for obj in group.values()]
    children = build_request([VK8S, *objects])["children"]
    assert {kind: list(group.values()) for kind, group in children.items()} == {
        kind: list(group.values()) for kind, group in world.children.items()
    }


def test_pods_of_another_owner_are_not_sent() -> None:
    vk8s = {**VK8S, "metadata": {**VK8S["metadata"], "uid": "7"}}
    ours = build_pod("ours", ownerReferences=[{"controller": True, "uid": "7"}])
    of_a_job = build_pod("w-leave-x", ownerReferences=[{"controller": True, "uid": "8"}])
    assert list_children(build_request([vk8s, ours, of_a_job])) == ["team-a/ours"]


def test_pod_that_installs_kubeflow_is_related() -> None:
    job = {"controller": True, "uid": "8"}
    pod = build_pod("demo-kubeflow-x", labels={COMPONENT: KUBEFLOW_COMPONENT}, ownerReferences=[job])
    request = build_request([VK8S, pod])
    assert list_children(request) == []
    assert list(request["related"]["Pod.v1"]) == ["team-a/demo-kubeflow-x"]


def test_pools_are_related_and_other_kinds_are_left_out() -> None:
    request = build_request([VK8S, POOL, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}])
    assert request["related"] == {"IPPool.vk8s.sktelecom.com/v1alpha1": {"a": POOL}}
    assert list_children(request) == []


def test_deleted_vk8s_gets_a_finalize_request() -> None:
    deleted = {**VK8S, "metadata": {**VK8S["metadata"], "deletionTimestamp": "2026-11-20T10:00:00Z"}}
    assert build_request([deleted])["finalizing"] is True


@pytest.mark.parametrize("count", [0, 2])
def test_call_is_about_one_vk8s(count: int) -> None:
    with pytest.raises(ManifestError, match=f"there are {count}"):
        build_request([VK8S] * count)
