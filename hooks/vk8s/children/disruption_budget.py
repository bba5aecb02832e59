"""PodDisruptionBudgets: how many node pods have to stay while hosts are drained.

`<vk8s>` has the number that follows from the owner's; `<vk8s>-etcd` keeps a quorum of several control-plane nodes. No
pod is in both: the host cluster would evict none that is.
"""

from collections.abc import Mapping

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import (
    NODE_COMPONENT,
    build_annotated_metadata,
    build_metadata,
    component_selector,
    role_selector,
)
from hooks.vk8s.spec.naming import disruption_budget_name, etcd_budget_name


def build_disruption_budget(
    identity: Identity, min_available: int, notes: Mapping[str, str], *, is_replicated: bool = False
) -> Manifest:
    """The budget with which evictions leave so many node pods Ready, or workers if the control plane `is_replicated`.

    `notes`: its annotations.
    """
    name = identity.name
    selector = role_selector(name, "worker") if is_replicated else component_selector(name, NODE_COMPONENT)
    metadata = build_annotated_metadata(identity, disruption_budget_name(name), {}, notes)
    return _build(metadata, selector, min_available)


def build_etcd_budget(identity: Identity, min_available: int) -> Manifest:
    """The budget with which evictions leave so many control-plane pods Ready."""
    metadata = build_metadata(identity, etcd_budget_name(identity.name))
    return _build(metadata, role_selector(identity.name, "master"), min_available)


def _build(metadata: Manifest, selector: Mapping[str, str], min_available: int) -> Manifest:
    """A budget with a number, never `maxUnavailable` or a percentage.

    For these the host cluster asks the owner of the pods for its scale, which a Vk8s does not have, and then allows no
    eviction at all.
    """
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata,
        "spec": {
            "minAvailable": min_available,
            "selector": {"matchLabels": dict(selector)},
            # One that is down anyway never keeps a host from being drained.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
