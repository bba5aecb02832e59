"""hooks/vk8s/bootstrap/kubelet.sh: the only file that starts or stops the kubelet."""

import re

from tests.unit.vk8s.bootstrap.bench import BOOT, Node


def test_no_other_file_starts_or_stops_the_kubelet() -> None:
    command = re.compile(r"^\s*systemctl .*\bkubelet\b", re.MULTILINE)
    assert [path.name for path in BOOT.glob("*.sh") if command.search(path.read_text())] == ["kubelet.sh"]


def test_kubelet_stopped_for_good_stays_stopped_after_a_restart(node: Node) -> None:
    """On the state volume, and before it is stopped: the node may be killed in between."""
    node.program("systemctl", "ls var/lib/vk8s/left >>seen")
    stop = node.source("sentences.sh kubelet.sh", "is_kubelet_stopped_for_good || stop_kubelet_for_good")
    assert stop.calls == ["systemctl stop kubelet"]
    assert node.has("seen")
    again = node.source("sentences.sh kubelet.sh", "is_kubelet_stopped_for_good || stop_kubelet_for_good")
    assert (again.code, again.calls) == (0, [])
