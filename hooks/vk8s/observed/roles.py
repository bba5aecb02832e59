"""The nodes that exist, with their roles, as the labels of their pods and claims say."""

from collections.abc import Collection

from hooks.vk8s.observed.children import CLAIM, POD, Observed
from hooks.vk8s.observed.keep import read_labels, read_node_name
from hooks.vk8s.spec.labels import ROLE
from hooks.vk8s.spec.naming import state_claim_name


def read_roles(observed: Observed, but: Collection[str] = ()) -> dict[str, str]:
    """Names and roles of the nodes that have a pod or a claim. Claims of older versions have no role label.

    Nodes in `but` are skipped: reading their labels would take a tenth of a whole call.
    """
    passed = {*((CLAIM, state_claim_name(node)) for node in but), *((POD, node) for node in but)}
    children = [
        (kind, name, read_labels(child))
        for kind in (CLAIM, POD)
        for name, child in observed.children.get(kind, {}).items()
        if (kind, name) not in passed
    ]
    nodes = [(read_node_name(*child), child[2].get(ROLE, "")) for child in children]
    return {node: role for node, role in nodes if node is not None}
