"""Checking a value against the schema of a CRD, with messages that say what to write. CEL rules are not evaluated.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

import yaml

from hooks.kubernetes.manifest import Manifest

# The fields of metadata that the API server knows; their values are not checked here.
_METADATA: Final = dict.fromkeys(
    (
        *("name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation"),
        *("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"),
        *("labels", "annotations", "ownerReferences", "finalizers", "managedFields"),
    ),
    Manifest(),
)
_QUANTITY: Final = "write a whole number, or a string such as 500m or 8Gi"


@dataclass(frozen=True)
class Resource:
    """The resource that a CRD with one version describes."""

    api_version: str
    kind: str
    schema: Manifest


def read_crd(text: str) -> Resource:
    """The resource in the YAML of a CRD."""
    spec = yaml.safe_load(text)["spec"]
    (version,) = spec["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    # The API server drops `status` when an object is applied.
    fields = {**schema["properties"], "metadata": {"type": "object", "properties": _METADATA}, "status": {}}
    return Resource(f"{spec['group']}/{version['name']}", spec["names"]["kind"], {**schema, "properties": fields})


def check_value(value: Any, schema: Manifest, path: str = "") -> Iterator[str]:  # noqa: ANN401 any JSON
    """Messages of what in `value`, which is at `path`, the API server would reject because of the schema."""
    if schema.get("x-kubernetes-int-or-string"):
        yield from _check_quantity(value, path)
        return
    check = _CHECKS.get(schema.get("type", ""))
    if check:
        yield from check(value, schema, path)


def _check_quantity(value: Any, path: str) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, float) and not value.is_integer():
        yield f'{path}: write "{value}", in quotes; without them, a number with a fraction is not accepted.'
    elif isinstance(value, bool) or not isinstance(value, int | float | str):
        yield f"{path}: {_QUANTITY}."


def _check_object(value: Any, schema: Manifest, path: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(value, dict):
        yield f"{path}: write a map, key: value."
        return
    fields, others = schema.get("properties", {}), schema.get("additionalProperties")
    missing = [name for name in schema.get("required", ()) if name not in value]
    yield from (f"{_join(path, name)}: write it, it is required." for name in missing)
    if len(value) > schema.get("maxProperties", len(value)):
        yield f"{path}: write {schema['maxProperties']} entries or fewer."
    for name, inner in value.items():
        if name in fields or others:
            yield from check_value(inner, fields.get(name, others), _join(path, name))
        else:
            yield f"{_join(path, name)}: unknown field; {_suggest(name, fields)}"


def _check_list(value: Any, schema: Manifest, path: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(value, list):
        yield f"{path}: write a list, each entry after a dash."
        return
    if len(value) < schema.get("minItems", 0):
        yield f"{path}: write {schema['minItems']} or more."
    if len(value) > schema.get("maxItems", len(value)):
        yield f"{path}: write {schema['maxItems']} or fewer."
    for index, entry in enumerate(value):
        yield from check_value(entry, schema["items"], f"{path}[{index}]")


def _check_text(value: Any, schema: Manifest, path: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(value, str):
        yield f"{path}: write a string{'' if value is None else ', in quotes if it looks like something else'}."
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{path}: write {' or '.join(schema['enum'])}."
    elif len(value) < schema.get("minLength", 0):
        yield f"{path}: write a string that is not empty."
    elif len(value) > schema.get("maxLength", len(value)):
        yield f"{path}: write {schema['maxLength']} characters or fewer."


def _check_integer(value: Any, schema: Manifest, path: str) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        yield f"{path}: write a whole number, without quotes."
    elif not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{path}: write a number from {schema['minimum']} to {schema['maximum']}."


def _check_boolean(value: Any, _schema: Manifest, path: str) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(value, bool):
        yield f"{path}: write true or false, without quotes."


_CHECKS: Final[Mapping[str, Callable[[Any, Manifest, str], Iterator[str]]]] = {
    "object": _check_object,
    "array": _check_list,
    "string": _check_text,
    "integer": _check_integer,
    "boolean": _check_boolean,
}


def _join(path: str, name: str) -> str:
    if name.replace("_", "a").replace("-", "a").isalnum():
        return f"{path}.{name}".lstrip(".")
    return f'{path}["{name}"]'


def _suggest(name: str, known: Collection[str]) -> str:
    by_letters = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), by_letters, n=1)
    return f"did you mean {by_letters[near[0]]}?" if near else f"known fields are {', '.join(known)}."
