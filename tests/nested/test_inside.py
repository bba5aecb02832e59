"""What a node offers to what runs on it, as Kubernetes' own specs beyond Conformance expect it."""

import pytest

from tests.nested.virtual import VirtualCluster


@pytest.mark.parametrize("node", ["local-master", "local-worker"])
def test_node_keeps_connections_of_which_one_side_is_closed(running: VirtualCluster, node: str) -> None:
    """For kube-proxy's hour; the kernel's own is a minute."""
    files = [f"/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_{state}" for state in ("close_wait", "established")]
    assert running.kubectl.run("exec", node, "--", "cat", *files).split() == ["3600", "86400"]
