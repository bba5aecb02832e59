"""Reading Kubernetes objects as parsed JSON, with the tolerance that the original's accessors have."""

import json
from typing import Any, Final

# Any, because objects of every kind pass through unchanged.
Manifest = dict[str, Any]

_GO_JSON_ESCAPES: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
_LARGEST_PLAIN_FLOAT: Final = 1e21


def metadata(obj: Manifest) -> Manifest:
    """The metadata, empty if there is none that can be read."""
    found = obj.get("metadata")
    return found if isinstance(found, dict) else {}


def text(obj: Manifest, field: str) -> str:
    """A string field of the metadata, empty if it is missing or no string."""
    found = metadata(obj).get(field)
    return found if isinstance(found, str) else ""


def kind(obj: Manifest) -> str:
    """The kind, empty if it is missing or no string."""
    found = obj.get("kind")
    return found if isinstance(found, str) else ""


def api_version(obj: Manifest) -> str:
    """The apiVersion, empty if it is missing or no string."""
    found = obj.get("apiVersion")
    return found if isinstance(found, str) else ""


def key(obj: Manifest) -> str:
    """`namespace/name`, or the name alone where there is no namespace."""
    namespace, name = text(obj, "namespace"), text(obj, "name")
    return f"{namespace}/{name}" if namespace else name


def describe(obj: Manifest) -> str:
    """How logs and errors name an object: kind and key."""
    return f"{kind(obj)} {key(obj)}"


def is_string_map(value: object) -> bool:
    """Whether a value can be read as labels or annotations."""
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def string_map(obj: Manifest, field: str) -> dict[str, str]:
    """Labels or annotations; empty as soon as one value is not a string, as the original reads them."""
    found = metadata(obj).get(field)
    return dict(found) if isinstance(found, dict) and is_string_map(found) else {}


def labels(obj: Manifest) -> dict[str, str]:
    """The labels, empty if they can't be read."""
    return string_map(obj, "labels")


def is_terminating(obj: Manifest) -> bool:
    """Whether deletion has begun."""
    return bool(metadata(obj).get("deletionTimestamp"))


def finalizers(obj: Manifest) -> list[str]:
    """The finalizers, in order."""
    return list(metadata(obj).get("finalizers") or [])


def owner_references(obj: Manifest) -> list[Manifest]:
    """The owner references, in order."""
    return list(metadata(obj).get("ownerReferences") or [])


def controller_of(obj: Manifest) -> Manifest | None:
    """The owner reference that is the controller."""
    return next((ref for ref in owner_references(obj) if ref.get("controller") is True), None)


def with_metadata(obj: Manifest, **fields: object) -> Manifest:
    """The object with these fields of the metadata set; one without readable metadata stays as it is."""
    if not isinstance(obj.get("metadata", {}), dict):
        return obj
    return {**obj, "metadata": {**metadata(obj), **fields}}


def deep_equal(left: object, right: object) -> bool:
    """Equality in which types count: 1, 1.0 and true all differ, as do null and an empty list."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(deep_equal(value, right[name]) for name, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(deep_equal, left, right))
    return left == right


def go_json(value: object) -> str:
    """JSON with the bytes that Go writes: sorted keys, no spaces, `<>&` escaped, and 1.0 as 1."""
    plain = json.dumps(_go_numbers(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return plain.translate(_GO_JSON_ESCAPES)


def _go_numbers(value: object) -> object:
    if isinstance(value, dict):
        return {name: _go_numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_go_numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_PLAIN_FLOAT:
        return int(value)
    return value
