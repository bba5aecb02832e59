"""What is wrong with a spec, with what to write instead."""

from typing import Any

import pytest

from hooks.vk8s.spec.validate import check_spec, parse_spec
from tests.world import node, spec

MASTER = node("m", "master")
WEB = {"name": "web", "port": 30000, "targetPort": 30000}
KUBEFLOW = {"name": "kubeflow", "port": 30080, "targetPort": 30080}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5Nq"


def problems(raw: object, name: str = "demo") -> list[str]:
    parsed, form = parse_spec(raw)
    return form if parsed is None else check_spec(name, parsed)


@pytest.mark.parametrize(
    "accepted",
    [
        spec(),
        spec(nodes=[MASTER]),
        spec(nodes=[node(name, "master") for name in "abc"]),
        spec(nodes=[*(node(name, "master", image="vk8s/kink:latest") for name in "abcde"), node("w", "worker")]),
        spec(nodes=[node("m", "master", resources={"limits": {"cpu": 2, "memory": "1.5Gi"}})]),
        spec(nodes=[node("m", "master", tolerations=[{"key": "a", "effect": "NoExecute", "tolerationSeconds": 5}])]),
        spec(kubernetes={"podNetworkCidr": "80.244.0.0/16", "serviceCidr": "80.96.0.0/12", "cni": "none"}),
        spec(later="a field of a later version"),
        spec(ports=[WEB, {"name": "x" * 63, "port": 1, "targetPort": 1}], accessPodPort=30006),
        spec(ports=[KUBEFLOW], kubeflow={"version": "v1.9.0"}),
        spec(ports=[KUBEFLOW], kubeflow={"version": "26.03"}),
        spec(ports=[KUBEFLOW], kubeflow={"version": "26.03.1"}),
        spec(access={"authorizedKeys": [KEY, f"{KEY} owner at home", "ecdsa-sha2-nistp256 AAAA=="]}),
        spec(access={"authorizedKeys": ["sk-ssh-ed25519@openssh.com AAAA", "ssh-rsa AAAA"]}),
        spec(nodes=[node("m", "master", resources={"requests": {"cpu": "500m"}, "limits": {"cpu": 1}})]),
        spec(nodes=[*(node(name, "master") for name in "abc"), node("w", "worker", image="vk8s/kink:v1.33.0")]),
    ],
)
def test_valid_spec_is_accepted(accepted: Any) -> None:
    assert problems(accepted) == []


TOO_OLD = (
    "spec.nodes[1].image: several control-plane nodes need Kubernetes v1.34 or newer; write such an image for all of "
    "them."
)
EPHEMERAL = (
    "spec.storage.ephemeral: write false: with several control-plane nodes, each needs a volume, or a restart of their "
    "hosts could lose what was acknowledged."
)


