"""What is wrong with a spec, in sentences that say what to write instead."""

from typing import Any

import pytest

from hooks.vk8s.validate import find_problems, parse_spec
from tests.world import node, spec

MASTER = node("m", "master")


def problems(raw: object, name: str = "demo") -> list[str]:
    parsed, form = parse_spec(raw)
    return form if parsed is None else find_problems(name, parsed)


@pytest.mark.parametrize(
    "accepted",
    [
        spec(),
        spec(nodes=[MASTER]),
        spec(nodes=[node("m", "master", resources={"limits": {"cpu": 2, "memory": "1.5Gi"}})]),
        spec(kubernetes={"podNetworkCidr": "80.244.0.0/16", "serviceCidr": "80.96.0.0/12", "cni": "none"}),
        spec(later="a field of a later version"),
    ],
)
def test_accepted(accepted: Any) -> None:
    assert problems(accepted) == []


@pytest.mark.parametrize(
    ("rejected", "sentence"),
    [
        (None, "spec: Input should be a valid dictionary or instance of Spec."),
        ({}, "spec.nodes: Field required."),
        (spec(nodes=[]), "spec.nodes: List should have at least 1 item after validation, not 0."),
        (spec(nodes=[node("m", "boss")]), "spec.nodes[0].role: Input should be 'master' or 'worker'."),
        (spec(nodes=[node("M", "master")]), "spec.nodes[0].name: String should match pattern"),
        (spec(nodes=[node("m" * 58, "master")]), "spec.nodes[0].name: String should have at most 57 characters."),
        (
            spec(nodes=[node("m", "master", resources={"limits": {"cpu": "2 cores"}})]),
            "spec.nodes[0].resources.limits.cpu: String should match",
        ),
        (spec(nodes=[node("w", "worker")]), "spec.nodes: write exactly one node with role master; there are 0."),
        (
            spec(nodes=[MASTER, node("n", "master")]),
            "spec.nodes: write exactly one node with role master; there are 2.",
        ),
        (spec(nodes=[node("w", "worker"), MASTER]), "spec.nodes: write the master, m, as the first node."),
        (
            spec(nodes=[MASTER, node("m", "worker")]),
            "spec.nodes: 2 nodes are named m; give each node a name of its own.",
        ),
        (
            spec(nodes=[MASTER, node("demo-access-pod", "worker")]),
            "spec.nodes: demo-access-pod is the name of the access pod",
        ),
        (spec(kubernetes={"podNetworkCidr": "10.0.0.1/8"}), "spec.kubernetes.podNetworkCidr: write an IPv4 network"),
        (spec(kubernetes={"serviceCidr": "fd00::/64"}), "spec.kubernetes.serviceCidr: write an IPv4 network"),
        (
            spec(kubernetes={"serviceCidr": "198.18.128.0/17"}),
            "spec.kubernetes: podNetworkCidr and serviceCidr overlap",
        ),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) else "",
)
def test_rejected(rejected: Any, sentence: str) -> None:
    assert [problem.startswith(sentence) for problem in problems(rejected)] == [True]


@pytest.mark.parametrize("name", ["1a", "A", "a" * 53, "a.b"])
def test_a_name_that_services_cannot_have_is_rejected(name: str) -> None:
    assert problems(spec(), name)[0].startswith("metadata.name: write a name of at most 52")


def test_all_problems_are_told_at_once() -> None:
    broken = spec(nodes=[node("w", "worker"), node("w", "worker")], kubernetes={"podNetworkCidr": "x"})
    assert len(problems(broken)) == 3


def test_the_value_is_not_repeated() -> None:
    assert "MARKER" not in "".join(problems({"nodes": "MARKER"}))
