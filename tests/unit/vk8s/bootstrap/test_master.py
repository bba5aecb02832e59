"""hooks/vk8s/bootstrap/boot.sh of a control-plane node (master.sh): the first boot, and what it is set up with."""

import pytest

from tests.unit.vk8s.bootstrap.bench import Node, answer, refuse
from tests.unit.vk8s.bootstrap.master import (
    API,
    CLIENT_CERTIFICATE,
    FIRST_BOOT_COMPLETE,
    IS_READY,
    KUBEADM,
    KUBECONFIG,
    LOG,
    NEVER,
    NEW,
    PKI,
    SETS_UP,
    STARTS_NETWORK,
    STATE,
    STOPS,
    VERSION,
    WAITS,
    boot,
    inits,
    make_master,
    order,
    skip,
)


@pytest.fixture
def node(node: Node) -> Node:
    return make_master(node)


# The first boot


def test_first_boot_sets_up_the_control_plane(node: Node) -> None:
    ended = boot(node)
    assert ended.code == 0
    assert ended.said == [
        f"First boot: kubeadm sets up the control plane (details: {node.root}/{LOG} in the node).", API, SETS_UP
    ]  # fmt: skip
    assert inits(ended, node) == [f"{skip(NEVER)} --skip-token-print"]
    assert order(ended, "kubectl", "systemctl") == ["systemctl", "kubectl", "systemctl"]
    assert ended.calls_of("systemctl") == [STOPS, STARTS_NETWORK]
    assert node.has(FIRST_BOOT_COMPLETE)
    assert not node.has(NEW)


def test_network_and_storage_are_set_up_next_to_kubeadm(node: Node) -> None:
    """As soon as the API server is ready, and by its own certificate, which nobody else has."""
    ended = boot(node, {0: answer("/readyz", "etcd failed", status=500), 5: IS_READY})
    assert ended.said[1:3] == [WAITS, API]
    access, separator, storage = node.read("bench/applied").partition("\n---\n")
    assert "name: flannel" in access
    assert separator
    assert "provisioner: vk8s.sktelecom.com/local-storage" in storage
    assert "--server-side" in ended.calls_of("kubectl")[0]


def test_complete_boot_is_marked_for_the_rest_of_the_pods_life(node: Node) -> None:
    """A pod that has initialized the cluster may not do so again (founding.sh)."""
    boot(node)
    assert node.has("run/vk8s/booted")
    assert node.has("vk8s/booted/done")
    assert (node.read(f"{STATE}/generation"), node.read(VERSION)) == ("1\n", "v1.34.4\n")


def test_kubelet_uses_the_certificate_that_it_renews(node: Node) -> None:
    boot(node)
    assert node.read(KUBECONFIG) == f"    client-key: {node.root}/{CLIENT_CERTIFICATE}\n"


def test_first_boot_that_was_interrupted_goes_on(node: Node) -> None:
    """All but CoreDNS is reused: kubeadm would refuse to change it, and there may be only a part of it."""
    (node.root / NEW).unlink()
    ended = boot(node)
    assert ended.said[0] == "The first boot was interrupted; it continues with the existing data."
    assert inits(ended, node) == [
        f"{skip(f'{NEVER},addon/coredns')} --skip-token-print",
        "kubeadm init phase addon coredns",
    ]
    assert order(ended, "delete deployment coredns", "phase addon coredns") == [
        "delete deployment coredns",
        "phase addon coredns",
    ]
    assert node.has(FIRST_BOOT_COMPLETE)


def test_without_a_network_of_ours_nothing_is_set_up_for_it(node: Node) -> None:
    ended = boot(node.given(CNI="none"))
    assert ended.calls_of("systemctl") == [STOPS]
    assert "flannel" not in node.read("bench/applied")
    assert "provisioner: vk8s.sktelecom.com/local-storage" in node.read("bench/applied")
    assert ended.said[0] == "No pod network is set up (cni: none): this node becomes Ready once you have installed one."


# What it is set up with


def test_keys_are_those_of_the_secret(node: Node) -> None:
    """Written over what is there: the owner may have put them back."""
    node.write(f"{PKI}/ca.crt", "another")
    boot(node)
    assert node.read(f"{PKI}/ca.crt") == "ca.crt"
    assert node.read(f"{PKI}/etcd/ca.key") == "etcd-ca.key"
    assert {path.stat().st_mode & 0o777 for path in (node.root / PKI).rglob("*.*") if path.is_file()} == {0o600}


@pytest.mark.parametrize("taints", ['[{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]', "[]"])
def test_control_plane_has_the_taints_of_its_pod(node: Node, taints: str) -> None:
    boot(node.given(TAINTS=taints))
    (line,) = [line for line in node.read("run/vk8s/kubeadm.yaml").splitlines() if "taints:" in line]
    assert taints in line
    assert (node.root / "run/vk8s/kubeadm.yaml").stat().st_mode & 0o777 == 0o600


def test_endpoint_points_to_itself(node: Node) -> None:
    boot(node)
    boot(node)
    assert node.read("etc/hosts") == "127.0.0.1 localhost\n127.0.0.1 demo-api\n"


def test_kubectl_works_in_the_node(node: Node) -> None:
    boot(node)
    assert (node.root / "root/.kube/config").readlink() == node.root / "etc/kubernetes/admin.conf"


# Failures


def test_node_reports_the_error_of_kubeadm(node: Node) -> None:
    node.program(
        "kubeadm",
        "echo '[init] begins'; echo 'error execution phase kubeconfig:'; echo '  no space left on device'; exit 1",
    )
    ended = boot(node, {0: refuse("/readyz")})
    assert ended.code == 1
    assert (
        "The boot failed and is retried in 3 s: error execution phase kubeconfig: no space left on device."
        in ended.said
    )
    assert not node.has(FIRST_BOOT_COMPLETE)
    assert not node.has("run/vk8s/booted")
    # The next try, which finds that it is not the first.
    node.program("kubeadm", KUBEADM)
    assert boot(node).said[0] == "The first boot was interrupted; it continues with the existing data."


def test_first_boot_is_incomplete_if_the_network_setup_fails(node: Node) -> None:
    node.program("kubectl", "exit 1")
    ended = boot(node)
    assert ended.code == 1
    assert not node.has(FIRST_BOOT_COMPLETE)
