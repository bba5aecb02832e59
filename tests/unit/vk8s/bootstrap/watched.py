"""A node that its watcher watches, and what the API server says of it."""

import json

from tests.unit.vk8s.bootstrap.bench import ENDED_BY_BENCH, Ended, Node, Timeline, answer, refuse

NODE_PATH = "/api/v1/nodes/demo-worker"
MACHINE_ID = "8d8a1e1c00000000000000000000000a"
READY, LEFT = "run/vk8s/ready", "var/lib/vk8s/left"
CLIENT_CERTIFICATE = "var/lib/kubelet/pki/kubelet-client-current.pem"
KUBECONFIG = "etc/kubernetes/kubelet.conf"
CNI_LIST, SUBNET_FILE = "var/lib/vk8s/cni/net.d/10-flannel.conflist", "run/flannel/subnet.env"
LIST = '{"plugins": [{"type": "ptp", "ipam": {"ranges": [[{"subnet": "198.18.1.0/24"}]]}}]}'
IS_READY = "Ready: the Node is Ready at 10.0.0.7."
HEALTHY, UNHEALTHY = answer("/healthz", "ok"), refuse("/healthz")
UNREACHABLE, UNKNOWN, REFUSED = refuse(NODE_PATH), answer(NODE_PATH, status=404), answer(NODE_PATH, status=401)
LEAVING = {"leaving": "true"}


def reports(*, ready: str = "True", address: str = "10.0.0.7", machine: str = MACHINE_ID, leaving: bool = False) -> str:
    """Commands by which the API server has such a Node from then on."""
    return answer(NODE_PATH, write_node(ready=ready, address=address, machine=machine, **LEAVING if leaving else {}))


def write_node(ready: str = "True", address: str = "10.0.0.7", machine: str = MACHINE_ID, **annotations: str) -> str:
    """The Node, as the API server prints it, with these annotations of ours."""
    status = {
        "conditions": [{"type": "DiskPressure", "status": "False"}, {"type": "Ready", "status": ready}],
        "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": "demo-worker"}],
        "nodeInfo": {"machineID": machine},
    }
    noted = {f"vk8s.sktelecom.com/{name.replace('_', '-')}": value for name, value in annotations.items()}
    node = {"kind": "Node", "metadata": {"name": "demo-worker", "annotations": noted}, "status": status}
    return json.dumps(node, separators=(",", ":"))


def make_ready(node: Node) -> Node:
    """A worker that has everything it takes to be ready."""
    node.write(CLIENT_CERTIFICATE)
    node.write(KUBECONFIG)
    node.write(CNI_LIST, LIST)
    node.write(SUBNET_FILE)
    node.write("run/vk8s/booted")
    return node


def watch(node: Node, timeline: Timeline | None = None, limit: float = 30) -> Ended:
    """What a watcher does until `limit`, in a node that is ready at first."""
    ended = node.run("watcher.sh", {0: f"{HEALTHY}; {reports()}", **(timeline or {})}, limit)
    assert ended.code == ENDED_BY_BENCH or ended.calls[-1] == "sleep infinity"
    return ended
