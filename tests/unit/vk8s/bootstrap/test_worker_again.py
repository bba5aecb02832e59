"""hooks/vk8s/bootstrap/boot.sh of a worker (worker.sh): whether it joins again or keeps its identity, and upgrades."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.authority import Authority
from tests.unit.vk8s.bootstrap.bench import Node, answer, refuse
from tests.unit.vk8s.bootstrap.worker import (
    AUTHORITY,
    CA,
    CLIENT_CERTIFICATE,
    CNI_LIST,
    GENERATION,
    JOINS,
    KUBECONFIG,
    KUBELET_CONFIG,
    LIST,
    LIVES,
    NODE_PATH,
    PREVIOUS_CNI_LIST,
    RESTARTS,
    STARTS,
    STARTS_NETWORK,
    STOPS,
    VERSION,
    boot,
    make_joined,
    make_worker,
    order,
)


@pytest.fixture
def joined(node: Node) -> Node:
    return make_joined(make_worker(node))


# Whether it joins again


def drop(path: str) -> Callable[[Node], None]:
    return lambda node: (node.root / path).unlink()


def put(path: str, content: Callable[[], str | bytes]) -> Callable[[Node], object]:
    return lambda node: node.write(path, content())


# What is wrong with the identity that a worker finds on its volume.
WRONG: dict[str, Callable[[Node], object]] = {
    "no kubeconfig": drop(KUBECONFIG),
    "an empty kubeconfig": put(KUBECONFIG, str),
    "no settings of the kubelet": drop(KUBELET_CONFIG),
    "no CA": drop(CA),
    "no certificate": drop(CLIENT_CERTIFICATE),
    "half a certificate": put(CLIENT_CERTIFICATE, lambda: "-----BEGIN CERTIF"),
    "a certificate that has expired": put(CLIENT_CERTIFICATE, lambda: AUTHORITY.issue(life=timedelta(hours=-1)).cert),
    "a certificate that expires now": put(CLIENT_CERTIFICATE, lambda: AUTHORITY.issue(life=timedelta(seconds=50)).cert),
    "a certificate of another CA": put(CLIENT_CERTIFICATE, lambda: Authority("other").issue().cert),
    "a certificate of a CA of the same name": put(CLIENT_CERTIFICATE, lambda: Authority().issue().cert),
    "a CA of the same key that ends later": put("vk8s/join/ca.crt", AUTHORITY.certify_itself),
    "another CA": put("vk8s/join/ca.crt", Authority().certify_itself),
    "a previous generation": put(GENERATION, lambda: "7\n"),
}


@pytest.mark.parametrize("break_identity", WRONG.values(), ids=WRONG)
def test_worker_whose_identity_would_be_rejected_joins_again(
    joined: Node, break_identity: Callable[[Node], object]
) -> None:
    break_identity(joined)
    joined.program("kubeadm", "ls etc/kubernetes etc/kubernetes/pki var/lib/kubelet/pki >found-by-kubeadm")
    ended = boot(joined)
    assert ended.code == 0
    assert order(ended, JOINS, STARTS) == [JOINS]
    found = joined.read("found-by-kubeadm").split()
    assert not {"kubelet.conf", "ca.crt", "kubelet-client-current.pem"} & set(found)


def test_worker_of_a_previous_cluster_reports_it(joined: Node) -> None:
    ended = boot(joined.given(GENERATION="2"))
    assert "This node belonged to a previous cluster, which another one has replaced." in ended.said[0]
    assert joined.read(GENERATION) == "2\n"


def test_volume_without_a_generation_is_of_the_first(joined: Node) -> None:
    """An earlier version wrote it."""
    (joined.root / GENERATION).unlink()
    assert not order(boot(joined), JOINS)


def test_worker_that_joins_again_first_reports_its_node_not_ready(joined: Node) -> None:
    """With its previous certificate: kubeadm refuses to join under the name of a Node that is Ready."""
    joined.write(GENERATION, "7\n")
    ended = boot(joined)
    (patch,) = [call for call in ended.calls if "--request PATCH" in call]
    assert patch.endswith(f"https://demo-api:6443{NODE_PATH}/status")
    assert f"--cert {joined.root}/{CLIENT_CERTIFICATE}" in patch
    body = json.loads(patch[patch.index('{"') : patch.rindex("}") + 1])
    assert body["status"]["conditions"] == [{"type": "Ready", "status": "False", "reason": "JoinsAgain"}]
    assert order(ended, patch, STARTS_NETWORK, JOINS) == [patch, STARTS_NETWORK, JOINS]


# Booting again


def test_worker_that_has_joined_before_keeps_its_identity(joined: Node) -> None:
    """The network first, so that the first status that the kubelet posts is Ready."""
    ended = boot(joined)
    assert ended.said == ["This node has joined its cluster before; it starts with the same identity."]
    assert order(ended, "systemctl", "kubeadm") == ["systemctl"] * 3
    assert ended.calls_of("systemctl") == [STOPS, STARTS_NETWORK, STARTS]
    assert joined.has("run/vk8s/booted")


def test_nothing_is_started_before_the_api_server_answers(joined: Node) -> None:
    """Both would back off for longer and longer."""
    ended = boot(joined, {0: refuse("/livez"), 30: LIVES})
    assert ended.said[1:] == ["Waiting for the control plane: nothing answers at demo-api:6443."]
    questions = order(ended, "curl", STARTS_NETWORK, STARTS)
    assert questions == ["curl"] * 101 + [STARTS_NETWORK, STARTS]


def test_network_that_takes_long_does_not_hold_the_kubelet_up(joined: Node) -> None:
    """If its Node is gone, the network waits for the kubelet, which then posts its status at once."""
    joined.program("systemctl")
    ended = boot(joined, {40: f"touch {joined.root}/{CNI_LIST}"})
    assert ended.calls_of("systemctl") == [STOPS, STARTS_NETWORK, STARTS, RESTARTS]
    assert ended.output.splitlines()[1].startswith("[  10.0 s] Waiting for the network between the nodes")


def test_cni_list_of_the_last_boot_saves_the_wait_for_the_network(joined: Node) -> None:
    joined.program("systemctl")
    joined.write(PREVIOUS_CNI_LIST, LIST)
    same_subnet = answer(NODE_PATH, '{"spec":{"podCIDR":"198.18.1.0/24"}}')
    ended = boot(joined, {0: f"{LIVES}; {same_subnet}"})
    assert ended.calls_of("systemctl") == [STOPS, STARTS_NETWORK, STARTS]
    assert joined.read(CNI_LIST) == LIST


def test_without_a_network_of_ours_none_is_started(joined: Node) -> None:
    ended = boot(joined.given(CNI="none"))
    assert ended.calls_of("systemctl") == [STOPS, STARTS]
    assert ended.said[0] == "No pod network is set up (cni: none): this node becomes Ready once you have installed one."


# Upgrades


def test_upgraded_worker_fetches_the_clusters_kubelet_configuration(joined: Node) -> None:
    joined.write(VERSION, "v1.33.9\n")
    joined.program("kubeadm", "[[ -e enough ]]")
    ended = boot(joined, {5: f"touch {joined.root}/enough"})
    assert ended.code == 0
    assert ended.said[1:3] == [
        "Kubernetes is upgraded from v1.33.9 to v1.34.4.",
        "The kubelet's configuration can't be upgraded yet: kubeadm gave no reason.",
    ]
    phase = "kubeadm upgrade node phase"
    assert ended.calls_of("kubeadm")[-2:] == [f"{phase} kubelet-config", f"{phase} post-upgrade"]
    assert order(ended, "kubeadm", STARTS_NETWORK)[-2:] == ["kubeadm", STARTS_NETWORK]
    assert joined.read(VERSION) == "v1.34.4\n"


def test_boot_of_the_same_version_is_no_upgrade(joined: Node) -> None:
    assert not boot(joined).calls_of("kubeadm")
