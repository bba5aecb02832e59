"""The configuration of kubeadm: how a control plane is set up, and how a worker joins it.

https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/
"""

from dataclasses import dataclass
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.keys.pki import CA_CERT
from hooks.vk8s.node_config.documents import Json

# Where files of the `join` Secret are mounted into a worker's pod, and the one with its certificate and key.
WORKER_CREDENTIALS: Final = "/vk8s/join"
WORKER_CLIENT: Final = "client.pem"
_API_VERSION: Final = "kubeadm.k8s.io/v1beta4"
_CRI_SOCKET: Final = "unix:///run/containerd/containerd.sock"


@dataclass(frozen=True)
class ClusterFacts:
    """What all nodes of a virtual cluster have in common. No edit of the nodes changes it."""

    name: str
    endpoint: str
    api_names: tuple[str, ...]
    pod_cidr: str
    service_cidr: str


def build_init_configuration() -> Manifest:
    """The part of a control-plane node itself."""
    return {
        "apiVersion": _API_VERSION,
        "kind": "InitConfiguration",
        # Workers have certificates. kubeadm insists on a token, which expires at once, unless pods of an earlier
        # version still have to join by it. Then it never does, as they come back at any time.
        "bootstrapTokens": [{"token": "${TOKEN}", "ttl": "${TOKEN_TTL}"}],
        "localAPIEndpoint": {"advertiseAddress": "${POD_IP}"},
        "nodeRegistration": {"name": "${NODE_NAME}", "criSocket": _CRI_SOCKET, "taints": Json("${TAINTS}")},
        # With few processors, or on a busy host, a control plane may need more than kubeadm's default of four minutes.
        # It is also the limit of the startup probes: the kubelet would kill a slow API server again and again.
        "timeouts": {"controlPlaneComponentHealthCheck": "20m0s"},
    }


def build_cluster_configuration(facts: ClusterFacts) -> Manifest:
    """The part that is the same for the whole cluster."""
    return {
        "apiVersion": _API_VERSION,
        "kind": "ClusterConfiguration",
        "clusterName": facts.name,
        "kubernetesVersion": "${KUBERNETES_VERSION}",
        # A name, which stays when the pod gets another address.
        "controlPlaneEndpoint": f"{facts.endpoint}:6443",
        "networking": {"podSubnet": facts.pod_cidr, "serviceSubnet": facts.service_cidr},
        # Keys are generated at each boot, which would take seconds with RSA.
        "encryptionAlgorithm": "ECDSA-P256",
        "certificateValidityPeriod": "${CERTIFICATE_SECONDS}s",
        "apiServer": {
            "certSANs": ["localhost", "127.0.0.1", *facts.api_names],
            "extraEnvs": _build_gogc(),
        },
        "controllerManager": {
            "extraArgs": [
                _build_election(),
                # Each of its forty controllers requests a token at the start. At the default rate, nodes would wait
                # seconds for a subnet.
                {"name": "kube-api-qps", "value": "300"},
                {"name": "kube-api-burst", "value": "600"},
            ],
            "extraEnvs": _build_gogc(),
        },
        "scheduler": {"extraArgs": [_build_election()], "extraEnvs": _build_gogc()},
        "dns": {"imageTag": "${COREDNS_TAG}"},
        "etcd": {"local": _build_etcd()},
    }


def build_join_configuration() -> Manifest:
    """How a worker joins: with its certificate, and only if the server has one from the cluster's CA."""
    return {
        "apiVersion": _API_VERSION,
        "kind": "JoinConfiguration",
        "discovery": {"file": {"kubeConfigPath": "${RUN}/discovery.yaml"}},
        "nodeRegistration": {"name": "${NODE_NAME}", "criSocket": _CRI_SOCKET},
        "skipPhases": ["preflight"],
    }


def build_discovery_kubeconfig(facts: ClusterFacts) -> Manifest:
    """Where a worker finds the API server, the CA that it trusts, and the certificate with which it joins."""
    server = {"server": f"https://{facts.endpoint}:6443", "certificate-authority": f"{WORKER_CREDENTIALS}/{CA_CERT}"}
    client = {f"client-{half}": f"{WORKER_CREDENTIALS}/{WORKER_CLIENT}" for half in ("certificate", "key")}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": facts.name, "cluster": server}],
        "users": [{"name": "kubelet", "user": client}],
        "contexts": [{"name": "kubelet", "context": {"cluster": facts.name, "user": "kubelet"}}],
        "current-context": "kubelet",
    }


def _build_etcd() -> Manifest:
    """The member of the node. A control plane may have one or several, so the node fills it in (members.sh)."""
    names = Json("${ETCD_NAMES}")
    return {
        "dataDir": "/var/lib/etcd",
        "imageTag": "${ETCD_TAG}",
        "extraArgs": Json("${ETCD_ARGUMENTS}"),
        "extraEnvs": _build_gogc(),
        "serverCertSANs": names,
        "peerCertSANs": names,
    }


def _build_election() -> Manifest:
    """Without another control-plane node there is no other candidate, and the election takes seconds of each boot."""
    return {"name": "leader-elect", "value": "${LEADER_ELECT}"}


def _build_gogc() -> list[Manifest]:
    """Takes an eighth less memory, and boots as fast."""
    return [{"name": "GOGC", "value": "50"}]
