"""What kubelet and kube-proxy are given. Kubernetes' own check of it is in tests/cluster."""

import re

from hooks.vk8s.node_config.components import (
    build_kube_proxy_configuration,
    build_kubelet_configuration,
    build_kubelet_pod_configuration,
)


def test_kubelet_evicts_no_pod_because_of_a_disk_that_it_shares() -> None:
    hard = build_kubelet_configuration()["evictionHard"]
    assert {name: limit for name, limit in hard.items() if "fs." in name} == dict.fromkeys(
        ("nodefs.available", "nodefs.inodesFree", "imagefs.available"), "0%"
    )


def test_kubelet_keeps_images_that_came_with_the_node_image() -> None:
    assert build_kubelet_configuration()["imageGCHighThresholdPercent"] == 100


def test_only_the_pods_own_part_is_filled_in_by_the_node() -> None:
    assert re.findall(r"\$\{\w+\}", str(build_kubelet_configuration())) == []
    assert re.findall(r"\$\{\w+\}", str(build_kubelet_pod_configuration())) == ["${RESERVED_CPU}", "${RESERVED_MEMORY}"]


def test_kube_proxy_never_ends_because_of_what_a_host_keeps_read_only() -> None:
    assert set(build_kube_proxy_configuration()["conntrack"].values()) == {0, "0s"}
