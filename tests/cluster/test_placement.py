"""What the API server says of where nodes shall run, of their annotations, and of a disruption budget."""

from functools import partial

import pytest
from hypothesis import given, settings

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.children.node_pod import build_node_pod
from hooks.vk8s.spec.validate import check_spec, parse_spec
from testbed.host_cluster import HostCluster
from testbed.waiting import wait_for
from tests.cluster.applying import forget_types, try_apply, try_create
from tests.cluster.owner import build_vk8s
from tests.properties.placements import PLACEMENTS
from tests.world import World, node, spec

EXAMPLES = 1000

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
        "write one whole number, 0 or more and in quotes, as the value for Gt or Lt",
    ),
    "a number below zero": (
        {"affinity": on({"key": "a", "operator": "Gt", "values": ["-1"]})},
        "write one whole number, 0 or more and in quotes, as the value for Gt or Lt",
    ),
    "a value that no label of a host has": (
        {"affinity": on({"key": "a", "operator": "In", "values": ["a b"]})},
        "matchExpressions[0].values[0] in body should match",
    ),
    "a key that no label of a host has": (
        {"affinity": on({"key": "a..b/c", "operator": "Exists"})},
        "matchExpressions[0].key in body should match",
    ),
    "a topology that is no label": (
        {"affinity": {"podAffinity": {REQUIRED: [{"topologyKey": ""}]}}},
        "topologyKey in body should match",
    ),
    "a namespace that can't exist": (
        {"affinity": {"podAffinity": {REQUIRED: [{"topologyKey": HOST, "namespaces": ["A"]}]}}},
        "namespaces[0] in body should match",
    ),
    "keys of labels without a selector": (
        {"affinity": {"podAffinity": {REQUIRED: [{"topologyKey": HOST, "matchLabelKeys": ["a"]}]}}},
        "write a labelSelector with matchLabelKeys or mismatchLabelKeys",
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
    "the same constraint twice": (
        {"topologySpreadConstraints": [SPREAD, {**SPREAD, "maxSkew": 2}]},
        "spec.nodes[0].topologySpreadConstraints: write one entry for each topologyKey and whenUnsatisfiable",
    ),
    "a toleration of what is no taint": (
        {"tolerations": [{"key": "a b", "operator": "Exists"}]},
        "tolerations[0].key: write the key of a label, such as kubernetes.io/hostname",
    ),
    "a toleration of what no taint has": (
        {"tolerations": [{"key": "a", "value": "b c"}]},
        "tolerations[0].value: write the value of a label, such as ssd",
    ),
    "a selector of what is no label": (
        {"nodeSelector": {"a..b/c": ""}},
        "spec.nodes[0].nodeSelector: write labels, such as disk: ssd",
    ),
    "a priority class that can't exist": (
        {"priorityClassName": "High"},
        "spec.nodes[0].priorityClassName: write lower-case letters, digits, '-' and '.'",
    ),
    "a runtime class that can't exist": (
        {"runtimeClassName": "a_b"},
        "spec.nodes[0].runtimeClassName: write lower-case letters, digits, '-' and '.'",
    ),
    "an image with a space": ({"image": "a "}, "spec.nodes[0].image: write an image without spaces"),
    "an annotation that can't be one": (
        {"annotations": {"a b": ""}},
        "spec.nodes[0].annotations: write keys such as example.com/team",
    ),
    "an address of the owner's choice": (
        {"annotations": {"cni.projectcalico.org/ipAddrs": "[]"}},
        "spec.nodes[0].annotations: leave out those of vk8s.sktelecom.com, cni.projectcalico.org,",
    ),
    "an annotation in a domain that can't exist": (
        {"annotations": {"a..b/c": ""}},
        "spec.nodes[0].annotations: write keys such as example.com/team",
    ),
    "a profile that has become a field": (
        {"annotations": {"container.apparmor.security.beta.kubernetes.io/node": "wrong"}},
        "spec.nodes[0].annotations: leave out those of",
    ),
    "a cost of deletion": (
        {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "+1"}},
        "spec.nodes[0].annotations: leave out those of",
    ),
    "an annotation of Kubernetes": (
        {"annotations": {"kubernetes.io/config.mirror": ""}},
        "spec.nodes[0].annotations: leave out those of",
    ),
}
ACCEPTED: dict[str, Manifest] = {
    "pods to be near to": {"affinity": near({"key": "a", "operator": "Exists"})},
    "hosts by a number": {"affinity": on({"key": "example.com/a", "operator": "Gt", "values": ["0"]})},
    "hosts by name": {
        "affinity": {
            "nodeAffinity": {
                REQUIRED: {
                    "nodeSelectorTerms": [
                        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["host-1.example.com"]}]}
                    ]
                }
            }
        }
    },
    "every taint": {"tolerations": [{"operator": "Exists"}, {"key": "", "operator": "Exists"}]},
    "a taint": {"tolerations": [{"key": "example.com/a", "value": "b", "effect": "NoSchedule"}]},
    "hosts by a label": {"nodeSelector": {"example.com/a": "b", "c": ""}},
    "a runtime class": {"runtimeClassName": "kata.v2"},
    "pods to be far from": {"affinity": prefer(100)},
    "no spread": {"affinity": {"podAntiAffinity": {}}},
    "constraints": {"topologySpreadConstraints": [SPREAD, {**SPREAD, "whenUnsatisfiable": "DoNotSchedule"}]},
    "a priority class": {"priorityClassName": "high"},
    "annotations": {"annotations": {"kubernetes.io/ingress-bandwidth": "1G", "example.com/a": "x" * 8192}},
}


