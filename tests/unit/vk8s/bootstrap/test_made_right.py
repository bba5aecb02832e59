"""hooks/vk8s/bootstrap/made-right.sh: what the host gives to a pod, and a node hides from itself."""

from pathlib import Path

import pytest

from tests.unit.vk8s.bootstrap.bench import Node

PAGES = Path("sys", "kernel", "mm", "hugepages")


def call(node: Node, function: str) -> list[str]:
    """The mounts that the function makes, with paths from the root on."""
    ended = node.source("sentences.sh made-right.sh", function)
    assert ended.code == 0
    return [each.replace(f"{node.root}/", "/") for each in ended.calls_of("mount")]


@pytest.mark.parametrize("is_there", [True, False], ids=["that is there", "that the runtime left out"])
def test_kernel_log_is_empty_in_a_node(node: Node, *, is_there: bool) -> None:
    if is_there:
        node.write("dev/kmsg", "of the host")
    assert call(node, "hide_kernel_log") == ["mount --bind /dev/null /dev/kmsg"]
    assert node.has("dev/kmsg")


def test_node_knows_no_huge_pages_of_the_host(node: Node) -> None:
    (node.root / PAGES).mkdir(parents=True)
    assert call(node, "hide_foreign_huge_pages") == [f"mount -t tmpfs -o mode=755,size=1M vk8s-huge-pages /{PAGES}"]
    assert list((node.root / PAGES).iterdir()) == []


def test_node_knows_the_huge_pages_of_its_pod(node: Node) -> None:
    (node.root / PAGES).mkdir(parents=True)
    call(node.given(HUGE_PAGES="2048kB=256 1048576kB=1"), "hide_foreign_huge_pages")
    found = {each.parent.name: each.read_text() for each in (node.root / PAGES).glob("*/nr_hugepages")}
    assert found == {"hugepages-2048kB": "256\n", "hugepages-1048576kB": "1\n"}


def test_kernel_without_huge_pages_is_left_alone(node: Node) -> None:
    assert call(node, "hide_foreign_huge_pages") == []


def test_logs_of_pods_inside_are_on_the_state_volume(node: Node) -> None:
    assert call(node, "keep_pod_logs") == ["mount --bind /var/lib/vk8s/pod-logs /var/log/pods"]
    assert node.has("var/lib/vk8s/pod-logs")
    assert node.has("var/log/pods")
