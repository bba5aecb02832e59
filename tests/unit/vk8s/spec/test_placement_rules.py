"""What a node's spec may say of where its pod runs, and which annotations its owner may write."""

from typing import Any

import pytest

from hooks.vk8s.spec.validate import check_spec, parse_spec
from tests.world import node, spec

HOST = "kubernetes.io/hostname"
ZONE = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
SELECTOR = {"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "b", "operator": "Exists"}]}
RESERVED = (
    "spec.nodes[0].annotations: leave out those of vk8s.sktelecom.com, cni.projectcalico.org, ovn.kubernetes.io, "
    "metacontroller.io, metacontroller.k8s.io, alpha.kubernetes.io, beta.kubernetes.io, controller.kubernetes.io and "
    "kubernetes.io: they are not for owners of pods."
)


def problems(**fields: Any) -> list[str]:
    """Of a spec whose only node has those fields."""
    parsed, form = parse_spec(spec(nodes=[node("m", "master", **fields)]))
    return form if parsed is None else check_spec("demo", parsed)


def near(**term: Any) -> dict[str, Any]:
    return {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": HOST, **term}]}}


def on(*expressions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Hosts that a pod needs."""
    terms = [{"matchExpressions": list(expressions), **fields}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


def preferred(weight: int) -> dict[str, Any]:
    term = {"weight": weight, "podAffinityTerm": {"topologyKey": HOST}}
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [term]}}


@pytest.mark.parametrize(
    "fields",
    [
        {"affinity": {}},
        {"affinity": {"podAntiAffinity": {}}},
        {"affinity": near(labelSelector=SELECTOR, namespaceSelector={}, namespaces=["a"], matchLabelKeys=["c"])},
        {"affinity": preferred(100)},
        {"affinity": on({"key": "disk", "operator": "In", "values": ["ssd"]})},
        {"affinity": on({"key": "cores", "operator": "Gt", "values": ["8"]})},
        {"affinity": on(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["host-1"]}])},
        {"topologySpreadConstraints": [ZONE, {**ZONE, "topologyKey": HOST}]},
        {"topologySpreadConstraints": [{**ZONE, "whenUnsatisfiable": "DoNotSchedule", "minDomains": 2}]},
        {"topologySpreadConstraints": [{**ZONE, "nodeTaintsPolicy": "Honor", "matchLabelKeys": ["a"]}]},
        {"priorityClassName": "high", "runtimeClassName": "kata.v2", "image": "a@sha256:0"},
        {"nodeSelector": {"example.com/disk": "", "a": "b"}},
        {"tolerations": [{"operator": "Exists"}, {"key": "a", "value": "b"}, {"key": "", "operator": "Exists"}]},
        {"tolerations": [{"key": "a", "effect": "NoExecute", "tolerationSeconds": -1}]},
        {"annotations": {"team": "", "cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}},
        {"annotations": {"kubernetes.io/ingress-bandwidth": "1G", "k8s.v1.cni.cncf.io/networks": "[{}]"}},
        {"annotations": {"linkerd.io/inject": "enabled", "notvk8s.sktelecom.com/a": "b"}},
    ],
    ids=str,
)
def test_placement_that_a_pod_may_have_is_accepted(fields: dict[str, Any]) -> None:
    assert problems(**fields) == []


AFFINITY, CONSTRAINTS = "spec.nodes[0].affinity", "spec.nodes[0].topologySpreadConstraints"
NEAR = f"{AFFINITY}.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]"
NEEDED = f"{AFFINITY}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]"
VALUES = "write values with operator In and NotIn, and none with Exists and DoesNotExist"
NUMBER = "write one whole number, 0 or more and in quotes, as the value for Gt or Lt"
KEY, VALUE = "write the key of a label, such as kubernetes.io/hostname", "write the value of a label, such as ssd"
SMALL = "write less than 96 KiB in all, together with affinity and topologySpreadConstraints"
CLASS = "write lower-case letters, digits, '-' and '.', the first and the last a letter or digit"
ONCE = "write each label once: in labelSelector, in matchLabelKeys or in mismatchLabelKeys"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"affinity": {"podAfinity": {}}}, f"{AFFINITY}.podAfinity: Extra inputs are not permitted."),
        ({"affinity": near(topologyKey="a b")}, f"{NEAR}.topologyKey: {KEY}."),
        ({"affinity": near(topologyKey="a..b/c")}, f"{NEAR}.topologyKey: {KEY}."),
        ({"affinity": near(namespaces=["A"])}, f"{NEAR}.namespaces[0]: write the name of a namespace."),
        ({"affinity": near(labelSelector={"matchLabels": {"a": "-"}})}, f"{VALUE}."),
        (
            {"affinity": near(labelSelector={"matchExpressions": [{"key": "a", "operator": "In"}]})},
            f"{NEAR}.labelSelector.matchExpressions[0]: write values with operator In and NotIn, and with no other.",
        ),
        (
            {"affinity": near(matchLabelKeys=["a"])},
            f"{NEAR}: write a labelSelector with matchLabelKeys or mismatchLabelKeys.",
        ),
        ({"affinity": near(labelSelector={}, matchLabelKeys=["a"], mismatchLabelKeys=["a"])}, f"{NEAR}: {ONCE}."),
        (
            {"affinity": preferred(0)},
            "IgnoredDuringExecution[0].weight: Input should be greater than or equal to 1.",
        ),
        ({"affinity": on({"key": "a", "operator": "Exists", "values": ["b"]})}, f"Expressions[0]: {VALUES}."),
        ({"affinity": on({"key": "a", "operator": "Lt", "values": ["b"]})}, f"{NEEDED}.matchExpressions[0]: {NUMBER}."),
        ({"affinity": on({"key": "a", "operator": "Gt"})}, f"{NEEDED}.matchExpressions[0]: {NUMBER}."),
        ({"affinity": on({"key": "a", "operator": "Gt", "values": ["9" * 19]})}, f"Expressions[0]: {NUMBER}."),
        ({"affinity": on({"key": "a", "operator": "Gt", "values": ["-1"]})}, f"Expressions[0].values[0]: {VALUE}."),
        ({"affinity": on({"key": "a", "operator": "In", "values": ["a b"]})}, f"Expressions[0].values[0]: {VALUE}."),
        (
            {"affinity": on(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["a_b"]}])},
            f"{NEEDED}.matchFields[0].values[0]: write the name of a host.",
        ),
        (
            {"topologySpreadConstraints": [{**ZONE, "minDomains": 2}]},
            f"{CONSTRAINTS}[0]: write minDomains only with whenUnsatisfiable: DoNotSchedule.",
        ),
        (
            {"topologySpreadConstraints": [{**ZONE, "matchLabelKeys": ["vk8s.sktelecom.com/vk8s"]}]},
            f"{CONSTRAINTS}[0]: {ONCE}.",
        ),
        (
            {"topologySpreadConstraints": [ZONE, {**ZONE, "maxSkew": 2}]},
            f"{CONSTRAINTS}: write one entry for each topologyKey and whenUnsatisfiable.",
        ),
        ({"topologySpreadConstraints": [{}]}, f"{CONSTRAINTS}[0].maxSkew: Field required."),
        (
            {"topologySpreadConstraints": [{**ZONE, "maxSkew": "1"}]},
            f"{CONSTRAINTS}[0].maxSkew: Input should be a valid integer.",
        ),
        ({"nodeSelector": {"a..b/c": "d"}}, "spec.nodes[0].nodeSelector: write labels, such as disk: ssd."),
        ({"nodeSelector": {"a": "b" * 64}}, "spec.nodes[0].nodeSelector: write labels, such as disk: ssd."),
        ({"tolerations": [{"key": "a b"}]}, f"spec.nodes[0].tolerations[0].key: {KEY}."),
        ({"tolerations": [{"key": "a", "value": "b c"}]}, f"spec.nodes[0].tolerations[0].value: {VALUE}."),
        ({"tolerations": [{"key": "a", "operator": "Gt"}]}, "operator: Input should be 'Exists' or 'Equal'."),
        ({"priorityClassName": "High"}, f"spec.nodes[0].priorityClassName: {CLASS}."),
        ({"runtimeClassName": "a_b"}, f"spec.nodes[0].runtimeClassName: {CLASS}."),
        ({"image": " a"}, "spec.nodes[0].image: write an image without spaces."),
        ({"annotations": {"a b": ""}}, "spec.nodes[0].annotations: write keys such as example.com/team."),
        ({"annotations": {"n" * 64: ""}}, "spec.nodes[0].annotations: write keys such as example.com/team."),
        ({"annotations": {"a..b/c": ""}}, "spec.nodes[0].annotations: write keys such as example.com/team."),
        ({"annotations": {"container.apparmor.security.beta.kubernetes.io/node": "wrong"}}, RESERVED),
        ({"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "wrong"}}, RESERVED),
        ({"annotations": {"scheduler.alpha.kubernetes.io/tolerations": "wrong"}}, RESERVED),
        ({"annotations": {"controller.kubernetes.io/pod-deletion-cost": "+1"}}, RESERVED),
        ({"annotations": {"vk8s.sktelecom.com/hash": "node-v9.0"}}, RESERVED),
        ({"annotations": {"cni.projectcalico.org/ipAddrs": '["10.0.0.9"]'}}, RESERVED),
        ({"annotations": {"net.default.ovn.kubernetes.io/ip_address": "10.0.0.9"}}, RESERVED),
        ({"annotations": {"metacontroller.k8s.io/last-applied-configuration": "{}"}}, RESERVED),
        ({"annotations": {"kubernetes.io/config.mirror": "a"}}, RESERVED),
        ({"annotations": {"a": "b" * 98304}}, f"spec.nodes[0].annotations: {SMALL}."),
        ({"annotations": {"a": "<" * 16384}}, f"spec.nodes[0].annotations: {SMALL}."),
        ({"affinity": near(namespaces=["a" * 63] * 1500)}, f"spec.nodes[0].annotations: {SMALL}."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_placement_that_no_pod_may_have_is_rejected(fields: dict[str, Any], sentence: str) -> None:
    (found,) = set(problems(**fields)) if "weight" in str(fields) else problems(**fields)[:1]
    assert found.endswith(sentence)
