"""Objects in YAML, as people and kubectl write it, converted to JSON as Kubernetes' own tools do."""

import json
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, StrictBool, StrictInt, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from hooks.kubernetes.manifest import Manifest
from hooks.wire import Name

# With aliases, a kilobyte can expand to gigabytes.
MOST_CHARACTERS: Final = 16 << 20
_PREFIX: Final = "tag:yaml.org,2002:"
_SCALARS: Final = ("null", "bool", "int", "float", "str")
_NO_JSON: Final = "a number that is NaN or too large, text that is not Unicode, or a part that contains itself"
_ADVICE: Final = {
    "missing": "write it",
    "string_type": "write a string, in quotes if it looks like a number, a date or a boolean",
    "string_too_short": "write a string that is not empty",
    "dict_type": "write a map",
    "model_type": "write a map",
    "list_type": "write a list",
    "int_type": "write a whole number",
    "bool_type": "write true or false",
}


class ManifestError(ValueError):
    """The input can't be used. `problems`: one message for each reason."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def read_objects(text: str) -> list[Manifest]:
    """The objects in YAML, and in Lists in it, as `kubectl get -o yaml` writes them. ManifestError if it is broken."""
    try:
        documents = [_turn_into_json(document) for document in yaml.load_all(text, _Loader)]
    except yaml.YAMLError as error:
        raise ManifestError(f"This is not valid YAML: {_describe(error)}.") from error
    except ManifestError:
        raise
    except (ValueError, LookupError) as error:
        # PyYAML's constructors raise these if a value does not fit its explicit tag.
        raise ManifestError(f"It has a value that Kubernetes can't represent: {_NO_JSON}.") from error
    objects = [found for document in documents if document is not None for found in _open_list(document)]
    return [_check(each) for each in objects]


class _Loader(yaml.SafeLoader):
    """Reads only the types that JSON has: a timestamp stays a string, and binary data is an error."""


_Loader.yaml_implicit_resolvers = {
    letter: [each for each in resolvers if each[0].removeprefix(_PREFIX) in (*_SCALARS, "merge")]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_constructors = {
    tag: constructor
    for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.removeprefix(_PREFIX) in (*_SCALARS, "seq", "map")
}


def _turn_into_json(document: object) -> Any:  # noqa: ANN401 any JSON
    """The document with strings as keys and aliases expanded. ValueError if JSON can't represent it."""
    parts: list[str] = []
    size = 0
    for part in json.JSONEncoder(ensure_ascii=False, allow_nan=False).iterencode(document):
        parts.append(part)
        size += len(part)
        if size > MOST_CHARACTERS:
            raise ManifestError(f"It is larger than {MOST_CHARACTERS >> 20} MiB, with its aliases written out.")
    return json.loads("".join(parts).encode())


def _describe(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it has a character that YAML does not allow"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else str(problem)


def _open_list(document: object) -> list[Any]:
    if isinstance(document, dict) and isinstance(document.get("items"), list):
        return list(document["items"])
    return [document]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class _Owner(_Part):
    uid: Name
    controller: StrictBool | None = None


class _Metadata(_Part):
    """The metadata that any part of the hooks reads. A null counts as missing."""

    name: Name
    namespace: Name | None = None
    uid: Name | None = None
    generation: StrictInt | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    finalizers: list[str] | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    owner_references: list[_Owner] | None = None


def _check(found: object) -> Manifest:
    """The object without nulls in its metadata. ManifestError if it has no apiVersion, kind or name."""
    if not isinstance(found, dict) or not all(_is_text(found.get(key)) for key in ("apiVersion", "kind")):
        raise ManifestError("An object does not say what it is: write its apiVersion and kind.")
    metadata = found.get("metadata")
    if not isinstance(metadata, dict) or not _is_text(metadata.get("name")):
        raise ManifestError(f"metadata.name: write the name of the {found['kind']}.")
    try:
        _Metadata.model_validate(metadata)
    except ValidationError as error:
        what = f"{found['kind']} {metadata['name']}"
        raise ManifestError(*(f"{what}: {_advise(fault)}" for fault in error.errors())) from error
    return {**found, "metadata": {key: value for key, value in metadata.items() if value is not None}}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _advise(fault: ErrorDetails) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"])
    return f"metadata{path}: {_ADVICE.get(fault['type'], fault['msg'])}."
