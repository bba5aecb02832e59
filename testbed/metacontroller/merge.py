"""The three-way merge with which the original updates a child: observed, last applied, desired. Pure."""

import json
from typing import Any, Final

from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.objects import Manifest, go_json, metadata, string_map, with_metadata

LAST_APPLIED: Final = "metacontroller.k8s.io/last-applied-configuration"

# In this order the first key that all items of a list have makes the list a map.
_MERGE_KEYS: Final = ("containerPort", "port", "mountPath", "name", "uid", "ip", "path")
_SYSTEM_FIELDS: Final = (
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
)


def merge_update(observed: Manifest, desired: Manifest) -> Manifest:
    """The whole object to PUT: desired fields win, fields once applied and no longer desired go, others stay.

    System metadata and status are as observed. An update is made if the result differs from the observed object, types
    included: so one is made each time if the API server stores a value in another form than the desired one.
    """
    wanted = _without_last_applied(desired)
    merged = merge(observed, _last_applied(observed), wanted)
    reverted = {field: metadata(observed)[field] for field in _SYSTEM_FIELDS if field in metadata(observed)}
    kept = {field: value for field, value in metadata(merged).items() if field not in _SYSTEM_FIELDS}
    whole = {**merged, "metadata": {**kept, **reverted}}
    status = {"status": observed["status"]} if "status" in observed else {}
    stateless = {field: value for field, value in whole.items() if field != "status"}
    return with_last_applied({**stateless, **status}, wanted)


def with_last_applied(obj: Manifest, applied: Manifest) -> Manifest:
    """The object with the annotation that remembers what was applied."""
    annotations = {**string_map(obj, "annotations"), LAST_APPLIED: go_json(applied)}
    return with_metadata(obj, annotations=annotations)


# Any: a field of a manifest can be anything.
def merge(observed: Any, last: Any, desired: Any) -> Any:  # noqa: ANN401
    """The value to write. Where the observed value is a map or a list, another type counts as nothing at all."""
    if isinstance(observed, dict):
        return _merge_object(observed, _as_map(last), _as_map(desired))
    if isinstance(observed, list):
        return _merge_list(observed, _as_list(last), _as_list(desired))
    return desired


def _merge_object(observed: Manifest, last: Manifest, desired: Manifest) -> Manifest:
    kept = {field: value for field, value in observed.items() if field in desired or field not in last}
    return {**kept, **{field: merge(kept.get(field), last.get(field), value) for field, value in desired.items()}}


def _merge_list(observed: list[Any], last: list[Any] | None, desired: list[Any] | None) -> list[Any] | None:
    merge_key = get_merge_key([*observed, *(last or []), *(desired or [])])
    if not merge_key:
        return desired
    merged = _merge_object(
        _by_key(merge_key, observed), _by_key(merge_key, last or []), _by_key(merge_key, desired or [])
    )
    names = [_key_text(item[merge_key]) for item in observed]
    # Two observed items of one key become two copies of one: the original can't tell TCP from UDP on a port.
    stayed = [name for name in names if name in merged]
    new = [name for name in _by_key(merge_key, desired or []) if name not in stayed]
    return [merged[name] for name in [*stayed, *new]]


def get_merge_key(items: list[Any]) -> str:
    """The key by which a list is a map, empty if it is none: an item that is no object, or no key in common."""
    if not items or not all(isinstance(item, dict) for item in items):
        return ""
    return next((key for key in _MERGE_KEYS if all(key in item for item in items)), "")


def _by_key(merge_key: str, items: list[Manifest]) -> Manifest:
    return {_key_text(item[merge_key]): item for item in items}


def _key_text(value: object) -> str:
    return value if isinstance(value, str) else go_json(value)


def _as_map(value: object) -> Manifest:
    return value if isinstance(value, dict) else {}


def _as_list(value: object) -> list[Any] | None:
    return value if isinstance(value, list) else None


def _last_applied(observed: Manifest) -> Manifest:
    annotation = string_map(observed, "annotations").get(LAST_APPLIED, "")
    if not annotation:
        return {}
    try:
        applied = json.loads(annotation)
    except ValueError as error:
        raise SyncError(f"can't unmarshal {LAST_APPLIED!r} annotation") from error
    return _as_map(applied)


def _without_last_applied(desired: Manifest) -> Manifest:
    annotations = string_map(desired, "annotations")
    if LAST_APPLIED not in annotations:
        return desired
    return with_metadata(desired, annotations={k: v for k, v in annotations.items() if k != LAST_APPLIED})
