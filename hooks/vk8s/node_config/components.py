"""What the kubelet and kube-proxy of each node are given.

https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ and kube-proxy-config.v1alpha1/ beside it.
"""

from hooks.kubernetes.manifest import Manifest

_KUBELET = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}


def build_kubelet_configuration() -> Manifest:
    """The kubelets of all nodes."""
    return {
        **_KUBELET,
        # cgroupfs under a folder of its own works with cgroup v1 and v2, and leaves systemd its part of the tree.
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": "/kubelet",
        "failCgroupV1": False,
        "failSwapOn": False,
        # The disk is the host's or the storage class's: what fills it may be somebody else's, and evicting pods would
        # not help.
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
            "imagefs.available": "0%",
        },
        # Images that came with the node image can't be pulled again where there is no registry.
        "imageGCHighThresholdPercent": 100,
    }


def build_kubelet_pod_configuration() -> Manifest:
    """The part of the kubelet's configuration that depends on the pod and its host (bootstrap/settings.sh)."""
    return {**_KUBELET, "systemReserved": {"cpu": "${RESERVED_CPU}", "memory": "${RESERVED_MEMORY}"}}


def build_kube_proxy_configuration() -> Manifest:
    """kube-proxy on all nodes."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        # The kernel's connection tracking is set by the host; a pod's network namespace may not change it.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
