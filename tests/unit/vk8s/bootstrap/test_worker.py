"""hooks/vk8s/bootstrap/boot.sh of a worker (worker.sh): how it joins, and what it says meanwhile."""

import pytest

from tests.unit.vk8s.bootstrap.bench import ENDED_BY_BENCH, Node, answer, refuse
from tests.unit.vk8s.bootstrap.worker import (
    CLUSTER_INFO,
    CNI_LIST,
    GENERATION,
    JOINS,
    LIST,
    LOG,
    MAY_JOIN,
    STARTS_NETWORK,
    STOPS,
    VERSION,
    boot,
    make_joined,
    make_worker,
    order,
)

PROXY_STARTS = "systemctl restart api-proxy"


@pytest.fixture
def node(node: Node) -> Node:
    return make_worker(node)


@pytest.fixture
def joined(node: Node) -> Node:
    return make_joined(node)


# Joining


def test_first_boot_joins_the_cluster(node: Node) -> None:
    ended = boot(node)
    assert ended.code == 0
    assert ended.said == [
        "This node joins its cluster at demo-api.",
        f"The API server lets nodes join; kubeadm does that (details: {node.root}/{LOG} in the node).",
        "This node has joined its cluster.",
    ]
    # kubeadm starts the kubelet, which need not wait for a network to register.
    assert order(ended, "systemctl", "kubeadm") == ["systemctl", "systemctl", "kubeadm"]
    assert order(ended, STOPS, STARTS_NETWORK, JOINS) == [STOPS, STARTS_NETWORK, JOINS]
    assert not [call for call in ended.calls if "PATCH" in call]


def test_worker_has_the_folder_that_its_kubelet_looks_into_each_second(node: Node) -> None:
    """Only control-plane nodes have it from kubeadm; without it, the kubelet logs an error each time."""
    folder = node.root / "etc" / "kubernetes" / "manifests"
    boot(node)
    assert folder.is_dir()
    # A worker that an earlier version has joined.
    folder.rmdir()
    boot(make_joined(node))
    assert folder.is_dir()


def test_worker_of_several_api_servers_connects_through_its_proxy(node: Node) -> None:
    several = node.given(API_SERVERS="demo-etcd")
    several.write("usr/local/bin/api-proxy", "")
    (several.root / "usr/local/bin/api-proxy").chmod(0o755)
    several.write("etc/hosts", "10.0.0.7 demo-worker\n")
    boot(several)
    ended = boot(several)
    assert ended.code == 0
    assert order(ended, PROXY_STARTS, STARTS_NETWORK) == [PROXY_STARTS, STARTS_NETWORK]
    assert several.read("etc/hosts") == "10.0.0.7 demo-worker\n127.0.0.1 demo-api\n"


def test_worker_without_a_proxy_connects_to_the_service(node: Node) -> None:
    several = node.given(API_SERVERS="demo-etcd")
    several.write("etc/hosts", "10.0.0.7 demo-worker\n")
    ended = boot(several)
    assert ended.code == 0
    assert ended.said[0].startswith("The image of this node has no api-proxy")
    assert several.read("etc/hosts") == "10.0.0.7 demo-worker\n"


def test_worker_of_one_api_server_has_no_proxy(node: Node) -> None:
    assert not order(boot(node), PROXY_STARTS)


def test_worker_joins_with_its_own_certificate(node: Node) -> None:
    boot(node)
    assert "discovery.yaml" in node.read("run/vk8s/join.yaml")
    discovery = node.read("run/vk8s/discovery.yaml")
    assert "https://demo-api:6443" in discovery
    assert "client-certificate: /vk8s/join/client.pem" in discovery
    assert "client-key: /vk8s/join/client.pem" in discovery


def test_complete_boot_stamps_the_volume_and_the_pod(node: Node) -> None:
    assert boot(node.given(GENERATION="3")).code == 0
    assert (node.read(GENERATION), node.read(VERSION)) == ("3\n", "v1.34.4\n")
    assert node.has("run/vk8s/booted")
    # Only a control-plane node must not boot without the data that it had.
    assert not node.has("vk8s/booted/done")


def test_joining_is_retried_and_its_failure_reported_once(node: Node) -> None:
    node.program(
        "kubeadm", "echo trying; echo 'error execution phase kubelet-start:'; echo '  no space left'; [[ -e enough ]]"
    )
    ended = boot(node, {6: f"touch {node.root}/enough"})
    assert ended.code == 0
    (sentence,) = [sentence for sentence in ended.said if "Joining failed" in sentence]
    assert "in the node: error execution phase kubelet-start: no space left" in sentence
    assert len(ended.calls_of("kubeadm")) == 4
    assert ended.output.splitlines()[-1] == "[   6.0 s] This node has joined its cluster."


# Blockers


@pytest.mark.parametrize(
    ("obstacle", "sentence"),
    [
        (refuse(CLUSTER_INFO, 6), "the host cluster's DNS doesn't know demo-api"),
        *[(refuse(CLUSTER_INFO, code), "nothing answers at demo-api:6443") for code in (7, 28, 35, 52, 56)],
        (refuse(CLUSTER_INFO, 60), "the certificate of demo-api:6443 is not from this cluster's authority"),
        (refuse(CLUSTER_INFO, 3), "curl ends with status 3 for demo-api:6443"),
        (answer(CLUSTER_INFO, "{}", status=404), "its API server answers, but doesn't let nodes join yet"),
    ],
)
def test_worker_says_once_why_it_waits(node: Node, obstacle: str, sentence: str) -> None:
    ended = boot(node, {0: obstacle, 20: MAY_JOIN})
    assert ended.code == 0
    assert [said for said in ended.said if "Waiting" in said] == [f"Waiting for the control plane: {sentence}."]
    assert not order(ended, JOINS, "curl")[:-2].count(JOINS)


def test_worker_says_when_the_reason_changes(node: Node) -> None:
    ended = boot(node, {0: refuse(CLUSTER_INFO, 6), 10: refuse(CLUSTER_INFO, 7), 20: MAY_JOIN})
    assert [line[:12] for line in ended.output.splitlines() if "Waiting" in line] == ["[   0.0 s] W", "[  10.2 s] W"]


# Other ends


def test_removed_node_starts_nothing(joined: Node) -> None:
    joined.write("var/lib/vk8s/left", "2026-11-29T00:00:00+00:00\n")
    ended = boot(joined)
    assert (ended.code, ended.calls) == (0, [])
    assert ended.said == ["This node has been removed from its cluster: it starts no kubelet, and can be deleted."]
    assert not joined.has("run/vk8s/booted")


def test_boot_that_fails_reports_it_and_is_not_complete(joined: Node) -> None:
    joined.program("systemctl", "[[ $* != 'start kubelet' ]]")
    joined.write(CNI_LIST, LIST)
    joined.write(GENERATION, "1\n")
    ended = boot(joined)
    assert ended.code == 1
    assert "The boot failed and is retried in 3 s: an unexpected error in line " in ended.said[-1]
    assert not joined.has("run/vk8s/booted")


def test_log_of_the_previous_boot_is_kept(node: Node) -> None:
    node.write(LOG, "error: of the previous boot\n")
    boot(node)
    assert node.read(f"{LOG}.old") == "error: of the previous boot\n"
    assert "error" not in node.read(LOG)


def test_worker_waits_for_its_api_server_without_a_limit(node: Node) -> None:
    assert node.run("boot.sh", limit=120).code == ENDED_BY_BENCH
