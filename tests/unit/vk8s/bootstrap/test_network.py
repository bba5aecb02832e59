"""hooks/vk8s/bootstrap/network.sh: how long a node keeps connections. What depends on `cni` is in test_cni.py."""

from tests.unit.vk8s.bootstrap.bench import Ended, Node

TIMEOUTS = "proc/sys/net/netfilter/nf_conntrack_tcp_timeout_"


def keep_connections(node: Node) -> Ended:
    return node.source("sentences.sh state-volume.sh network.sh", "keep_connections")


def test_node_keeps_connections_as_long_as_a_kube_proxy_that_may_set_it(node: Node) -> None:
    """The defaults of KubeProxyConfiguration: a day, and an hour for those of which one side is closed."""
    assert keep_connections(node).output == ""
    assert (node.read(f"{TIMEOUTS}established"), node.read(f"{TIMEOUTS}close_wait")) == ("86400\n", "3600\n")


def test_node_boots_on_a_host_that_keeps_the_timeouts_read_only(node: Node) -> None:
    # Even root can't write to a folder, and nobody makes files in /proc.
    (node.root / f"{TIMEOUTS}close_wait").mkdir()
    ended, folder = keep_connections(node), node.root / "proc" / "sys" / "net" / "netfilter"
    assert ended.code == 0
    (sentence,) = ended.said
    assert sentence.startswith(f"The host lets no node write {folder} (close_wait): a connection through a Service")
    assert sentence.endswith(" is forgotten after a minute, not an hour.")


def test_each_boot_sets_the_timeouts_before_the_kubelet_starts(node: Node) -> None:
    """A cluster of an earlier version has them with its next pods, whatever its ConfigMap kube-proxy says."""
    lines = node.read("vk8s/boot/boot.sh").split("\nmain() {", 1)[1].splitlines()
    assert lines.index("  keep_connections") < lines.index("  boot_node")
