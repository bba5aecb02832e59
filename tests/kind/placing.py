"""What is on which host, and how tests bring something to one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from testbed.kind.cluster import WORKERS
from testbed.kubectl import Kubectl
from testbed.waiting import wait_for
from tests.nested.virtual import VirtualCluster

SYSTEM = "vk8s-system"
SECONDS = 90
# A host that is never lost.
PLACEMENT = {
    "nodeSelector": {"node-role.kubernetes.io/control-plane": ""},
    "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}],
}
_ACCESS = ("pods", "--selector=vk8s.sktelecom.com/component=access")
_TRIES = 5


def read_hosts(virtual: VirtualCluster) -> dict[str, str]:
    """The host that each node of the virtual cluster is on."""
    pods = (virtual.kubectl.get("pod", node) for node in virtual.nodes)
    return {pod["metadata"]["name"]: pod["spec"]["nodeName"] for pod in pods}


def read_uids(virtual: VirtualCluster) -> dict[str, str]:
    """The uids of the node pods and of their claims."""
    names = [name for node in virtual.nodes for name in (f"pod/{node}", f"persistentvolumeclaim/{node}-state")]
    items = virtual.kubectl.get(*names)["items"]
    return {f"{item['kind']} {item['metadata']['name']}": item["metadata"]["uid"] for item in items}


def read_claims(virtual: VirtualCluster) -> dict[str, str]:
    """The uids of the claims of the nodes."""
    return {name: uid for name, uid in read_uids(virtual).items() if name.startswith("PersistentVolumeClaim")}


def list_access_pods(virtual: VirtualCluster) -> list[str]:
    """Names of the access pods."""
    return [pod["metadata"]["name"] for pod in virtual.kubectl.get(*_ACCESS)["items"]]


def move_access_pod(virtual: VirtualCluster, host: str) -> None:
    """Lets the access pod run on that host; AssertionError where there are several."""
    with only_schedulable(virtual.kubectl, host):
        (name,) = list_access_pods(virtual)
        virtual.kubectl.run("delete", "pod", name)
        pod = f"pod/{virtual.name}-access-pod"
        wait_for("the access pod", lambda: virtual.kubectl.succeeds("get", pod), SECONDS, virtual.describe)
        virtual.kubectl.run("wait", "--for=condition=Ready", pod, f"--timeout={SECONDS}s")


@contextmanager
def only_schedulable(kubectl: Kubectl, host: str) -> Iterator[None]:
    """No other host takes new node pods meanwhile."""
    others = [name for name in WORKERS if name != host]
    kubectl.run("cordon", *others)
    try:
        yield
    finally:
        kubectl.run("uncordon", *others)


def move_leadership(kubectl: Kubectl, host: str) -> None:
    """Lets the Metacontroller on that host be the one that works; there has to be one."""
    system = kubectl.within(SYSTEM)
    for _ in range(_TRIES):
        leader = wait_for("a Metacontroller that works", lambda: _find_leader(system), SECONDS)
        if leader["host"] == host:
            return
        system.run("delete", "pod", leader["pod"])
    raise AssertionError(f"after {_TRIES} tries, no Metacontroller on {host} works")


def _find_leader(system: Kubectl) -> Mapping[str, str] | None:
    """The pod that holds the Lease, and its host; None while there is no such pod."""
    lease = system.get("lease", "metacontroller")
    # Host name of the pod, and an id.
    name = str(lease["spec"]["holderIdentity"]).partition("_")[0]
    pod = system.find("pod", name)
    return {"pod": name, "host": pod["spec"]["nodeName"]} if pod else None
