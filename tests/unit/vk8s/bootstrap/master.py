"""A control-plane node in a directory, and what it calls."""

from tests.unit.vk8s.bootstrap.bench import Ended, Node, Timeline, answer

STATE, PKI, LOG = "var/lib/vk8s", "etc/kubernetes/pki", "var/lib/vk8s/log/kubeadm.log"
NEW, FIRST_BOOT_COMPLETE, VERSION, UPGRADE = (
    "run/vk8s/new", f"{STATE}/first-boot-complete", f"{STATE}/kubernetes-version", f"{STATE}/kubernetes-upgrade",
)  # fmt: skip
KUBECONFIG, CLIENT_CERTIFICATE = "etc/kubernetes/kubelet.conf", "var/lib/kubelet/pki/kubelet-client-current.pem"
DATA = "var/lib/etcd/member/wal/0.wal"
CNI_LIST = "var/lib/vk8s/cni/net.d/10-flannel.conflist"
STOPS, RESTARTS, STARTS_NETWORK = (
    "systemctl stop kubelet", "systemctl restart kubelet", "systemctl --no-block start flanneld"
)  # fmt: skip
ONCE = "wait-control-plane,upload-config,upload-certs,mark-control-plane,bootstrap-token,kubelet-finalize,addon"
NEVER = "preflight,show-join-command"
SETS_UP = "The control plane is set up."
WAITS = "Waiting for the API server; it starts as a container of this node."
API = "The API server answers."
IS_READY = answer("/readyz", "ok")
# kubeadm makes the identity of the kubelet, and starts it; only then does the API server answer.
STARTING = "bench/starting"
KUBEADM = f"""
trap 'rm -f {STARTING}' EXIT
case "$*" in
  init\\ --config*)
    echo '    client-key-data: a2V5' >{KUBECONFIG}
    touch {CLIENT_CERTIFICATE}
    ls {UPGRADE} >>bench/found-by-kubeadm 2>/dev/null || true
    find etc/kubernetes -type f | sort >>bench/found-by-kubeadm ;;
esac
"""
KUBECTL = """
case "$*" in
  *' apply '*) cat >bench/applied ;;
  *' get deployment '*) cat bench/coredns-image ;;
  *' get configmap kubeadm-config '*) cat bench/kubeadm-config ;;
esac
"""


def make_master(node: Node) -> Node:
    """A control-plane node whose cluster has just been initialized by this boot."""
    for name in (
        "ca.crt",
        "ca.key",
        "front-proxy-ca.crt",
        "front-proxy-ca.key",
        "sa.key",
        "sa.pub",
        "etcd-ca.crt",
        "etcd-ca.key",
    ):
        node.write(f"vk8s/pki/{name}", name)
    node.write("vk8s/pki/token", "abcdef.0123456789abcdef")
    node.write(NEW)
    node.write("bench/kubeadm-config", "kubernetesVersion: v1.34.4\n")
    node.program("kubeadm", KUBEADM)
    node.program("kubectl", KUBECTL)
    node.program("systemctl", f"[[ $* != *flanneld ]] || {{ mkdir -p var/lib/vk8s/cni/net.d && touch {CNI_LIST}; }}")
    return node.given(ROLE="master", NODE_NAME="demo-master")


def make_booted(node: Node) -> Node:
    """The same, which has booted before: in a pod with another address."""
    (node.root / NEW).unlink(missing_ok=True)
    node.write(FIRST_BOOT_COMPLETE, "2026-11-28T00:00:00+00:00\n")
    node.write(VERSION, "v1.34.4\n")
    for name in (
        "admin.conf",
        "kubelet.conf",
        "manifests/etcd.yaml",
        "pki/apiserver.crt",
        "pki/etcd/server.key",
        "pki/ca.srl",
    ):
        node.write(f"etc/kubernetes/{name}", "of the previous boot")
    node.write(CLIENT_CERTIFICATE)
    node.write(DATA)
    return node


def boot(node: Node, timeline: Timeline | None = None) -> Ended:
    """A boot, with an API server that is ready as soon as kubeadm has started it."""
    if STARTING in node.read("bin/kubeadm"):
        node.write(STARTING)
    return node.run("boot.sh", {0: f"{IS_READY}; {answer('/livez/ping', 'ok')}", **(timeline or {})})


def inits(ended: Ended, node: Node) -> list[str]:
    """What kubeadm was asked for, without its configuration."""
    return [call.replace(f" --config {node.root}/run/vk8s/kubeadm.yaml", "") for call in ended.calls_of("kubeadm")]


def order(ended: Ended, *parts: str) -> list[str]:
    """Which of these the calls contain, in their order."""
    return [part for call in ended.calls for part in parts if part in call]


def skip(phases: str) -> str:
    return f"kubeadm init --skip-phases={phases}"
