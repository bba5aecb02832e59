"""What kubelet and kube-proxy are given. Kubernetes' own check of it is in tests/cluster."""

import re

from hooks.vk8s.node_config.components import (
    build_kube_proxy_configuration,
    build_kubelet_configuration,
    build_kubelet_pod_configuration,
)


def test_kubelet_evicts_pods_before_etcd_cant_write() -> None:
    """Also where its disk is a large one of the host: a share of it would be much."""
    hard = build_kubelet_configuration()["evictionHard"]
    assert {hard["nodefs.available"], hard["imagefs.available"]} == {"200Mi"}
    assert {hard["nodefs.inodesFree"], hard["imagefs.inodesFree"]} == {"1%"}


def test_kubelet_keeps_images_that_came_with_the_node_image() -> None:
    """For the age, it takes the time since which it has seen an image."""
    configuration = build_kubelet_configuration()
    assert configuration["imageGCHighThresholdPercent"] == 100
    assert int(configuration["imageMinimumGCAge"].removesuffix("h")) > 50 * 365 * 24


def test_only_the_pods_own_part_is_filled_in_by_the_node() -> None:
    assert re.findall(r"\$\{\w+\}", str(build_kubelet_configuration())) == []
    assert re.findall(r"\$\{\w+\}", str(build_kubelet_pod_configuration())) == ["${RESERVED_CPU}", "${RESERVED_MEMORY}"]


def test_kube_proxy_never_ends_because_of_what_a_host_keeps_read_only() -> None:
    assert set(build_kube_proxy_configuration()["conntrack"].values()) == {0, "0s"}
