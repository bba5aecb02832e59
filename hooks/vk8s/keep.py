"""Returning an observed child unchanged, so that Metacontroller neither deletes it nor finds anything to update."""

from collections.abc import Mapping

from hooks.manifest import Manifest
from hooks.vk8s.cluster import Identity
from hooks.vk8s.labels import PREFIX, child_labels


def keep(observed: Manifest, identity: Identity) -> Manifest:
    """`observed` as it stands, with the labels that the Vk8s has now.

    Everything that the API server, admission or a webhook added is returned as it was seen, so there is no difference
    to apply, by construction. Annotations of other writers are left out: what is not named here stays theirs.
    """
    own = {key: value for key, value in _labels(observed).items() if key.startswith(PREFIX)}
    return _with_metadata(observed, {**child_labels(identity), **own})


def keep_unknown(observed: Manifest) -> Manifest:
    """`observed` as it stands: a child of another version of the hooks, whose labels this one does not know."""
    return _with_metadata(observed, _labels(observed))


def _labels(observed: Manifest) -> Mapping[str, str]:
    labels: Mapping[str, str] = observed["metadata"].get("labels") or {}
    return labels


def _with_metadata(observed: Manifest, labels: Mapping[str, str]) -> Manifest:
    metadata = observed["metadata"]
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key.startswith(PREFIX)}
    kept = {
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "labels": dict(labels),
        **({"annotations": annotations} if annotations else {}),
    }
    content = {key: value for key, value in observed.items() if key not in ("apiVersion", "kind", "metadata", "status")}
    return {"apiVersion": observed["apiVersion"], "kind": observed["kind"], "metadata": kept, **content}
