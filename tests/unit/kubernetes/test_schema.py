"""What the schema of the CRD refuses, without an API server."""

from typing import Any

import pytest

from hooks.kubernetes.schema import check_value
from hooks.server.main import load_crd
from tests.world import IDENTITY, node, spec

VK8S: dict[str, Any] = {**IDENTITY, "metadata": {"name": "demo"}}
RESOURCES: dict[str, Any] = {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": {"cpu": 2.0, "a.b/c": "1"}}


def check(**fields: Any) -> list[str]:
    """What is wrong with a spec that has these fields."""
    return list(check_value({**VK8S, "spec": spec(**fields)}, load_crd().schema))


def check_node(**fields: Any) -> list[str]:
    """What is wrong with a node that has these fields."""
    return check(nodes=[node("m", "master", **fields)])


def test_valid_object_has_no_fault() -> None:
    everything = node(
        "m", "master", resources=RESOURCES, nodeSelector={"disk": "ssd"}, tolerations=[{"key": "a", "value": ""}]
    )
    port = {"name": "web", "port": 80, "targetPort": 80}
    assert check(nodes=[everything], paused=True, accessPodPort=30000, ports=[port], storage={"size": 5}) == []
    assert list(check_value({**VK8S, "spec": spec(), "status": {"anything": 1}}, load_crd().schema)) == []


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"paused": "yes"}, "spec.paused: write true or false, without quotes."),
        ({"paused": None}, "spec.paused: write true or false, without quotes."),
        ({"accessPodPort": "30000"}, "spec.accessPodPort: write a whole number, without quotes."),
        ({"accessPodPort": True}, "spec.accessPodPort: write a whole number, without quotes."),
        ({"accessPodPort": 1.5}, "spec.accessPodPort: write a whole number, without quotes."),
        ({"accessPodPort": 22}, "spec.accessPodPort: write a number from 30000 to 32767."),
        ({"nodes": []}, "spec.nodes: write 1 or more."),
        ({"nodes": {}}, "spec.nodes: write a list, each entry after a dash."),
        ({"nodes": [node("m", "master")] * 101}, "spec.nodes: write 100 or fewer."),
        ({"nodes": [7]}, "spec.nodes[0]: write a map, key: value."),
        ({"nodes": [{"name": "m", "role": "master"}]}, "spec.nodes[0].image: write it, it is required."),
        ({"nodes": [node("m", "etcd")]}, "spec.nodes[0].role: write master or worker."),
        ({"ipPool": ""}, "spec.ipPool: write a string that is not empty."),
        ({"ipPool": None}, "spec.ipPool: write a string."),
        ({"ipPool": 7}, "spec.ipPool: write a string, in quotes if it looks like something else."),
        ({"ipPool": "x" * 254}, "spec.ipPool: write 253 characters or fewer."),
        ({"storage": {"size": []}}, "spec.storage.size: write a whole number, or a string such as 500m or 8Gi."),
        ({"storage": {"sise": 1}}, "spec.storage.sise: unknown field; did you mean size?"),
        ({"access": {"a b": 1}}, 'spec.access["a b"]: unknown field; known fields are authorizedKeys.'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_says_what_to_write(fields: dict[str, Any], fault: str) -> None:
    assert check(**fields) == [fault]


@pytest.mark.parametrize(
    ("limits", "fault"),
    [
        ({"cpu": 0.5}, '.cpu: write "0.5", in quotes; without them, a number with a fraction is not accepted.'),
        ({"a.b/c": True}, '["a.b/c"]: write a whole number, or a string such as 500m or 8Gi.'),
        (dict.fromkeys(map(str, range(33)), 1), ": write 32 entries or fewer."),
    ],
    ids=["fraction", "boolean", "many"],
)
def test_quantities_are_numbers_or_texts(limits: dict[str, Any], fault: str) -> None:
    assert check_node(resources={"limits": limits}) == [f"spec.nodes[0].resources.limits{fault}"]


def test_fields_of_lists_in_lists_are_known_too() -> None:
    assert check_node(tolerations=[{"efect": "NoExecute"}]) == [
        "spec.nodes[0].tolerations[0].efect: unknown field; did you mean effect?"
    ]
