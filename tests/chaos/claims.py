"""Which objects are children of a parent: by owner and label, adopted and released on the way."""

from typing import Any

from hooks.kubernetes.manifest import Manifest
from hooks.vk8s.observed.children import group_key
from testbed.metacontroller.claims import SELECTOR_LABEL
from testbed.metacontroller.objects import is_terminating, with_metadata
from tests.chaos.api import ApiServer, find_owner


def claim(api: ApiServer, kind: str, parent: Manifest) -> dict[str, Manifest]:
    """The children that the cache shows; those that lost their label are released, those without owner adopted."""
    shown = api.kinds[kind].shown
    return {name: obj for name, obj in shown.items() if _is_claimed(api, (kind, name), obj, parent)}


def with_owner(obj: Manifest, parent: Manifest | None) -> Manifest:
    """The object as that parent's, or as nobody's."""
    references: list[dict[str, Any]] = []
    if parent is not None:
        metadata, kind = parent["metadata"], parent["kind"]
        owner = {"kind": kind, "name": metadata["name"], "uid": metadata["uid"]}
        references = [{**owner, "controller": True, "blockOwnerDeletion": True}]
    return with_metadata(obj, ownerReferences=references)


def _is_claimed(api: ApiServer, key: tuple[str, str], obj: Manifest, parent: Manifest) -> bool:
    owner, uid = find_owner(obj), parent["metadata"]["uid"]
    is_selected = obj["metadata"].get("labels", {}).get(SELECTOR_LABEL) == uid
    if owner == uid and is_selected:
        return True
    if owner == uid and not is_terminating(parent):
        api.edit(key, lambda old: with_owner(old, None) if find_owner(old) == uid else old)
    if owner is not None or not is_selected or is_terminating(parent) or is_terminating(obj):
        return False
    real = api.get(group_key(parent), parent["metadata"]["name"])
    if real is None or real["metadata"]["uid"] != uid or is_terminating(real):
        return False
    api.edit(key, lambda old: with_owner(old, parent) if find_owner(old) is None else old)
    return True
