"""A Vk8s whose three control-plane nodes are on three hosts, and its worker on one of them."""

from hooks.kubernetes.manifest import Manifest
from tests.kind.placing import PLACEMENT
from tests.nested.members import build_nodes

NAME = "spread"
RESOURCES = {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}}


def build_spread(example: Manifest, name: str = NAME) -> Manifest:
    """A Vk8s whose control-plane nodes may run on the host cluster's control plane, too: it has no third worker."""
    nodes = build_nodes(example, name, 3, RESOURCES)
    tolerant = [
        {**node, "tolerations": PLACEMENT["tolerations"]} if node["role"] == "master" else node for node in nodes
    ]
    return {**example, "metadata": {"name": name}, "spec": {"nodes": tolerant}}
