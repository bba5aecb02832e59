"""hooks/vk8s/bootstrap/stop-pods.sh: how long a node that stops waits for the programs of its control plane."""

import pytest

from tests.unit.vk8s.bootstrap.bench import Node

# In place of what would look for processes of pods: notes when they are killed.
PODS = """
PODS=$BENCH/no-pods
kill_own_processes() { echo "$* after $CLOCK" >>"$BENCH/killed"; }
"""


@pytest.mark.parametrize(
    ("service", "microseconds"),
    [("", 500_000), ("demo-etcd", 2_000_000)],
    ids=["alone, at once", "one of several, so that its clients turn to the others"],
)
def test_api_server_is_killed(node: Node, service: str, microseconds: int) -> None:
    node.write("vk8s/boot/pods.sh", PODS)
    ended = node.given(ROLE="master", ETCD_SERVICE=service).run("stop-pods.sh")
    assert ended.said[-1] == "All pods of the node have stopped."
    expected = ["coredns after 500000", f"kube-apiserver after {microseconds}"]
    assert sorted(node.read("bench/killed").splitlines()) == expected
