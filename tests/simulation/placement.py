"""Whether a pod runs where its owner wants it, read from the pod itself."""

from hooks.kubernetes.manifest import Manifest

# Of the owner's, in the specs of tests.
PLAIN_ANNOTATION = "team.example.com/"


def is_placed_as(pod: Manifest, node: Manifest) -> bool:
    """Whether the pod has the owner's rules of where it may run, instead of our defaults or in addition to them."""
    spec, annotations = pod["spec"], pod["metadata"]["annotations"]
    affinity, wanted = spec.get("affinity", {}), node.get("affinity") or {}
    plain = {kind: terms for kind, terms in affinity.items() if kind != "podAntiAffinity" or kind in wanted}
    return (
        plain == {kind: terms for kind, terms in wanted.items() if terms}
        and ("podAntiAffinity" in affinity) == bool(wanted.get("podAntiAffinity", True))
        and spec.get("topologySpreadConstraints", []) == (node.get("topologySpreadConstraints") or [])
        and spec.get("priorityClassName") == node.get("priorityClassName")
        and {key: text for key, text in annotations.items() if key.startswith(PLAIN_ANNOTATION)}
        == (node.get("annotations") or {})
    )
