"""Returning an observed child unchanged, so that Metacontroller neither deletes nor updates it."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel

from hooks.kubernetes.labels import NODE, PREFIX
from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import CLAIM, JOB, POD, Observed
from hooks.vk8s.spec.cluster import Identity
from hooks.vk8s.spec.labels import NO_MESH_ANNOTATIONS, NO_MESH_LABELS, child_labels, cluster_selector, is_steering
from hooks.vk8s.spec.naming import leave_job_name, state_claim_name

# The kinds of children that belong to one node, and how they are named after it.
_NODE_CHILDREN: Final[Mapping[str, Callable[[str], str]]] = {CLAIM: state_claim_name, JOB: leave_job_name, POD: str}
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
LAST_APPLIED: Final = "metacontroller.k8s.io/last-applied-configuration"


class _Applied(BaseModel):
    """What Metacontroller last applied to a child. Only metadata is parsed, which is twice as fast."""

    metadata: dict[str, Any]


def keep(
    observed: Manifest, identity: Identity, labels: Mapping[str, str] = _NOTHING, notes: Mapping[str, str] = _NOTHING
) -> Manifest:
    """`observed` unchanged, with the current labels of the Vk8s, `labels` that identify it, and new annotations.

    Whatever the API server, admission or a webhook has added is returned as observed, so there is nothing to apply, by
    construction. Labels and annotations of other writers are omitted: what an answer does not name stays theirs.
    """
    found = _labels(observed)
    own = {key: value for key, value in found.items() if key.startswith(PREFIX)}
    said = _select_said_once(found) if observed["kind"] == "Pod" else {}
    all_labels = {**said, **child_labels(identity), **own, **cluster_selector(identity.name), **labels}
    return _with_metadata(observed, all_labels, notes)


def _select_said_once(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels that only count when a pod is created: removing them could start a mesh in it, or a webhook rejects it."""
    return {key: value for key, value in labels.items() if key in NO_MESH_LABELS or is_steering(key)}


def keep_unknown(observed: Manifest) -> Manifest:
    """`observed` unchanged: a child of another version of the hooks, whose labels this version does not know.

    Only labels that were applied before are returned: naming a label of another writer would take it over. Labels that
    identify the child are returned as they were applied, or it could no longer be recognized.
    """
    applied = _read_applied(observed, "labels")
    kept = {key: value for key, value in _labels(observed).items() if key in applied or key.startswith(PREFIX)}
    return _with_metadata(
        observed, {**kept, **{key: value for key, value in applied.items() if key.startswith(PREFIX)}}
    )


def keep_all(observed: Observed) -> list[Manifest]:
    """Every observed child unchanged: the answer when nothing can be decided."""
    return [keep_unknown(child) for child in observed.by_key.values()]


def read_labels(observed: Manifest) -> Mapping[str, str]:
    """The labels of a child. Those that Metacontroller applied count as applied, even if they were changed since."""
    return {**_labels(observed), **_read_applied(observed, "labels")}


def read_annotation(observed: Manifest, key: str) -> Iterator[str | None]:
    """An annotation of a child as it is, and then as it was applied, in case it was changed since."""
    yield (observed["metadata"].get("annotations") or {}).get(key)
    yield _read_applied(observed, "annotations").get(key)


def read_node_name(kind: str, name: str, labels: Mapping[str, str]) -> str | None:
    """The node to which a pod, claim or Job with that name and these labels belongs; None for any other child.

    The label alone proves nothing, as Metacontroller adopts any object with the right label.
    """
    node = labels.get(NODE)
    name_of = _NODE_CHILDREN.get(kind)
    return node if node is not None and name_of is not None and name == name_of(node) else None


def _labels(observed: Manifest) -> Mapping[str, str]:
    labels: Mapping[str, str] = observed["metadata"].get("labels") or {}
    return labels


def _read_applied(observed: Manifest, field: str) -> dict[str, str]:
    """The labels or annotations that Metacontroller applied, as recorded on the object; none for an adopted object."""
    annotations = observed["metadata"].get("annotations") or {}
    try:
        applied = dict(_Applied.model_validate_json(annotations[LAST_APPLIED]).metadata[field])
    except (LookupError, TypeError, ValueError):
        return {}
    return {key: str(value) for key, value in applied.items()}


def _is_ours(annotation: str) -> bool:
    return annotation.startswith(PREFIX) or annotation in NO_MESH_ANNOTATIONS


def _with_metadata(observed: Manifest, labels: Mapping[str, str], notes: Mapping[str, str] = _NOTHING) -> Manifest:
    metadata = observed["metadata"]
    noted = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED}
    # Most children have only our annotations, so nothing has to be parsed.
    is_mixed = not all(map(_is_ours, noted))
    applied = _read_applied(observed, "annotations") if is_mixed else {}
    annotations = {**{key: value for key, value in noted.items() if key in applied or _is_ours(key)}, **notes}
    kept = {
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "labels": dict(labels),
        **({"annotations": annotations} if annotations else {}),
    }
    content = {key: value for key, value in observed.items() if key not in ("apiVersion", "kind", "metadata", "status")}
    return {"apiVersion": observed["apiVersion"], "kind": observed["kind"], "metadata": kept, **content}
