"""What a pod or another child takes of a quota."""

import pytest

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.refused import list_node_refusals, list_refusals
from hooks.vk8s.spec.model import NodeSpec
from tests.namespace_world import limit_range, quota, rules
from tests.unit.vk8s.observed.test_refused import BOUNDED, NODE_PORTS, child, pod_spec, words
from tests.world import node


def test_init_containers_count_where_they_request_more() -> None:
    spec = {**pod_spec({"memory": "1Gi"}), "initContainers": pod_spec({"memory": "2Gi", "cpu": "1"})["containers"]}
    (sentence,) = words(spec, quota(limits_memory="1536Mi"))
    assert "requested: limits.memory=2Gi" in sentence


CLAIM = child(
    "PersistentVolumeClaim", storageClassName="fast", resources={"requests": {"storage": "20Gi"}}, accessModes=[]
)


@pytest.mark.parametrize(
    ("made", "found", "sentence"),
    [
        (CLAIM, quota(requests_storage="10Gi"), "requested: requests.storage=20Gi,"),
        (CLAIM, quota(persistentvolumeclaims="0"), "requested: persistentvolumeclaims=1,"),
        (
            CLAIM,
            quota(fast_storageclass_storage_k8s_io__requests_storage="1Gi"),
            "requested: fast.storageclass.storage.k8s.io/requests.storage=20Gi,",
        ),
        (
            CLAIM,
            limit_range({"type": "PersistentVolumeClaim", "max": {"storage": "5Gi"}}),
            "maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 20Gi",
        ),
        (
            CLAIM,
            limit_range({"type": "PersistentVolumeClaim", "min": {"storage": "1Ti"}}),
            "minimum storage usage per PersistentVolumeClaim is 1Ti, but request is 20Gi",
        ),
        (NODE_PORTS, quota(services_nodeports="1"), "requested: services.nodeports=2,"),
        (NODE_PORTS, quota(services="0"), "requested: services=1,"),
        (child("Service", type="ClusterIP"), quota(count__services="0"), "requested: count/services=1,"),
        (child("Secret"), quota(secrets="0"), "requested: secrets=1,"),
        (child("ConfigMap"), quota(configmaps="0"), "requested: configmaps=1,"),
        (child("Job", "batch/v1"), quota(count__jobs_batch="0"), "requested: count/jobs.batch=1,"),
        (
            child("NetworkPolicy", "networking.k8s.io/v1"),
            quota(count__networkpolicies_networking_k8s_io="0"),
            "requested: count/networkpolicies.networking.k8s.io=1,",
        ),
        ({**child("Pod"), "spec": BOUNDED}, quota(pods="0"), "requested: pods=1,"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_kind_of_child_is_counted(made: Manifest, found: Manifest, sentence: str) -> None:
    (refusal,) = list_refusals(made, rules(found))
    assert sentence in refusal.words


PRIORITY = {"scopeName": "PriorityClass"}
HIGH = {**pod_spec(), "priorityClassName": "high"}
OTHERS = {"topologyKey": "a", "namespaceSelector": {}}


def reaching(kind: str, term: Manifest) -> Manifest:
    return {**pod_spec(), "affinity": {"nodeAffinity": {}, "podAntiAffinity": {kind: [term]}}}


@pytest.mark.parametrize(
    ("pod", "scope"),
    [
        (HIGH, PRIORITY),
        (HIGH, {**PRIORITY, "operator": "In", "values": ["low", "high"]}),
        (HIGH, {**PRIORITY, "operator": "NotIn", "values": ["low"]}),
        (
            reaching("requiredDuringSchedulingIgnoredDuringExecution", OTHERS),
            {"scopeName": "CrossNamespacePodAffinity"},
        ),
        (
            reaching("preferredDuringSchedulingIgnoredDuringExecution", {"podAffinityTerm": {"namespaces": ["a"]}}),
            {"scopeName": "CrossNamespacePodAffinity"},
        ),
    ],
)
def test_quota_with_a_scope_counts_the_pods_in_it(pod: Manifest, scope: Manifest) -> None:
    found = quota(spec={"scopeSelector": {"matchExpressions": [scope]}}, pods="0")
    assert words(pod, found) == ["exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"]
    assert words(pod_spec(), found) == []


@pytest.mark.parametrize(
    "scope",
    [
        {**PRIORITY, "operator": "In", "values": ["low"]},
        {**PRIORITY, "operator": "NotIn", "values": ["high"]},
        {**PRIORITY, "operator": "DoesNotExist"},
        {"scopeName": "Later"},
    ],
)
def test_quota_for_other_priorities_does_not_count_a_pod(scope: Manifest) -> None:
    assert words(HIGH, quota(spec={"scopeSelector": {"matchExpressions": [scope]}}, pods="0")) == []


def test_node_is_rejected_by_a_quota_for_its_priority_class() -> None:
    found = rules(quota(spec={"scopeSelector": {"matchExpressions": [PRIORITY]}}, pods="0"))
    high = NodeSpec.model_validate(node("w", "worker", priorityClassName="high"))
    assert [refusal.rule for refusal in list_node_refusals(high, found)] == ["q"]
    assert list_node_refusals(high.model_copy(update={"priority_class_name": None}), found) == []
