"""Something to lose: pods inside with data on volumes, and the check that it is all there again."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import Kubectl, KubectlError
from testbed.waiting import wait_for
from tests.nested.virtual import VirtualCluster
from tests.nested.workload import build_claim, build_pinned_deployment, with_claim

SECONDS = 90
NODES = ("local-master", "local-worker")
DEPLOYMENTS = {f"keeps-on-{node}": node for node in NODES}


@dataclass(frozen=True)
class Kept:
    """A virtual cluster that has something to lose, and what it must have after every loss."""

    virtual: VirtualCluster
    uids: Mapping[str, str]

    def check(self) -> None:
        """Waits until all is well again, and compares: Nodes, claims, what is in them, pods that run."""
        self.virtual.wait_for_nodes()
        inside = self.virtual.inside
        assert _read_uids(inside) == self.uids
        for name in DEPLOYMENTS:
            _wait_for_pods(inside, name)
            wait_for(f"the data of {name}", partial(_has_name, inside, name), SECONDS)


def keep_something(virtual: VirtualCluster) -> Kept:
    """A Deployment on each node, which has written its name to a volume there."""
    virtual.wait_for_nodes()
    inside = virtual.inside
    wait_for("the service account", lambda: inside.find("serviceaccount", "default"), SECONDS)
    for name in DEPLOYMENTS:
        _delete_broken(inside, name)
    for name, node in DEPLOYMENTS.items():
        inside.apply(build_claim(name), with_claim(build_pinned_deployment(name, node), name))
    for name in DEPLOYMENTS:
        _wait_for_pods(inside, name)
        inside.run("exec", f"deployment/{name}", "--", "/usr/bin/bash", "-c", f"printf {name} >/data/name")
    return Kept(virtual, _read_uids(inside))


def _delete_broken(inside: Kubectl, name: str) -> None:
    """Deletes what an earlier test has left, unless its pod runs: it may have given up the volume of the node."""
    left = inside.find("deployment", name)
    if left is not None and not left.get("status", {}).get("availableReplicas"):
        inside.run("delete", f"deployment/{name}", f"persistentvolumeclaim/{name}", f"--timeout={SECONDS}s")


def _wait_for_pods(inside: Kubectl, deployment: str) -> None:
    try:
        inside.run("rollout", "status", f"deployment/{deployment}", f"--timeout={SECONDS}s")
    except KubectlError as error:
        seen = inside.run("get", "pods,persistentvolumeclaims,events", "--output=wide")
        storage = inside.run("logs", "--namespace=kube-system", "--selector=app=local-storage", "--timestamps")
        raise TimeoutError(f"{error}\n{seen}\n{storage}") from error


def _read_uids(inside: Kubectl) -> dict[str, str]:
    items: list[Manifest] = inside.get("nodes,persistentvolumeclaims")["items"]
    return {f"{item['kind']} {item['metadata']['name']}": item["metadata"]["uid"] for item in items}


def _has_name(inside: Kubectl, deployment: str) -> bool:
    """Whether the pod of the Deployment reads its name from its volume."""
    try:
        return inside.run("exec", f"deployment/{deployment}", "--", "/usr/bin/cat", "/data/name") == deployment
    except KubectlError:
        return False
