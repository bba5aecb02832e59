"""Hashes of the spec, with which pods and Jobs are annotated when they are created, to see whether they are outdated.

A hash covers what the user wrote, and nothing that the hooks add: so an upgrade of the hooks replaces no nodes. Its
version says which fields it covers. A hash with an unknown version counts as current.
"""

import json
from collections.abc import Sequence
from hashlib import sha256

from hooks.kubernetes.labels import PREFIX
from hooks.kubernetes.manifest import Manifest
from hooks.kubernetes.quantity import parse_quantity
from hooks.vk8s.spec.cluster import RESTART_ANNOTATION
from hooks.vk8s.spec.model import KubeflowSpec, NodeSpec

HASH = f"{PREFIX}hash"
_LENGTH = 16
# The second version also covers where a pod may run, and its annotations. A node whose spec has none of these keeps the
# hash of the first version.
_NODE, _PLACED_NODE = "node-v1", "node-v2"
# A control-plane node that is one of several members of etcd, or is to become one.
_MEMBER = "member-v1"
_OF_NODES = frozenset([_NODE, _PLACED_NODE, _MEMBER])


def hash_node(node: NodeSpec, *, is_replicated: bool = False) -> str:
    """The hash of a node in the spec. Equal quantities have the same hash, however they are written."""
    resources = {
        kind: {name: str(parse_quantity(value)) for name, value in amounts.items()}
        for kind, amounts in (("limits", node.resources.limits), ("requests", node.resources.requests))
    }
    fields = [
        node.image,
        node.role,
        resources,
        node.tolerations,
        dict(node.node_selector),
        node.runtime_class_name,
    ]
    placement = [
        node.affinity,
        node.topology_spread_constraints,
        node.priority_class_name,
        node.annotations,
    ]
    if is_replicated and node.role == "master":
        return _hash(_MEMBER, [*fields, *placement])
    return _hash(_PLACED_NODE, [*fields, *placement]) if any(placement) else _hash(_NODE, fields)


def hash_access(image: str) -> str:
    """The hash of the access pod."""
    return _hash("access-v1", [image])


def hash_leave(image: str, *, force: bool) -> str:
    """The hash of a Job that removes a node."""
    return _hash("leave-v1", [image, force])


def hash_kubeflow(kubeflow: KubeflowSpec, port: int) -> str:
    """The hash of a Job that installs Kubeflow, whose user interface is on `port`."""
    secret = kubeflow.password_secret_ref
    return _hash("kubeflow-v1", [kubeflow.version, kubeflow.email, [secret.name, secret.key] if secret else None, port])


def is_outdated(child: Manifest, current: str, restart: str | None = None) -> bool:
    """Whether the pod or Job was created for another spec, or before the last requested restart.

    Removing the annotation that requests a restart restarts nothing.
    """
    annotations = child["metadata"].get("annotations") or {}
    noted = annotations.get(HASH, "")
    differs = noted != current and _are_comparable(noted.partition(".")[0], current.partition(".")[0])
    return differs or (restart is not None and annotations.get(RESTART_ANNOTATION) != restart)


def _are_comparable(one: str, other: str) -> bool:
    """Whether two versions of hashes that differ say that the specs differ."""
    return one == other or {one, other} <= _OF_NODES


def build_annotations(current: str, restart: str | None = None) -> dict[str, str]:
    """The annotations of a new pod or Job."""
    return {HASH: current, **({RESTART_ANNOTATION: restart} if restart is not None else {})}


def _hash(version: str, fields: Sequence[object]) -> str:
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return f"{version}.{sha256(text.encode()).hexdigest()[:_LENGTH]}"
