"""A worker in a directory, and what it calls."""

from tests.authority import Authority
from tests.unit.vk8s.bootstrap.bench import Ended, Node, Timeline, answer

NODE_PATH = "/api/v1/nodes/demo-worker"
CLUSTER_INFO = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
KUBECONFIG, KUBELET_CONFIG = "etc/kubernetes/kubelet.conf", "var/lib/kubelet/config.yaml"
CA, CLIENT_CERTIFICATE = "etc/kubernetes/pki/ca.crt", "var/lib/kubelet/pki/kubelet-client-current.pem"
CNI_LIST, PREVIOUS_CNI_LIST = "var/lib/vk8s/cni/net.d/10-flannel.conflist", "var/lib/vk8s/cni-list"
LIST = '{"plugins": [{"type": "ptp", "ipam": {"ranges": [[{"subnet": "198.18.1.0/24"}]]}}]}'
LOG = "var/lib/vk8s/log/kubeadm.log"
GENERATION, VERSION = "var/lib/vk8s/generation", "var/lib/vk8s/kubernetes-version"
STOPS, STARTS, RESTARTS = (f"systemctl {verb} kubelet" for verb in ("stop", "start", "restart"))
STARTS_NETWORK = "systemctl --no-block start flanneld"
JOINS = "kubeadm join"
AUTHORITY = Authority()
LIVES = answer("/livez", "ok")
MAY_JOIN = answer(CLUSTER_INFO, '{"data": {"kubeconfig": "..."}}')


def make_worker(node: Node) -> Node:
    """A worker whose cluster lives; flanneld is as fast as its start."""
    node.write("vk8s/join/ca.crt", AUTHORITY.pem)
    node.program(
        "systemctl", f"[[ $* != *flanneld ]] || {{ mkdir -p var/lib/vk8s/cni/net.d && echo '{LIST}' >{CNI_LIST}; }}"
    )
    return node


def make_joined(node: Node) -> Node:
    """The same, which has joined before."""
    node.write(KUBECONFIG, "users: []\n")
    node.write(KUBELET_CONFIG, "kind: KubeletConfiguration\n")
    node.write(CA, node.read("vk8s/join/ca.crt"))
    node.write(CLIENT_CERTIFICATE, AUTHORITY.issue().cert)
    node.write(GENERATION, "1\n")
    node.write(VERSION, "v1.34.4\n")
    return node


def boot(node: Node, timeline: Timeline | None = None) -> Ended:
    return node.run("boot.sh", {0: f"{LIVES}; {MAY_JOIN}", **(timeline or {})})


def order(ended: Ended, *starts: str) -> list[str]:
    """Which of these the calls begin with, in their order."""
    return [start for call in ended.calls for start in starts if call.startswith(start)]