@pytest.mark.parametrize(("fields", "words"), REJECTED.values(), ids=REJECTED)
def test_placement_that_no_pod_may_have_is_rejected(cluster: HostCluster, fields: Manifest, words: str) -> None:
    assert words in forget_types(try_apply(cluster, build_vk8s(nodes=[node("m", "master", **fields)])))


@pytest.mark.parametrize("fields", ACCEPTED.values(), ids=ACCEPTED)
def test_placement_that_a_pod_may_have_is_accepted(cluster: HostCluster, fields: Manifest) -> None:
    assert try_apply(cluster, build_vk8s(nodes=[node("m", "master", **fields)])) == ""


def find_pod(fields: Manifest) -> Manifest | None:
    """The pod of a node with these fields, in the default namespace; None if the hooks reject them."""
    raw = spec(nodes=[node("m", "master", **fields)])
    found, _ = parse_spec(raw)
    if found is None or check_spec("demo", found):
        return None
    pod = build_node_pod(World(spec=raw).cluster, found.nodes[0], "0")
    return {**pod, "metadata": {**pod["metadata"], "namespace": "default"}}


def list_accepted() -> list[Manifest]:
    """Pods of nodes with many placements, good and bad, of which the hooks reject none."""
    pods: list[Manifest | None] = []

    @settings(max_examples=EXAMPLES, database=None, derandomize=True, deadline=None)
    @given(PLACEMENTS)
    def collect(fields: Manifest) -> None:
        pods.append(find_pod(fields))

    collect()
    return [pod for pod in pods if pod]


def test_pods_of_all_accepted_placements_are_accepted(cluster: HostCluster) -> None:
    account = partial(cluster.kubectl.succeeds, "get", "serviceaccount", "default", "--namespace=default")
    wait_for("the service account", account, 30)
    pods = list_accepted()
    assert len(pods) > EXAMPLES / 4
    assert try_create(cluster, pods) == ""


@pytest.mark.parametrize("most", [0, 100])
def test_budget_is_accepted(cluster: HostCluster, most: int) -> None:
    assert try_apply(cluster, build_vk8s(disruptionBudget={"maxUnavailable": most})) == ""


@pytest.mark.parametrize(("most", "words"), [(-1, "greater than or equal to 0"), (101, "less than or equal to 100")])
def test_budget_of_no_number_of_nodes_is_rejected(cluster: HostCluster, most: int, words: str) -> None:
    said = try_apply(cluster, build_vk8s(disruptionBudget={"maxUnavailable": most}))
    assert f"spec.disruptionBudget.maxUnavailable in body should be {words}" in said
