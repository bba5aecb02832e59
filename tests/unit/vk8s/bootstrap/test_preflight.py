"""hooks/vk8s/bootstrap/preflight.sh: what the image of a control-plane node must have if it is one of several."""

import pytest

from tests.unit.vk8s.bootstrap.bench import Node
from tests.world import get_child, running_world

SERVICE = "demo-etcd.team-a.svc.cluster.local"
PROGRAM = "usr/local/bin/etcd-member"


@pytest.fixture
def node(node: Node) -> Node:
    for name in ("ca.crt", "ca.key", "etcd-ca.crt", "etcd-ca.key", "front-proxy-ca.crt", "front-proxy-ca.key"):
        node.write(f"vk8s/pki/{name}", name)
    for name in ("sa.key", "sa.pub", "token"):
        node.write(f"vk8s/pki/{name}", name)
    node.write(PROGRAM).chmod(0o755)
    return node.given(ROLE="master", ETCD_SERVICE=SERVICE)


def check(node: Node, version: str = "v1.34.4") -> str:
    """Why the node gives up, if it does."""
    node.write("etc/vk8s/versions", f"KUBERNETES_VERSION={version}\n")
    return node.source("sentences.sh preflight.sh state-volume.sh", "check_pod").output


@pytest.mark.parametrize("version", ["v1.34.0", "v1.35.4"])
def test_one_of_several_boots_from_a_current_image(node: Node, version: str) -> None:
    assert check(node, version) == ""


def test_one_of_several_needs_an_etcd_that_keeps_votes(node: Node) -> None:
    assert "need Kubernetes v1.34 or newer, and the image of this node has v1.33.9" in check(node, "v1.33.9")


def test_one_of_several_needs_the_program_that_adds_members(node: Node) -> None:
    (node.root / PROGRAM).unlink()
    assert "The image of this node has no etcd-member" in check(node)


def test_node_alone_boots_from_any_image(node: Node) -> None:
    (node.root / PROGRAM).unlink()
    assert check(node.given(ETCD_SERVICE=""), "v1.33.9") == ""


@pytest.mark.parametrize("role", ["master", "worker"])
def test_files_that_a_node_needs_are_those_that_its_pod_mounts(node: Node, role: str) -> None:
    world = running_world()
    name = next(each["name"] for each in world.spec["nodes"] if each["role"] == role)
    volumes = get_child(world.sync(), name)["spec"]["volumes"]
    secret = next(volume["secret"] for volume in volumes if volume["name"] == "credentials")
    files = world.children["Secret.v1"][secret["secretName"]]["data"]
    mounted = [item["path"] for item in secret.get("items", [{"path": file} for file in files])]
    found = node.given(ROLE=role).source("preflight.sh", "list_credentials").output.split()
    assert {path.rpartition("/")[2] for path in found} == set(mounted)
