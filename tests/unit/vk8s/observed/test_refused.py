"""What quotas and LimitRanges refuse, in the words of the API server. tests/cluster holds them against a real one."""

from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.refused import list_pod_refusals, list_port_refusals, list_refusals
from tests.namespace_world import container_limit, limit_range, quota, rules

METADATA = {"name": "x", "namespace": "team-a", "labels": {}}


def pod_spec(limits: Manifest | None = None, requests: Manifest | None = None) -> Manifest:
    """A pod with one container."""
    return {"containers": [{"name": "node", "resources": {"limits": limits or {}, "requests": requests or {}}}]}


def child(kind: str, api_version: str = "v1", **spec: Any) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "metadata": METADATA, "spec": spec}


def words(spec: Manifest, *objects: Manifest) -> list[str]:
    return [refusal.words for refusal in list_pod_refusals(spec, rules(*objects))]


EXCEEDED = "exceeded quota: q, requested:"
BOUNDED = pod_spec({"cpu": "2", "memory": "4Gi"})
USED = {"requests.memory": "7Gi"}


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            quota(used=USED, requests_memory="8Gi"),
            f"{EXCEEDED} requests.memory=4Gi, used: requests.memory=7Gi, limited: requests.memory=8Gi",
        ),
        (quota(cpu="1"), "exceeded quota: q, requested: cpu=2, used: cpu=0, limited: cpu=1"),
        (
            quota(limits_cpu="1", cpu="1", pods="5"),
            f"{EXCEEDED} cpu=2,limits.cpu=2, used: cpu=0,limits.cpu=0, limited: cpu=1,limits.cpu=1",
        ),
        (quota(used={"pods": "3"}, pods="3"), "exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3"),
        (
            quota(count__pods="0"),
            "exceeded quota: q, requested: count/pods=1, used: count/pods=0, limited: count/pods=0",
        ),
        (
            quota(spec={"scopes": ["NotTerminating", "NotBestEffort"]}, pods="0"),
            "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0",
        ),
        (
            limit_range(container_limit(max={"memory": "1Gi"})),
            "maximum memory usage per Container is 1Gi, but limit is 4Gi",
        ),
        (limit_range(container_limit(min={"cpu": "3"})), "minimum cpu usage per Container is 3, but request is 2"),
        (
            limit_range({"type": "Container", "min": {"nvidia.com/gpu": "1"}}),
            "minimum nvidia.com/gpu usage per Container is 1.  No request is specified",
        ),
        (limit_range({"type": "Pod", "max": {"cpu": "1500m"}}), "maximum cpu usage per Pod is 1500m, but limit is 2"),
        (
            limit_range({"type": "Pod", "max": {"ephemeral-storage": "1Gi"}}),
            "maximum ephemeral-storage usage per Pod is 1Gi.  No limit is specified",
        ),
        (
            limit_range(container_limit(maxLimitRequestRatio={"x.io/y": "2"})),
            "x.io/y max limit to request ratio per Container is 2, but no request is specified or request is 0",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_pod_is_rejected_in_the_words_of_the_api_server(found: Manifest, sentence: str) -> None:
    assert words(BOUNDED, found) == [sentence]


@pytest.mark.parametrize(
    "found",
    [
        quota(requests_memory="4Gi", limits_cpu="2", pods="1", count__pods="1"),
        quota(spec={"scopes": ["BestEffort"]}, pods="0"),
        quota(spec={"scopes": ["Terminating"]}, pods="0"),
        quota(spec={"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass"}]}}, pods="0"),
        {**quota(pods="0"), "status": {}},
        {**quota(pods="0"), "status": {"hard": {"pods": "many"}}},
        {**quota(pods="0"), "status": {"hard": {"pods": "0"}, "used": 7}},
        {**quota(pods="0"), "spec": {"scopes": 7}},
        {**limit_range(), "spec": {}},
        limit_range(container_limit(max={"memory": "4Gi"}, min={"cpu": "2"}, maxLimitRequestRatio={"cpu": "1"})),
        limit_range({"type": "PersistentVolumeClaim", "max": {"storage": "1"}}),
    ],
    ids=[
        "it fits",
        "a quota for best effort",
        "a quota for pods with a deadline",
        "a quota for priorities, which may be given by default",
        "a quota that no controller has seen",
        "a quota that can't be read",
        "a quota whose use can't be read",
        "a quota whose scopes can't be read",
        "a LimitRange that can't be read",
        "a LimitRange at its bounds",
        "a LimitRange for claims",
    ],
)
def test_nothing_is_said_where_nothing_is_known_to_refuse_a_pod(found: Manifest) -> None:
    assert words(BOUNDED, found) == []


