"""hooks/vk8s/bootstrap/upgrade.sh: which of several control-plane nodes upgrades what is in the cluster."""

import pytest

from tests.unit.vk8s.bootstrap.bench import Ended, Node
from tests.unit.vk8s.bootstrap.master import VERSION, boot, inits, make_booted
from tests.unit.vk8s.bootstrap.member import make_joined, make_member

PREVIOUS, CURRENT = "v1.33.9", "v1.34.4"
LAST_STEP = "kubeadm init phase upload-config kubeadm"
SAYS = f"Kubernetes is upgraded from {PREVIOUS} to {CURRENT}."
KUBECTL = """
cd bench
case "$*" in
  *' apply '*) cat >applied ;;
  *' get configmap kubeadm-config '*)
    read -r said <kubeadm-config
    sed -i 1d kubeadm-config
    [[ $said = kube* ]] && echo "$said" ;;
  *' get deployment '*) cat coredns-image ;;
  *' get node demo-master '*) cat own-version; echo v1.34.4 >own-version ;;
  *' get nodes '*) cat versions ;;
esac
"""


@pytest.fixture
def node(node: Node) -> Node:
    """One of three, which has a new image; the others have it already."""
    node = make_joined(make_booted(make_member(node)))
    node.program("kubectl", KUBECTL)
    node.write(VERSION, f"{PREVIOUS}\n")
    node.write("bench/kubeadm-config", f"kubernetesVersion: {PREVIOUS}\n")
    node.write("bench/coredns-image", "registry.example.com/coredns:v1.11.3")
    node.write("bench/own-version", CURRENT)
    write_versions(node, CURRENT, CURRENT)
    return node


def write_versions(node: Node, *others: str) -> None:
    names = zip(("m2", "m3"), others, strict=True)
    lines = [f"demo-master {CURRENT} ", *(f"{name} {version}" for name, version in names)]
    node.write("bench/versions", "\n".join(lines) + "\n")


def upgrades(node: Node, ended: Ended) -> bool:
    assert ended.code == 0
    return LAST_STEP in inits(ended, node)


def test_last_control_plane_node_upgrades_the_cluster(node: Node) -> None:
    ended = boot(node)
    assert ended.said[-1] == SAYS
    phases = [call.removeprefix("kubeadm init phase ") for call in inits(ended, node)[2:]]
    assert phases == [
        "upload-config kubelet", "bootstrap-token --skip-token-print", "addon kube-proxy", "addon coredns",
        "upload-config kubeadm",
    ]  # fmt: skip


@pytest.mark.parametrize("others", [(CURRENT, PREVIOUS), (PREVIOUS, CURRENT)])
def test_cluster_stays_as_it_is_while_another_has_the_previous_version(node: Node, others: tuple[str, str]) -> None:
    write_versions(node, *others)
    assert not upgrades(node, boot(node))
    assert node.read(VERSION) == f"{CURRENT}\n"


def test_node_that_is_leaving_is_not_waited_for(node: Node) -> None:
    write_versions(node, CURRENT, f"{PREVIOUS} true")
    assert upgrades(node, boot(node))


def test_upgraded_cluster_is_left_as_it_is(node: Node) -> None:
    """Whatever the stamp of this node says: users may have changed it since."""
    node.write("bench/kubeadm-config", f"kubernetesVersion: {CURRENT}\n")
    assert not upgrades(node, boot(node))


def test_upgrade_that_was_interrupted_is_made_at_the_next_boot(node: Node) -> None:
    """The stamp of the node may be new by then; what the upgrade writes last is old."""
    node.write(VERSION, f"{CURRENT}\n")
    assert upgrades(node, boot(node))


def test_node_that_has_joined_may_be_the_last(node: Node) -> None:
    """With a new volume and a new image."""
    (node.root / "var/lib/vk8s/first-boot-complete").unlink()
    (node.root / VERSION).unlink()
    assert upgrades(node, boot(node))


def test_own_version_is_known_before_the_others_are_looked_at(node: Node) -> None:
    """Of two that boot at the same time, one sees both."""
    node.write("bench/own-version", PREVIOUS)
    ended = boot(node)
    assert f"Waiting until the Node has version {CURRENT}." in ended.said
    asked = [call for call in ended.calls_of("kubectl") if " get node" in call]
    assert [" get nodes " in call for call in asked] == [False, False, True]


def test_version_of_the_cluster_is_asked_for_until_there_is_an_answer(node: Node) -> None:
    node.write("bench/kubeadm-config", f"nothing\nnothing\nkubernetesVersion: {PREVIOUS}\n")
    ended = boot(node)
    assert "Waiting for the version of the cluster." in ended.said
    assert upgrades(node, ended)
