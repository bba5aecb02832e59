"""hooks/vk8s/bootstrap/settings.sh: what the kubelet offers of the pod, and whom pods inside ask for names."""

import pytest
import yaml

from hooks.kubernetes.manifest import Manifest
from tests.unit.vk8s.bootstrap.bench import Node

GIB = 1 << 30
HEADROOM = 128 << 20


def write(node: Node) -> Manifest:
    """The part of the kubelet's configuration that is written, on a host with 16 GiB."""
    ended = node.source("sentences.sh settings.sh templates.sh", "write_kubelet_settings")
    assert ended.code == 0
    configuration: Manifest = yaml.safe_load(node.read("run/vk8s/kubelet.conf.d/10-pod.conf"))
    return configuration


@pytest.mark.parametrize(
    ("pages", "huge"), [("", 0), ("2048kB=256", GIB // 2), ("2048kB=256 1048576kB=1", GIB // 2 + GIB)]
)
def test_node_offers_the_memory_of_its_pod_whatever_huge_pages_it_has(node: Node, pages: str, huge: int) -> None:
    """The kubelet subtracts both from what the host has."""
    reserved = int(write(node.given(HUGE_PAGES=pages))["systemReserved"]["memory"])
    assert 16 * GIB - reserved - huge == 2 * GIB - HEADROOM


def test_search_domains_of_the_host_cluster_reach_no_pod_inside(node: Node) -> None:
    assert write(node)["resolvConf"].endswith("/run/vk8s/resolv.conf")
    assert node.read("run/vk8s/resolv.conf") == "nameserver 10.96.0.10\n"