def test_quota_that_counts_what_a_container_does_not_say_refuses_it() -> None:
    found = quota(limits_memory="8Gi", cpu="4", pods="9")
    assert words(pod_spec({"memory": "4Gi"}), found) == ["failed quota: q: must specify cpu for: node"]
    both = "failed quota: q: must specify cpu for: node; limits.memory for: node"
    assert words(pod_spec(), found) == [both]
    # What a LimitRange gives is said.
    given = limit_range(container_limit(default={"memory": "1Gi", "cpu": "1"}))
    assert words(pod_spec(), found, given) == []


def test_pod_of_best_effort_is_not_counted_where_only_others_are() -> None:
    assert words(pod_spec(), quota(spec={"scopes": ["NotBestEffort"]}, pods="0")) == []
    assert words(pod_spec({"memory": "0"}), quota(spec={"scopes": ["BestEffort"]}, pods="0"))


def test_pod_that_adds_nothing_fits_an_overdrawn_quota() -> None:
    found = quota(used={"limits.memory": "8Gi"}, limits_memory="4Gi")
    assert words(pod_spec({"memory": "0"}), found) == []


def test_default_limit_below_the_request_makes_a_pod_invalid() -> None:
    found = limit_range(container_limit(default={"cpu": "500m"}))
    (refusal,) = list_pod_refusals(pod_spec(requests={"cpu": "4"}), rules(found))
    assert (refusal.reason, refusal.words) == (
        "LimitRange",
        'Invalid value: "4": must be less than or equal to cpu limit of 500m',
    )


def test_limit_of_nothing_has_no_ratio() -> None:
    found = limit_range({"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}})
    start = "cpu max limit to request ratio per Container is 2, but"
    assert words(pod_spec({"cpu": "4"}, {"cpu": "1"}), found) == [f"{start} provided ratio is 4.000000"]
    assert words(pod_spec(requests={"cpu": "1"}), found) == [f"{start} no limit is specified or limit is 0"]


NODE_PORTS = child("Service", type="NodePort", ports=[{"port": 80}, {"port": 81}])


def test_quota_for_some_pods_counts_nothing_else() -> None:
    assert list_refusals(NODE_PORTS, rules(quota(spec={"scopes": ["NotTerminating"]}, services="0"))) == []


def test_claim_of_the_default_class_ignores_quotas_of_a_class() -> None:
    made = child("PersistentVolumeClaim", resources={"requests": {"storage": "20Gi"}})
    assert list_refusals(made, rules(quota(fast_storageclass_storage_k8s_io__requests_storage="1Gi"))) == []


def test_more_ports_are_counted_alone() -> None:
    found = rules(quota(used={"services.nodeports": "2"}, services_nodeports="3", services="0"))
    assert list_port_refusals(1, found) == []
    assert "requested: services.nodeports=2" in list_port_refusals(2, found)[0].words


@pytest.mark.parametrize(
    ("labels", "found", "advice"),
    [
        (
            {"vk8s.sktelecom.com/component": "node", "vk8s.sktelecom.com/node": "w"},
            quota(pods="0"),
            "raise ResourceQuota q or make room in it, or change the resources of w",
        ),
        ({}, quota(pods="0"), "raise ResourceQuota q or make room in it"),
        (
            {"vk8s.sktelecom.com/component": "node", "vk8s.sktelecom.com/node": "w"},
            quota(limits_cpu="1", cpu="1"),
            "write resources.requests.cpu and resources.limits.cpu for w",
        ),
        ({}, quota(limits_cpu="1"), "change ResourceQuota q"),
        (
            {"vk8s.sktelecom.com/component": "node", "vk8s.sktelecom.com/node": "w"},
            limit_range({"type": "Pod", "min": {"cpu": "1"}}),
            "change LimitRange lr, or change the resources of w",
        ),
        ({}, limit_range({"type": "Pod", "min": {"cpu": "1"}}), "change LimitRange lr"),
    ],
)
def test_refusal_says_what_can_be_done(labels: Manifest, found: Manifest, advice: str) -> None:
    pod = {**child("Pod"), "metadata": {**METADATA, "labels": labels}, "spec": pod_spec()}
    (refusal,) = list_refusals(pod, rules(found))
    assert refusal.advise([pod]) == advice
