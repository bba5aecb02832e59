"""Virtual clusters of several control-plane nodes, and the members of etcd on them, as etcd-member lists them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from hooks.kubernetes.manifest import Manifest
from testbed.kubectl import KubectlError
from testbed.waiting import wait_for
from tests.nested.virtual import VirtualCluster

# Until all members answer each other again, and until a node has booted, where several share two cores.
SECONDS, POD_SECONDS = 120, 120
# Of nodes on a small host: what starts takes what the others leave.
RESOURCES = {"requests": {"cpu": "0", "memory": "512Mi"}, "limits": {"cpu": "2", "memory": "2Gi"}}
ROLES = ("master", "worker")


def build_nodes(example: Manifest, name: str, count: int, resources: Mapping[str, object]) -> list[Manifest]:
    """So many control-plane nodes, `<name>-a` and on, and a worker, with what the example has for its nodes."""
    master, worker = (next(node for node in example["spec"]["nodes"] if node["role"] == role) for role in ROLES)
    names = [f"{name}-{letter}" for letter in "abcde"[:count]]
    nodes = [*({**master, "name": node} for node in names), {**worker, "name": f"{name}-worker"}]
    return [{**node, "resources": resources} for node in nodes]


def replicate(virtual: VirtualCluster, name: str, count: int) -> VirtualCluster:
    """A Vk8s of that name with so many control-plane nodes and a worker, of the other one's images."""
    nodes = build_nodes(virtual.manifest, name, count, RESOURCES)
    return replace(virtual, manifest={**virtual.manifest, "metadata": {"name": name}, "spec": {"nodes": nodes}})


def list_control_plane(virtual: VirtualCluster) -> Sequence[str]:
    """Names of the control-plane nodes."""
    return [node["name"] for node in virtual.manifest["spec"]["nodes"] if node["role"] == "master"]


def list_members(virtual: VirtualCluster) -> list[Manifest]:
    """The members of etcd, as a control-plane node that answers lists them; none while there is no such node."""
    for node in list_control_plane(virtual):
        try:
            members: list[Manifest] = json.loads(virtual.kubectl.run("exec", node, "--", "etcd-member", "list"))[
                "members"
            ]
        except KubectlError:
            continue
        return members
    return []


def wait_for_members(virtual: VirtualCluster) -> list[Manifest]:
    """Waits until exactly the control-plane nodes of the spec are members, have votes and a leader, and answer."""
    names = list_control_plane(virtual)
    return wait_for("all members of etcd", partial(list_complete, virtual, names), SECONDS, partial(_tell, virtual))


def list_complete(virtual: VirtualCluster, names: Sequence[str]) -> list[Manifest]:
    """The members, if all is well with them."""
    members = list_members(virtual)
    roles = sorted(member["role"] for member in members if member["answers"])
    is_complete = sorted(member["name"] for member in members) == sorted(names)
    return members if is_complete and roles == ["leader", *["voter"] * (len(names) - 1)] else []


def _tell(virtual: VirtualCluster) -> str:
    return f"{list_members(virtual)}{virtual.describe()}"


def order_by_leadership(virtual: VirtualCluster) -> list[str]:
    """The control-plane nodes, and the one with the leader of etcd first."""
    members = wait_for_members(virtual)
    return [member["name"] for member in sorted(members, key=lambda member: member["role"] != "leader")]


def read_uids(virtual: VirtualCluster, kind: str, names: Sequence[str]) -> dict[str, str]:
    """The uids of these objects."""
    return {name: virtual.kubectl.get(kind, name)["metadata"]["uid"] for name in names}


def read_ids(virtual: VirtualCluster) -> dict[str, str]:
    """The ids of the members of etcd."""
    return {member["name"]: member["id"] for member in wait_for_members(virtual)}


def wait_for_pods(virtual: VirtualCluster, before: dict[str, str]) -> None:
    """Waits until other pods than those before are Ready."""
    for name, uid in before.items():
        virtual.wait_for_another_pod(name, uid, POD_SECONDS)
