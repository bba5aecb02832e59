"""The environment of a node: one table for its pod, for the check at its boot, and for its systemd units.

A value belongs here if it differs between nodes or can change during the life of a cluster, or if a script reads it.
"""

import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import parse_quantity
from hooks.vk8s.spec.cluster import VirtualCluster
from hooks.vk8s.spec.model import NodeSpec
from hooks.vk8s.spec.state_note import FIRST_GENERATION

ENVIRONMENT_FILE: Final = "environment.sh"
_COMMENT: Final = """# shellcheck shell=bash disable=SC2034 # of preflight.sh and entrypoint.sh
# Built by the controller: the variables of a node, and the defaults of those that its pod may not have."""
# Pods of control-plane nodes from before workers had certificates don't have it, and let them join by the token.
ADMITS_TOKEN: Final = "ADMITS_TOKEN"  # noqa: S105 the name of a variable
_HUGE_PAGES: Final = "hugepages-"
_CONTROL_PLANE_TAINT: Final = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}


@dataclass(frozen=True)
class Variable:
    """A variable of a node. `compute` returns its value, as a string or as `valueFrom`.

    `default`: the value that the scripts use if the pod does not have it. A variable without a default is required.
    """

    name: str
    compute: Callable[[VirtualCluster, NodeSpec], str | Manifest]
    default: str | None = None


def _limit(resource: str, divisor: str) -> Manifest:
    return {"resourceFieldRef": {"resource": resource, "divisor": divisor}}


def _build_taints(cluster: VirtualCluster, node: NodeSpec) -> str:
    """The taints as JSON. Without workers, pods run on the control-plane node, so it has none."""
    return json.dumps([_CONTROL_PLANE_TAINT] if node.role == "master" and cluster.workers else [])


def _may_initialize(cluster: VirtualCluster, node: NodeSpec) -> str:
    """Whether a control-plane node with an empty volume may initialize the cluster. If not, the data is elsewhere."""
    return "true" if node == cluster.founder else "false"


def _name_etcd_service(cluster: VirtualCluster, node: NodeSpec) -> str:
    """The Service with the name of the node as a member of etcd; empty on a worker, and on the only member."""
    return cluster.etcd_service if node.role == "master" else ""


def _name_api_servers(cluster: VirtualCluster, node: NodeSpec) -> str:
    """The Service with the addresses of several API servers, for a worker; empty where there is one."""
    return cluster.etcd_service if node.role == "worker" else ""


def _admits_token(cluster: VirtualCluster, node: NodeSpec) -> str:
    """Whether the token in the PKI lets workers join, `true` or `false`; empty on a worker."""
    return str(cluster.admits_token).lower() if node.role == "master" else ""


def _list_restored_nodes(cluster: VirtualCluster, node: NodeSpec) -> str:
    """The nodes of the snapshot that stay if the cluster begins with one; the others are deleted."""
    return " ".join(each.name for each in cluster.nodes) if cluster.find_restore(node) else ""


def _count_gpus(_: VirtualCluster, node: NodeSpec) -> str:
    """How many NVIDIA devices the host's device plugin assigns to the node: whole GPUs, or slices."""
    limits = node.resources.limits.items()
    return str(sum(int(parse_quantity(str(amount))) for name, amount in limits if name.startswith("nvidia.com/")))


def _list_huge_pages(_: VirtualCluster, node: NodeSpec) -> str:
    """The huge pages of the node, such as `2048kB=256`: their size, as Linux names it, and how many they are."""
    limits = sorted(node.resources.limits.items())
    pages = [(name.removeprefix(_HUGE_PAGES), amount) for name, amount in limits if name.startswith(_HUGE_PAGES)]
    sizes = [(parse_quantity(size), parse_quantity(str(amount))) for size, amount in pages]
    return " ".join(f"{int(size / 1024)}kB={int(amount / size)}" for size, amount in sizes if amount)


VARIABLES: Final = (
    Variable("POD_IP", lambda *_: {"fieldRef": {"fieldPath": "status.podIP"}}),
    Variable("NODE_NAME", lambda _, node: node.name),
    Variable("ROLE", lambda _, node: node.role),
    Variable("VK8S_UID", lambda cluster, _: cluster.identity.uid),
    Variable("CLUSTER_NAME", lambda cluster, _: cluster.name),
    Variable("ENDPOINT", lambda cluster, _: cluster.endpoint),
    Variable("POD_CIDR", lambda cluster, _: cluster.spec.kubernetes.pod_network_cidr),
    Variable("CNI", lambda cluster, _: cluster.spec.kubernetes.cni),
    Variable(
        "NETWORK_POLICIES", lambda cluster, _: str(cluster.spec.kubernetes.network_policies).lower(), default="true"
    ),
    Variable("CERTIFICATE_SECONDS", lambda cluster, _: str(cluster.node_certificate_seconds)),
    Variable("TAINTS", _build_taints, default="[]"),
    Variable("GPUS", _count_gpus, default="0"),
    Variable("HUGE_PAGES", _list_huge_pages, default=""),
    Variable("EPHEMERAL", lambda cluster, _: "true" if cluster.spec.storage.ephemeral else "", default=""),
    Variable("FOUND", _may_initialize, default="false"),
    Variable("ETCD_SERVICE", _name_etcd_service, default=""),
    Variable("API_SERVERS", _name_api_servers, default=""),
    Variable("MEMBERS_OF", lambda cluster, node: cluster.state.forced if node.role == "master" else "", default=""),
    Variable("ADOPTS", lambda cluster, _: cluster.adopts, default=""),
    Variable(ADMITS_TOKEN, _admits_token, default=""),
    Variable("RESTORE", lambda cluster, node: "true" if cluster.find_restore(node) else "", default=""),
    Variable("RESTORE_NODES", _list_restored_nodes, default=""),
    Variable("GENERATION", lambda cluster, _: str(cluster.state.generation), default=str(FIRST_GENERATION)),
    # From these the node computes what is allocatable to its pods. Without limits, they are what the host has.
    Variable("CPU_LIMIT_MILLIS", lambda *_: _limit("limits.cpu", "1m")),
    Variable("MEMORY_LIMIT_BYTES", lambda *_: _limit("limits.memory", "1")),
)


def build_environment(
    cluster: VirtualCluster, node: NodeSpec, variables: Sequence[Variable] = VARIABLES
) -> list[Manifest]:
    """`env` of the node's container, without variables that have their default value."""
    values = {each.name: value for each in variables if (value := each.compute(cluster, node)) != each.default}
    return [
        {"name": name, ("value" if isinstance(value, str) else "valueFrom"): value} for name, value in values.items()
    ]


def write_environment_script(variables: Sequence[Variable] = VARIABLES) -> str:
    """The table for the bootstrap files, in bash: names of required variables, and `NAME=default` of optional ones."""
    required = [each.name for each in variables if each.default is None]
    optional = [shlex.quote(f"{each.name}={each.default}") for each in variables if each.default is not None]
    return f"{_COMMENT}\nREQUIRED=({' '.join(required)})\nOPTIONAL=({' '.join(optional)})\n"
