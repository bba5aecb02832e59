"""Rules that some living Vk8s are older than: the API server has them for new ones, and lets the others be changed."""

import json
from typing import Any

import pytest

from hooks.kubernetes.manifest import Manifest
from testbed.host_cluster import HostCluster
from tests.cluster.applying import forget_types, try_apply
from tests.cluster.conftest import Lenient
from tests.cluster.owner import build_vk8s
from tests.rejected import (
    ACCEPTED_NAMES,
    ACCEPTED_NETWORKS,
    ACCEPTED_RESOURCES,
    BAD_FORMS,
    NAME_SENTENCE,
    REJECTED_NAMES,
    REJECTED_NETWORKS,
    REJECTED_RESOURCES,
    build_nodes,
)
from tests.world import World, node

CROWDED: dict[str, Any] = {
    "nodes": build_nodes(3),
    "kubernetes": {"podNetworkCidr": "10.9.0.0/23", "serviceCidr": "10.8.0.0/16"},
}
OLDER = {
    "bad networks": build_vk8s(kubernetes={"podNetworkCidr": "127.0.0.0/7", "serviceCidr": "224.0.0.0/30"}),
    "more nodes than there is room for": build_vk8s(**CROWDED),
    "resources that no pod can have": build_vk8s(
        nodes=[node("m", "master", resources={"limits": {"cpus": -1, "a.b/c": "1m"}}), node("w", "worker")]
    ),
    "the name of a Service": build_vk8s(name="demo-api"),
}


@pytest.mark.parametrize(("fields", "sentence"), REJECTED_NETWORKS.values(), ids=REJECTED_NETWORKS)
def test_new_one_is_rejected_with_the_sentence_of_the_hooks(
    cluster: HostCluster, fields: Manifest, sentence: str
) -> None:
    assert f"{sentence}\n" in f"{forget_types(try_apply(cluster, build_vk8s(**fields)))}\n"


@pytest.mark.parametrize("field", ["podNetworkCidr", "serviceCidr"])
@pytest.mark.parametrize("text", BAD_FORMS)
def test_network_is_written_in_one_form_only(cluster: HostCluster, field: str, text: str) -> None:
    said = forget_types(try_apply(cluster, build_vk8s(kubernetes={field: text})))
    assert f"spec.kubernetes.{field}: write an IPv4 network such as 198.18.0.0/16, no bits set after the prefix" in said


@pytest.mark.parametrize("fields", ACCEPTED_NETWORKS.values(), ids=ACCEPTED_NETWORKS)
def test_fitting_spec_is_accepted(cluster: HostCluster, fields: Manifest) -> None:
    assert try_apply(cluster, build_vk8s(**fields)) == ""


@pytest.mark.parametrize("name", REJECTED_NAMES)
def test_name_that_could_be_a_service_of_another_is_rejected(cluster: HostCluster, name: str) -> None:
    assert NAME_SENTENCE in forget_types(try_apply(cluster, build_vk8s(name=name)))


@pytest.mark.parametrize("name", ACCEPTED_NAMES)
def test_any_other_name_is_taken(cluster: HostCluster, name: str) -> None:
    assert try_apply(cluster, build_vk8s(name=name)) == ""


def build_pod(resources: Manifest) -> Manifest:
    """The pod of a node with those resources."""
    world = World(spec={"nodes": [node("m", "master")]}).steps(2)
    pod = next(child for child in world.sync().children if child["kind"] == "Pod")
    container = {**pod["spec"]["containers"][0], "resources": resources}
    metadata = {"name": "m", "namespace": "default"}
    return {**pod, "metadata": metadata, "spec": {**pod["spec"], "containers": [container]}}


@pytest.mark.parametrize(("resources", "sentence"), REJECTED_RESOURCES.values(), ids=REJECTED_RESOURCES)
def test_resources_that_no_pod_can_have_are_rejected(cluster: HostCluster, resources: Manifest, sentence: str) -> None:
    assert 'Pod "m" is invalid' in try_apply(cluster, build_pod(resources))
    vk8s = build_vk8s(nodes=[node("m", "master", resources=resources)])
    assert f"{sentence}\n" in f"{forget_types(try_apply(cluster, vk8s))}\n"


@pytest.mark.parametrize("resources", ACCEPTED_RESOURCES.values(), ids=ACCEPTED_RESOURCES)
def test_resources_that_a_pod_can_have_are_taken(cluster: HostCluster, resources: Manifest) -> None:
    assert try_apply(cluster, build_pod(resources)) == ""
    assert try_apply(cluster, build_vk8s(nodes=[node("m", "master", resources=resources)])) == ""


@pytest.mark.parametrize("vk8s", OLDER.values(), ids=OLDER)
def test_older_one_can_be_changed_and_deleted(cluster: HostCluster, store_older: Lenient, vk8s: Manifest) -> None:
    store_older(vk8s)
    name = vk8s["metadata"]["name"]
    kubectl = cluster.kubectl
    for subresource, patch in (
        ("", {"metadata": {"finalizers": ["example.com/hooks"]}}),
        ("status", {"status": {"phase": "Running"}}),
        ("", {"spec": {"paused": True}}),
        ("", {"spec": {"nodes": vk8s["spec"]["nodes"][:-1]}}),
        ("", {"metadata": {"finalizers": None}}),
    ):
        chosen = [f"--subresource={subresource}"] if subresource else []
        kubectl.run("patch", "vk8s", name, "--type=merge", f"--patch={json.dumps(patch)}", *chosen)


def test_no_node_is_added_beyond_the_room(cluster: HostCluster, store_older: Lenient) -> None:
    store_older(build_vk8s(**CROWDED))
    sentence = "spec.nodes: 10.9.0.0/23 has room for 2 nodes (each takes a /24), and can't be changed; write 2 at most"
    assert sentence in forget_types(try_apply(cluster, build_vk8s(**{**CROWDED, "nodes": build_nodes(4)})))
    cluster.kubectl.apply(build_vk8s(**{**CROWDED, "nodes": build_nodes(2)}))
    assert sentence in forget_types(try_apply(cluster, build_vk8s(**CROWDED)))