@pytest.mark.parametrize(
    ("rejected", "sentence"),
    [
        (None, "spec: Input should be a valid dictionary or instance of Spec."),
        ({}, "spec.nodes: Field required."),
        (spec(nodes=[]), "spec.nodes: List should have at least 1 item after validation, not 0."),
        (spec(nodes=[node("m", "boss")]), "spec.nodes[0].role: Input should be 'master' or 'worker'."),
        (
            spec(nodes=[node("M", "master")]),
            "spec.nodes[0].name: write lower-case letters, digits and '-', the first and the last no '-'.",
        ),
        (spec(nodes=[node("m" * 58, "master")]), "spec.nodes[0].name: String should have at most 57 characters."),
        (
            spec(nodes=[node("m", "master", resources={"limits": {"cpu": "2 cores"}})]),
            "spec.nodes[0].resources.limits.cpu: write a quantity such as 500m, 2 or 8Gi.",
        ),
        (spec(nodes=[node("w", "worker")]), "spec.nodes: write one, three or five nodes with role: master."),
        (
            spec(nodes=[MASTER, node("n", "master")]),
            "spec.nodes: write one, three or five nodes with role: master.",
        ),
        (spec(nodes=[node("w", "worker"), MASTER]), "spec.nodes: write the control-plane nodes (role: master) first."),
        (
            spec(
                nodes=[
                    node(name, "master", image=f"vk8s/kink:v1.3{minor}.0")
                    for name, minor in zip("abc", "434", strict=True)
                ]
            ),
            TOO_OLD,
        ),
        (
            spec(nodes=[node(name, "master") for name in "abc"], storage={"ephemeral": True}),
            EPHEMERAL,
        ),
        (
            spec(nodes=[MASTER, node("m", "worker")]),
            "spec.nodes: 2 nodes are named m; give each node a name of its own.",
        ),
        (
            spec(nodes=[MASTER, node("demo-access-pod", "worker")]),
            "spec.nodes[1].name: names of access pods end so; give the node another one.",
        ),
        (
            spec(nodes=[node("m", "master", resources={"requests": {"cpu": "1.5"}, "limits": {"cpu": "1400m"}})]),
            "spec.nodes[0].resources: write requests that are not above the limits.",
        ),
        (
            spec(nodes=[node("m", "master", resources={"requests": {"a.b/c": 1}, "limits": {"a.b/c": 2}})]),
            "spec.nodes[0].resources: write the same request as limit for a device, or only limits.",
        ),
        (
            spec(nodes=[node("m", "master", resources={"requests": {"a.b/c": 1}})]),
            "spec.nodes[0].resources: write the same request as limit for a device, or only limits.",
        ),
        (
            spec(nodes=[node("m", "master", nodeSelector={"disk": "s s d"})]),
            "spec.nodes[0].nodeSelector: write labels, such as disk: ssd.",
        ),
        (
            spec(nodes=[node("m", "master", nodeSelector={"": "ssd"})]),
            "spec.nodes[0].nodeSelector: write labels, such as disk: ssd.",
        ),
        (
            spec(nodes=[node("m", "master", tolerations=[{}])]),
            "spec.nodes[0].tolerations[0]: write a key, or operator: Exists for every taint.",
        ),
        (
            spec(nodes=[node("m", "master", tolerations=[{"operator": "Exists", "value": "b"}])]),
            "spec.nodes[0].tolerations[0]: write no value with operator: Exists.",
        ),
        (
            spec(nodes=[node("m", "master", tolerations=[{"key": "a", "tolerationSeconds": 5}])]),
            "spec.nodes[0].tolerations[0]: write effect: NoExecute with tolerationSeconds.",
        ),
        (spec(storage={"size": "-1Gi"}), "spec.storage.size: write a size such as 20Gi."),
        (
            spec(storage={"ephemeral": True, "retain": True}),
            "spec.storage.retain: write false: with ephemeral there are no volumes.",
        ),
        (spec(ports=[WEB, {**WEB, "port": 1, "targetPort": 1}]), "spec.ports: give each port a name"),
        (spec(ports=[WEB, {**WEB, "name": "x"}]), "spec.ports: give each port a number"),
        (spec(ports=[{**WEB, "name": "Web"}]), "spec.ports[0].name: write lower-case letters, digits and '-'"),
        (spec(ports=[{**WEB, "targetPort": 80}]), "spec.ports[0].targetPort: write the same number as port."),
        (spec(ports=[WEB], accessPodPort=30000), "spec.accessPodPort: is also one of spec.ports; write another"),
        (spec(ports=[KUBEFLOW], kubeflow={"version": "1.9"}), "spec.kubeflow.version: write a version such as v1.9.0"),
        (spec(ports=[WEB], kubeflow={"version": "v1.9.0"}), "spec: add a port named kubeflow"),
        (
            spec(ports=[{**KUBEFLOW, "port": 8080, "targetPort": 8080}], kubeflow={"version": "v1.9.0"}),
            "spec.ports: the port named kubeflow is a NodePort inside; write a number from 30000 to 32767.",
        ),
        (
            spec(ports=[KUBEFLOW], kubeflow={"version": "v1.9.0", "email": "user"}),
            "spec.kubeflow.email: write an e-mail address such as user@example.com.",
        ),
        (
            spec(access={"authorizedKeys": [KEY, f"{KEY}\n{KEY}"]}),
            "spec.access.authorizedKeys[1]: write a public key as it stands in id_ed25519.pub or the like.",
        ),
        (spec(access={"authorizedKeys": ["-----BEGIN"]}), "spec.access.authorizedKeys[0]: write a public key"),
        (spec(kubernetes={"podNetworkCidr": "10.0.0.1/8"}), "spec.kubernetes.podNetworkCidr: write an IPv4 network"),
        (spec(kubernetes={"serviceCidr": "fd00::/64"}), "spec.kubernetes.serviceCidr: write an IPv4 network"),
        (
            spec(kubernetes={"serviceCidr": "198.18.128.0/17"}),
            "spec.kubernetes: podNetworkCidr and serviceCidr overlap",
        ),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) else "",
)
def test_invalid_spec_says_what_to_write(rejected: Any, sentence: str) -> None:
    assert [problem.startswith(sentence) for problem in problems(rejected)] == [True]


@pytest.mark.parametrize("name", ["1a", "A", "a" * 53, "a.b"])
def test_name_that_services_cannot_have_is_rejected(name: str) -> None:
    assert problems(spec(), name)[0].startswith("metadata.name: write a name of at most 52")


def test_all_problems_are_reported_at_once() -> None:
    broken = spec(nodes=[node("w", "worker"), node("w", "worker")], kubernetes={"podNetworkCidr": "x"})
    assert len(problems(broken)) == 3


def test_value_is_not_repeated() -> None:
    assert "MARKER" not in "".join(problems({"nodes": "MARKER"}))
