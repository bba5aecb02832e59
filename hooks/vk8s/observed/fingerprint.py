"""What tells a child that was made for another spec from one that was made for this: hashes, noted when it is made.

A hash covers what the user wrote, and nothing that this program adds to it: so an upgrade of the controller replaces
nobody's nodes. Its version says which fields it covers; one of a version that is not known here counts as current.
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


def hash_node(node: NodeSpec) -> str:
    """The hash of one node of the spec; the same for quantities that mean the same."""
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
    return _hash("node-v1", fields)


def hash_access(image: str) -> str:
    """The hash of the access pod."""
    return _hash("access-v1", [image])


def hash_leave(image: str, *, force: bool) -> str:
    """The hash of a Job that takes a node out."""
    return _hash("leave-v1", [image, force])


def hash_kubeflow(kubeflow: KubeflowSpec, port: int) -> str:
    """The hash of a Job that installs Kubeflow, with its user interface at `port`."""
    secret = kubeflow.password_secret_ref
    return _hash("kubeflow-v1", [kubeflow.version, kubeflow.email, [secret.name, secret.key] if secret else None, port])


def is_outdated(child: Manifest, current: str, restart: str | None = None) -> bool:
    """Whether the pod or Job was made for another spec, or before the last restart that was asked for.

    Taking the wish for a restart away restarts nothing.
    """
    annotations = child["metadata"].get("annotations") or {}
    noted = annotations.get(HASH, "")
    differs = noted != current and noted.partition(".")[0] == current.partition(".")[0]
    return differs or (restart is not None and annotations.get(RESTART_ANNOTATION) != restart)


def build_annotations(current: str, restart: str | None = None) -> dict[str, str]:
    """What is noted on a pod or Job when it is made."""
    return {HASH: current, **({RESTART_ANNOTATION: restart} if restart is not None else {})}


def _hash(version: str, fields: Sequence[object]) -> str:
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return f"{version}.{sha256(text.encode()).hexdigest()[:_LENGTH]}"
