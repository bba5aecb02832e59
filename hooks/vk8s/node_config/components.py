"""The configuration of the kubelet and kube-proxy of each node.

https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ and kube-proxy-config.v1alpha1/ next to it.
"""

from hooks.kubernetes.manifest import Manifest

_KUBELET = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}


def build_kubelet_configuration() -> Manifest:
    """The configuration of the kubelets of all nodes."""
    return {
        **_KUBELET,
        # cgroupfs in a folder of its own works with cgroup v1 and v2, and does not interfere with systemd's groups.
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": "/kubelet",
        "failCgroupV1": False,
        "failSwapOn": False,
        # All disks are the state volume, which etcd is on, too: pods that fill it have to go before etcd can't write.
        # The volume may be a folder of the host's disk, which others fill. With so little left, all is lost anyway.
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "200Mi",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "200Mi",
            "imagefs.inodesFree": "1%",
        },
        # Images from the node image can't be pulled again without a registry. The kubelet would remove them with all
        # others that are not in use, whatever the threshold, when it evicts pods: so it removes none that it has seen
        # in the last hundred years. bootstrap/room.sh does that.
        "imageGCHighThresholdPercent": 100,
        "imageMinimumGCAge": "876000h",
    }


def build_kubelet_pod_configuration() -> Manifest:
    """The part of the kubelet's configuration that depends on the pod and its host (bootstrap/settings.sh)."""
    return {
        **_KUBELET,
        "resolvConf": "/run/vk8s/resolv.conf",
        "systemReserved": {"cpu": "${RESERVED_CPU}", "memory": "${RESERVED_MEMORY}"},
    }


def build_kube_proxy_configuration() -> Manifest:
    """The configuration of kube-proxy on all nodes."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        # The size of the table is the host's: a network namespace can't change it. The timeouts are the node's own, and
        # it sets them at each boot (bootstrap/network.sh): kube-proxy would end on a host that keeps them read-only.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
