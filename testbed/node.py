"""The one node of a host cluster: containerd, kubelet, kube-proxy, DNS, and storage on the machine's disk."""

import json
from pathlib import Path

from testbed import cgroups, programs
from testbed.kubectl import Kubectl, Manifest, has_condition
from testbed.layout import DNS_ADDRESS, HOST_NODE, POD_CIDR, Testbed
from testbed.programs import Program
from testbed.waiting import wait_for

PAUSE_IMAGE = (Path(__file__).parent.parent / "images" / "pause" / "reference").read_text().strip()
PROVISIONER = "vk8s.sktelecom.com/local-storage"
NODE_SECONDS = 90

_CONTAINERD = """version = 2
root = "{testbed.state}/containerd"
state = "{testbed.run}/containerd"
[grpc]
  address = "{testbed.run}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{testbed.state}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # On this machine, root may not be allowed to give processes a better score.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{testbed.state}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = {systemd}
"""

# `authoritative` for the cluster alone: names elsewhere do not exist, as there is no way out.
_COREFILE = """cluster.local in-addr.arpa {{
  bind {testbed.address}
  errors
  kubernetes {{
    kubeconfig {testbed.kubeconfig} {testbed.network}
    ttl 5
  }}
  cache 5
}}
. {{
  bind {testbed.address}
  template ANY ANY {{
    rcode NXDOMAIN
  }}
}}
"""


def start(testbed: Testbed, binaries: Path, kubectl: Kubectl) -> None:
    """Starts the node, and returns when it is Ready and pods can find each other by name."""
    _write_settings(testbed)
    programs.start(
        testbed, Program("containerd", ["containerd", f"--config={testbed.state}/containerd.toml"], in_mounts=True)
    )
    socket = testbed.run / "containerd.sock"
    wait_for("containerd", socket.is_socket, NODE_SECONDS, lambda: programs.read_log(testbed, "containerd"))
    cgroups.prepare_pods(testbed.network)
    programs.start(testbed, _build_kubelet(testbed, binaries))
    programs.start(testbed, _build_proxy(testbed, binaries))
    programs.start(testbed, Program("coredns", [f"{binaries}/coredns", f"-conf={testbed.state}/Corefile"]))
    programs.start(testbed, _build_storage(testbed, binaries))
    kubectl.apply(*_build_dns_service(testbed), _build_storage_class())
    wait_for(
        "the host's node",
        lambda: has_condition(kubectl.find("node", HOST_NODE)),
        NODE_SECONDS,
        lambda: programs.read_log(testbed, "kubelet"),
    )


def _write_settings(testbed: Testbed) -> None:
    cni = testbed.state / "cni"
    cni.mkdir(parents=True, exist_ok=True)
    (cni / "10-testbed.conflist").write_text(json.dumps(_build_cni_list(testbed)))
    driver = cgroups.choose_driver()
    systemd = json.dumps(driver == "systemd")
    (testbed.state / "containerd.toml").write_text(
        _CONTAINERD.format(testbed=testbed, pause=PAUSE_IMAGE, systemd=systemd)
    )
    (testbed.state / "kubelet.yaml").write_text(json.dumps(_build_kubelet_configuration(testbed, driver)))
    (testbed.state / "Corefile").write_text(_COREFILE.format(testbed=testbed))


def _build_cni_list(testbed: Testbed) -> Manifest:
    # `ptp` routes each pod by itself: unlike `bridge`, it asks nothing of the kernel for Services whose pods are here.
    plugin = {
        "type": "ptp",
        "ipam": {
            "type": "host-local",
            "dataDir": f"{testbed.run}/addresses",
            "ranges": [[{"subnet": POD_CIDR}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    return {"cniVersion": "1.0.0", "name": "testbed", "plugins": [plugin]}


def _build_kubelet_configuration(testbed: Testbed, driver: str) -> Manifest:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": driver,
        "cgroupRoot": f"/{testbed.network}",
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "failCgroupV1": False,
        "containerRuntimeEndpoint": f"unix://{testbed.run}/containerd.sock",
        "clusterDNS": [DNS_ADDRESS],
        "clusterDomain": "cluster.local",
        # Reached by the host's API server alone, within the network namespace.
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        # What a changed ConfigMap takes to reach a pod: a test waits for that.
        "syncFrequency": "10s",
        # The disk is this machine's, and what fills it may have nothing to do with the testbed.
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "0%",
            "nodefs.inodesFree": "0%",
            "imagefs.available": "0%",
        },
        # Images that are imported can't be pulled again.
        "imageGCHighThresholdPercent": 100,
        "oomScoreAdj": 0,
        "healthzPort": 0,
        "podLogsDir": f"{testbed.state}/pod-logs",
        "volumePluginDir": f"{testbed.state}/volume-plugins",
    }


def _build_kubelet(testbed: Testbed, binaries: Path) -> Program:
    return Program(
        "kubelet",
        [
            f"{binaries}/kubelet",
            f"--kubeconfig={testbed.kubeconfig}",
            f"--config={testbed.state}/kubelet.yaml",
            f"--hostname-override={HOST_NODE}",
            f"--node-ip={testbed.address}",
            f"--root-dir={testbed.state}/kubelet",
            f"--cert-dir={testbed.state}/kubelet/pki",
        ],
        in_mounts=True,
    )


def _build_proxy(testbed: Testbed, binaries: Path) -> Program:
    return Program(
        "kube-proxy",
        [
            f"{binaries}/kube-proxy",
            f"--kubeconfig={testbed.kubeconfig}",
            f"--hostname-override={HOST_NODE}",
            "--proxy-mode=nftables",
            f"--cluster-cidr={POD_CIDR}",
            # The size of the table is the machine's. The timeouts are set with the network (testbed/network.py).
            "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-established=0",
            "--conntrack-tcp-timeout-close-wait=0",
        ],
    )


def _build_storage(testbed: Testbed, binaries: Path) -> Program:
    environment = {
        "KUBECONFIG": str(testbed.kubeconfig),
        "NODE_NAME": HOST_NODE,
        "VOLUMES_DIR": f"{testbed.state}/volumes",
    }
    return Program("local-storage", [f"{binaries}/local-storage"], environment)


def _build_dns_service(testbed: Testbed) -> list[Manifest]:
    """A Service without selector: CoreDNS is a program of the machine, not a pod."""
    metadata = {"name": "kube-dns", "namespace": "kube-system"}
    protocols = {"dns": "UDP", "dns-tcp": "TCP"}
    ports = [{"name": name, "port": 53, "protocol": protocol} for name, protocol in protocols.items()]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"clusterIP": DNS_ADDRESS, "ports": ports},
    }
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**metadata, "labels": {"kubernetes.io/service-name": "kube-dns"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [testbed.address]}],
        "ports": ports,
    }
    return [service, endpoints]


def _build_storage_class() -> Manifest:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": PROVISIONER,
        "volumeBindingMode": "WaitForFirstConsumer",
    }
