"""The request that Metacontroller would send about a Vk8s, built from objects in YAML: for curl, and to render."""

from collections.abc import Iterable
from typing import Final

from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.kubernetes.manifest import Manifest
from hooks.offline.documents import ManifestError
from hooks.vk8s.observed.children import POD, group_key
from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.vk8s.spec.labels import COMPONENT, KUBEFLOW_COMPONENT

# The API server assigns the real one.
UNKNOWN_UID: Final = "00000000-0000-0000-0000-000000000000"
RELATED_KINDS: Final = (POOL, ALLOCATION)
DEFAULT_NAMESPACE: Final = "default"


def build_request(objects: Iterable[Manifest]) -> Manifest:
    """Body of a sync or finalize call about the one Vk8s among `objects`; the others are children or related objects.

    What the API server adds to an object (uid, namespace, generation) may be missing. ManifestError unless there is
    exactly one Vk8s.
    """
    objects = list(objects)
    parents = [each for each in objects if each["kind"] == "Vk8s"]
    if len(parents) != 1:
        raise ManifestError(f"A call is about one object of kind Vk8s, and there are {len(parents)}.")
    parent = _complete(parents[0], {"generation": 1, "namespace": DEFAULT_NAMESPACE})
    metadata = parent["metadata"]
    children = [each for each in objects if not _is_of_another(each, metadata["uid"])]
    installers = [each for each in objects if _installs_kubeflow(each) and _is_of_another(each, metadata["uid"])]
    related = {**{kind: _group(objects, kind, {}) for kind in RELATED_KINDS}, POD: _group(installers, POD, {})}
    return {
        "parent": parent,
        "children": {kind: _group(children, kind, {"namespace": metadata["namespace"]}) for kind in CHILD_KINDS},
        # Metacontroller sends a related kind only if the customize hook asked for it.
        "related": {kind: group for kind, group in related.items() if group},
        "finalizing": "deletionTimestamp" in metadata,
    }


def _complete(manifest: Manifest, defaults: Manifest) -> Manifest:
    return {**manifest, "metadata": {**defaults, "uid": UNKNOWN_UID, **manifest["metadata"]}}


def _group(objects: list[Manifest], kind: str, defaults: Manifest) -> dict[str, Manifest]:
    """Those of one kind, by `namespace/name`, or by name if the kind has no namespace."""
    found = [_complete(each, defaults) for each in objects if group_key(each) == kind]
    return {"/".join([*_namespace(each), each["metadata"]["name"]]): each for each in found}


def _namespace(manifest: Manifest) -> list[str]:
    namespace = manifest["metadata"].get("namespace")
    return [namespace] if namespace else []


def _installs_kubeflow(manifest: Manifest) -> bool:
    """Whether it is the Job that installs Kubeflow, or one of its pods, for which the customize hook asks."""
    return bool((manifest["metadata"].get("labels") or {}).get(COMPONENT) == KUBEFLOW_COMPONENT)


def _is_of_another(manifest: Manifest, uid: str) -> bool:
    """Whether an object other than the Vk8s controls it, as a Job controls its pods: then it is no child."""
    owners = manifest["metadata"].get("ownerReferences", [])
    return any(owner.get("controller") and owner["uid"] != uid for owner in owners)
