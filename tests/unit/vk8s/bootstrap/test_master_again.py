"""hooks/vk8s/bootstrap/boot.sh of a control-plane node (master.sh): later boots, and upgrades."""

import pytest

from tests.unit.vk8s.bootstrap.bench import Node, answer, refuse
from tests.unit.vk8s.bootstrap.master import (
    IS_READY,
    KUBECONFIG,
    LOG,
    NEVER,
    ONCE,
    RESTARTS,
    STARTS_NETWORK,
    STOPS,
    UPGRADE,
    VERSION,
    WAITS,
    boot,
    inits,
    make_booted,
    make_master,
    order,
    skip,
)


@pytest.fixture
def booted(node: Node) -> Node:
    return make_booted(make_master(node))


# Booting again


def test_later_boot_changes_nothing_in_the_cluster(booted: Node) -> None:
    """Users may have changed it."""
    ended = boot(booted)
    assert ended.code == 0
    assert ended.said == [
        f"The control plane starts with the data of its previous boots (details: {booted.root}/{LOG} in the node)."
    ]
    assert inits(ended, booted) == [skip(f"{NEVER},{ONCE}")]
    assert not ended.calls_of("kubectl")
    assert order(ended, STOPS, "kubeadm", STARTS_NETWORK, RESTARTS) == [STOPS, "kubeadm", STARTS_NETWORK, RESTARTS]


def test_token_of_earlier_versions_lets_nobody_join(booted: Node) -> None:
    """Anyone who has it could become any node."""
    path = "api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef"
    (call,) = [call for call in boot(booted).calls_of("curl") if path in call]
    assert "--request DELETE" in call
    assert "ttl: 1s" in booted.read("run/vk8s/kubeadm.yaml").replace('"', "")


def test_token_stays_while_workers_of_earlier_versions_need_it(booted: Node) -> None:
    ended = boot(booted.given(ADMITS_TOKEN="true"))
    assert not any("bootstrap-token" in call for call in ended.calls_of("curl"))
    assert "ttl: 0s" in booted.read("run/vk8s/kubeadm.yaml").replace('"', "")


def test_certificates_for_the_previous_address_are_removed_first(booted: Node) -> None:
    """It would keep what it finds. The authorities, and what only they sign, stay."""
    booted.write("etc/kubernetes/pki/etcd/ca.crt", "etcd-ca.crt")
    boot(booted)
    found = {path.removeprefix("etc/kubernetes/") for path in booted.read("bench/found-by-kubeadm").split()}
    authorities = {f"pki/{name}.{half}" for name in ("ca", "front-proxy-ca", "etcd/ca") for half in ("crt", "key")}
    # The first is what the fake kubeadm has just written.
    assert found == {"kubelet.conf", *authorities, "pki/ca.srl", "pki/sa.key", "pki/sa.pub"}
    assert booted.read(KUBECONFIG).startswith("    client-key: ")


def test_network_starts_as_soon_as_the_api_server_answers(booted: Node) -> None:
    starting = f"{refuse('/livez/ping')}; {answer('/readyz', status=500)}"
    ended = boot(booted, {0: starting, 5: answer("/livez/ping", "starting", status=500), 9: IS_READY})
    assert [line[:10] for line in ended.output.splitlines()] == ["[   0.0 s]", "[   0.0 s]", "[   5.0 s]"]
    assert ended.said[1:] == [WAITS, "The API server answers, but is not ready yet."]
    asked = order(ended, "livez", RESTARTS, "readyz")
    assert asked == ["livez"] * 26 + [RESTARTS] + ["readyz"] * 21


def test_network_that_takes_long_does_not_hold_the_kubelet_up(booted: Node) -> None:
    booted.program("systemctl")
    ended = boot(booted)
    assert ended.code == 0
    assert ended.calls_of("systemctl") == [STOPS, STARTS_NETWORK, RESTARTS]


# Upgrades


@pytest.fixture
def older(booted: Node) -> Node:
    booted.write(VERSION, "v1.33.9\n")
    booted.write("bench/coredns-image", "registry.k8s.io/coredns/coredns:v1.11.3")
    return booted


def test_upgrade_updates_what_the_first_boot_created(older: Node) -> None:
    ended = boot(older)
    assert ended.said[-1] == "Kubernetes is upgraded from v1.33.9 to v1.34.4."
    phases = (
        "upload-config kubelet", "bootstrap-token --skip-token-print", "addon kube-proxy", "addon coredns",
        "upload-config kubeadm",
    )  # fmt: skip
    assert inits(ended, older) == [skip(f"{NEVER},{ONCE}"), *(f"kubeadm init phase {phase}" for phase in phases)]
    assert "name: flannel" in older.read("bench/applied")
    assert older.read(VERSION) == "v1.34.4\n"


def test_coredns_that_is_of_the_version_already_stays(older: Node) -> None:
    older.write("bench/coredns-image", "registry.example.com/coredns:v1.12.1")
    assert "kubeadm init phase addon coredns" not in inits(boot(older), older)


def test_upgrade_is_stamped_while_it_is_incomplete(older: Node) -> None:
    """The new API server may write what the previous one cannot read (state-volume.sh)."""
    boot(older)
    assert UPGRADE in older.read("bench/found-by-kubeadm").split()
    assert not older.has(UPGRADE)
