"""What is wrong with a spec is said in the same words at `kubectl apply`, in the status, and by `render`."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.validate import check_spec, parse_spec
from tests import rejected
from tests.shared_material import ROOT
from tests.world import node, spec

CRD: Final[Manifest] = yaml.safe_load((ROOT / "crds" / "vk8s.yaml").read_text())
SCHEMA: Final[Manifest] = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
WEB: Final = {"name": "web", "port": 30000, "targetPort": 30000}
CREDENTIALS: Final = {"credentialsSecretRef": {"name": "s3"}}
KUBEFLOW: Final = {"kubeflow": {"version": "v1.9.0"}}
RESOURCE: Final = re.compile(r"([.](requests|limits))[.].+")
# In rules that compare with what was written before.
CHANGES: Final = re.compile(r"\boldSelf\b")


def list_rules(schema: Manifest, path: str) -> Iterator[str]:
    """Every sentence about a spec as it stands: where it is said, and what; `[]` is any entry of a list or map.

    Those that have numbers in them are made by an expression, and have tests of their own.
    """
    for rule in schema.get("x-kubernetes-validations", []):
        if not CHANGES.search(rule["rule"]) and "messageExpression" not in rule:
            yield f"{path}{rule.get('fieldPath', '')}: {rule['message']}."
    for name, inner in schema.get("properties", {}).items():
        yield from list_rules(inner, f"{path}.{name}")
    for entries in (schema.get("items"), schema.get("additionalProperties")):
        yield from list_rules(entries, f"{path}[]") if isinstance(entries, dict) else ()


def master(**fields: Any) -> Manifest:
    """A spec whose control-plane node has these fields."""
    return spec(nodes=[{**node("m", "master"), **fields}])


def resources(**fields: Any) -> Manifest:
    """A spec whose control-plane node requests these resources."""
    return master(resources=fields)


REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
NO_SELECTOR: Final = {"matchExpressions": [{"key": "a", "operator": "In"}]}
NO_PODS: Final = {"topologyKey": "a", "labelSelector": NO_SELECTOR, "namespaceSelector": NO_SELECTOR}
NO_HOSTS: Final = {"matchExpressions": [{"key": "a", "operator": "In"}, {"key": "a", "operator": "Gt"}]}
NEAR_NOTHING: Final = {REQUIRED: [NO_PODS], PREFERRED: [{"weight": 1, "podAffinityTerm": NO_PODS}]}
NO_PODS_BUT_KEYS: Final = {"topologyKey": "a", "matchLabelKeys": ["b"]}
OF_NO_SELECTOR: Final = {
    REQUIRED: [NO_PODS_BUT_KEYS],
    PREFERRED: [{"weight": 1, "podAffinityTerm": NO_PODS_BUT_KEYS}],
}
ON_NOTHING: Final = {
    REQUIRED: {"nodeSelectorTerms": [NO_HOSTS]},
    PREFERRED: [{"weight": 1, "preference": NO_HOSTS}],
}
SPREAD: Final = {"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "ScheduleAnyway"}
# Each breaks one rule, or several.
BROKEN: Final = [
    spec(nodes=[node("w", "worker")]),
    spec(nodes=[node("w", "worker"), node("m", "master")]),
    master(name="M"),
    master(name="m-access-pod"),
    resources(requests={"cpu": 2}, limits={"cpu": "1"}),
    resources(requests={"a.b/c": 2}, limits={"a.b/c": "3"}),
    resources(requests={"cpu": "much"}),
    resources(limits={"cpu": "much"}),
    master(nodeSelector={"disk": "s s d"}),
    master(tolerations=[{}, {"key": "a", "tolerationSeconds": 5}, {"key": "a b"}, {"key": "a", "value": "b c"}]),
    master(tolerations=[{"key": "a", "operator": "Exists", "value": "b"}]),
    master(affinity={"nodeAffinity": ON_NOTHING, "podAffinity": NEAR_NOTHING, "podAntiAffinity": NEAR_NOTHING}),
    master(affinity={"podAffinity": OF_NO_SELECTOR, "podAntiAffinity": OF_NO_SELECTOR}),
    master(topologySpreadConstraints=[{**SPREAD, "minDomains": 2}, {**SPREAD, "labelSelector": NO_SELECTOR}]),
    master(image=" a", priorityClassName="High", runtimeClassName="a_b"),
    spec(accessPodImage=" a"),
    master(annotations={"a b": "", "vk8s.sktelecom.com/hash": ""}),
    spec(kubernetes={"podNetworkCidr": "10.0.0.0", "serviceCidr": "x"}),
    spec(kubernetes={"podNetworkCidr": "10.0.0.0/8", "serviceCidr": "10.1.0.0/16"}),
    spec(storage={"size": 0}),
    spec(nodes=[node(name, "master") for name in "abc"], storage={"ephemeral": True}),
    spec(storage={"size": "much"}),
    spec(storage={"ephemeral": True, "retain": True}),
    spec(storage={"ephemeral": True}, restoreFrom={}),
    spec(restoreFrom={"s3": {"endpoint": "s3", "bucket": "A_1", "prefix": "/", **CREDENTIALS}}),
    spec(ports=[WEB, WEB], accessPodPort=30000),
    spec(ports=[{"name": "-", "port": 1, "targetPort": 2}]),
    spec(access={"authorizedKeys": ["secret"]}),
    spec(kubeflow={"version": "1", "email": "user"}),
    spec(backup={"schedule": "daily", "timeZone": "Asia Seoul"}),
    spec(backup={"schedule": "@daily", "s3": {"endpoint": "s3", "bucket": "A_1", "prefix": "/", **CREDENTIALS}}),
    spec(**KUBEFLOW, ports=[{**WEB, "name": "kubeflow", "port": 1, "targetPort": 1}]),
]
RULES: Final = sorted(set(list_rules(SCHEMA["properties"]["spec"], "spec")))
# Those that have tests of their own, which hold one wording against the other.
ELSEWHERE: Final = str([value for name, value in vars(rejected).items() if name.isupper()])


def list_sentences(raw: Manifest) -> Iterator[str]:
    """What the hooks say of a spec, without the places of entries."""
    parsed, malformed = parse_spec(raw)
    for sentence in malformed if parsed is None else check_spec("demo", parsed):
        path, _, advice = sentence.partition(": ")
        place = re.sub(r"\[[0-9]+]", "[]", path)
        yield RESOURCE.sub(r"\1[]", place) + f": {advice}"


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.partition(": ")[2][:-1] not in ELSEWHERE])
def test_hooks_say_what_the_api_server_says(rule: str) -> None:
    assert rule in {sentence for raw in BROKEN for sentence in list_sentences(raw)}, (
        "use the words of crds/vk8s.yaml in hooks/vk8s/spec, or add to BROKEN a spec that breaks the rule"
    )
