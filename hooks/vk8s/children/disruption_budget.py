"""PodDisruptionBudget `<vk8s>`: how many node pods have to stay while hosts are drained."""

from collections.abc import Mapping

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import NODE_COMPONENT, build_annotated_metadata, component_selector
from hooks.vk8s.spec.naming import disruption_budget_name


def build_disruption_budget(identity: Identity, min_available: int, notes: Mapping[str, str]) -> Manifest:
    """The budget with which evictions leave so many node pods Ready. `notes`: its annotations.

    A number, never `maxUnavailable` or a percentage: for these the host cluster asks the owner of the pods for its
    scale, which a Vk8s does not have, and then allows no eviction at all.
    """
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": build_annotated_metadata(identity, disruption_budget_name(identity.name), {}, notes),
        "spec": {
            "minAvailable": min_available,
            "selector": {"matchLabels": component_selector(identity.name, NODE_COMPONENT)},
            # One that is down anyway never keeps a host from being drained.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
