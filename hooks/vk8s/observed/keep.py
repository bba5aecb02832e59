"""Returning an observed child unchanged, so that Metacontroller neither deletes it nor finds anything to update."""

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

# What a node has of its own, and how that is named after it.
_NODE_CHILDREN: Final[Mapping[str, Callable[[str], str]]] = {CLAIM: state_claim_name, JOB: leave_job_name, POD: str}
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
LAST_APPLIED: Final = "metacontroller.k8s.io/last-applied-configuration"


class _Applied(BaseModel):
    """What Metacontroller has noted on a child. All but its metadata is skipped in the text: that halves the time."""

    metadata: dict[str, Any]


def keep(
    observed: Manifest, identity: Identity, labels: Mapping[str, str] = _NOTHING, notes: Mapping[str, str] = _NOTHING
) -> Manifest:
    """`observed` as it stands, with the labels that the Vk8s has now, those that say what it is, and new annotations.

    Everything that the API server, admission or a webhook added is returned as it was seen, so there is no difference
    to apply, by construction. Labels and annotations of other writers are left out: what is not named stays theirs.
    """
    found = _labels(observed)
    own = {key: value for key, value in found.items() if key.startswith(PREFIX)}
    said = _select_said_once(found) if observed["kind"] == "Pod" else {}
    all_labels = {**said, **child_labels(identity), **own, **cluster_selector(identity.name), **labels}
    return _with_metadata(observed, all_labels, notes)


def _select_said_once(labels: Mapping[str, str]) -> dict[str, str]:
    """What a pod was told when it was made: to take it back could bring a mesh into it, or be refused by a webhook."""
    return {key: value for key, value in labels.items() if key in NO_MESH_LABELS or is_steering(key)}


def keep_unknown(observed: Manifest) -> Manifest:
    """`observed` as it stands: a child of another version of the hooks, whose labels this one does not know.

    Which of its labels are ours to name is what was applied before: naming one of another writer would take it over.
    Those that say what it is come back as they were applied, or nobody would know any more whose it was.
    """
    applied = _read_applied(observed, "labels")
    kept = {key: value for key, value in _labels(observed).items() if key in applied or key.startswith(PREFIX)}
    return _with_metadata(
        observed, {**kept, **{key: value for key, value in applied.items() if key.startswith(PREFIX)}}
    )


def keep_all(observed: Observed) -> list[Manifest]:
    """Every observed child as it stands: the answer where nothing can be decided."""
    return [keep_unknown(child) for child in observed.by_key.values()]


def read_labels(observed: Manifest) -> Mapping[str, str]:
    """The labels of a child; those that were applied as they were then, whatever somebody has made of them since."""
    return {**_labels(observed), **_read_applied(observed, "labels")}


def read_annotation(observed: Manifest, key: str) -> Iterator[str | None]:
    """An annotation of a child as it is, and then as it was applied, should somebody have changed it since."""
    yield (observed["metadata"].get("annotations") or {}).get(key)
    yield _read_applied(observed, "annotations").get(key)


def read_node_name(kind: str, name: str, labels: Mapping[str, str]) -> str | None:
    """The node whose pod, claim or Job the child of that kind, name and labels is; None of any other child.

    The label alone says nothing: Metacontroller adopts what anybody has labelled.
    """
    node = labels.get(NODE)
    name_of = _NODE_CHILDREN.get(kind)
    return node if node is not None and name_of is not None and name == name_of(node) else None


def _labels(observed: Manifest) -> Mapping[str, str]:
    labels: Mapping[str, str] = observed["metadata"].get("labels") or {}
    return labels


def _read_applied(observed: Manifest, field: str) -> dict[str, str]:
    """The labels, or annotations, that Metacontroller has applied, as it notes on the object; none on one adopted."""
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
    # Most children have none but ours, and then there is nothing to look up.
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
