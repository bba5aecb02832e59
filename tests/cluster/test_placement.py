"""What the API server says of where nodes shall run, of their annotations, and of a disruption budget."""

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.host_cluster import HostCluster
from tests.cluster.applying import forget_types, try_apply
from tests.cluster.owner import build_vk8s
from tests.world import node

PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
HOST = "kubernetes.io/hostname"
SPREAD = {"maxSkew": 1, "topologyKey": HOST, "whenUnsatisfiable": "ScheduleAnyway"}


def near(expression: Manifest) -> Manifest:
    """Near to pods that are chosen so."""
    term = {"topologyKey": HOST, "labelSelector": {"matchExpressions": [expression]}}
    return {"podAffinity": {REQUIRED: [term]}}


def on(expression: Manifest) -> Manifest:
    """On hosts that are chosen so."""
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}}


def prefer(weight: int) -> Manifest:
    """Away from other pods, with that weight."""
    return {"podAntiAffinity": {PREFERRED: [{"weight": weight, "podAffinityTerm": {"topologyKey": HOST}}]}}


REJECTED: dict[str, tuple[Manifest, str]] = {
    "a selector without values": (
        {"affinity": near({"key": "a", "operator": "In"})},
        "write values with operator In and NotIn, and with no other",
    ),
    "a number that is none": (
        {"affinity": on({"key": "a", "operator": "Gt", "values": ["b"]})},
        "write one whole number, in quotes, as the value for Gt or Lt",
    ),
    "a host's label without values": (
        {"affinity": on({"key": "a", "operator": "NotIn"})},
        "write values with operator In and NotIn, and none with Exists and DoesNotExist",
    ),
    "a weight of nothing": ({"affinity": prefer(0)}, "weight in body should be greater than or equal to 1"),
    "a misspelt affinity": ({"affinity": {"podAfinity": {}}}, 'unknown field "spec.nodes[0].affinity.podAfinity"'),
    "a constraint of an unknown kind": (
        {"topologySpreadConstraints": [{**SPREAD, "whenUnsatisfiable": "Perhaps"}]},
        'supported values: "DoNotSchedule", "ScheduleAnyway"',
    ),
    "a minimum of domains that is only preferred": (
        {"topologySpreadConstraints": [{**SPREAD, "minDomains": 2}]},
        "spec.nodes[0].topologySpreadConstraints[0]: write minDomains only with whenUnsatisfiable: DoNotSchedule",
    ),
    "an annotation that can't be one": (
        {"annotations": {"a b": ""}},
        "spec.nodes[0].annotations: write keys such as example.com/team",
    ),
    "an address of the owner's choice": (
        {"annotations": {"cni.projectcalico.org/ipAddrs": "[]"}},
        "spec.nodes[0].annotations: leave out those of vk8s.sktelecom.com, cni.projectcalico.org,",
    ),
    "an annotation of Kubernetes": (
        {"annotations": {"kubernetes.io/config.mirror": ""}},
        "spec.nodes[0].annotations: leave out those of",
    ),
}
ACCEPTED: dict[str, Manifest] = {
    "pods to be near to": {"affinity": near({"key": "a", "operator": "Exists"})},
    "hosts by a number": {"affinity": on({"key": "a", "operator": "Gt", "values": ["-1"]})},
    "pods to be far from": {"affinity": prefer(100)},
    "no spread": {"affinity": {"podAntiAffinity": {}}},
    "a constraint": {"topologySpreadConstraints": [SPREAD]},
    "a priority class": {"priorityClassName": "high"},
    "annotations": {"annotations": {"kubernetes.io/ingress-bandwidth": "1G", "example.com/a": "x" * 8192}},
}


@pytest.mark.parametrize(("fields", "words"), REJECTED.values(), ids=REJECTED)
def test_placement_that_no_pod_may_have_is_rejected(cluster: HostCluster, fields: Manifest, words: str) -> None:
    assert words in forget_types(try_apply(cluster, build_vk8s(nodes=[node("m", "master", **fields)])))


@pytest.mark.parametrize("fields", ACCEPTED.values(), ids=ACCEPTED)
def test_placement_that_a_pod_may_have_is_accepted(cluster: HostCluster, fields: Manifest) -> None:
    assert try_apply(cluster, build_vk8s(nodes=[node("m", "master", **fields)])) == ""


@pytest.mark.parametrize("most", [0, 100])
def test_budget_is_accepted(cluster: HostCluster, most: int) -> None:
    assert try_apply(cluster, build_vk8s(disruptionBudget={"maxUnavailable": most})) == ""


@pytest.mark.parametrize(("most", "words"), [(-1, "greater than or equal to 0"), (101, "less than or equal to 100")])
def test_budget_of_no_number_of_nodes_is_rejected(cluster: HostCluster, most: int, words: str) -> None:
    said = try_apply(cluster, build_vk8s(disruptionBudget={"maxUnavailable": most}))
    assert f"spec.disruptionBudget.maxUnavailable in body should be {words}" in said
