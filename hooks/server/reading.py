"""Parsing the body of a call. The message of a rejection repeats no value."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, Never, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hooks.ippool.allocation import ALLOCATION
from hooks.ippool.pools import POOL
from hooks.server.refusals import NOT_JSON, WRONG_CONTENT_TYPE, WRONG_PARENT, describe_wrong_field
from hooks.vk8s.observed.kinds import CHILD_KINDS
from hooks.wire import WRONG_PART, Place

Question = TypeVar("Question", bound=BaseModel)
# The fields that say which object the call is about.
_IDENTITY: Final = {("parent", "apiVersion"), ("parent", "kind")}


class BodyError(ValueError):
    """The body is not a hook request. The message is that of the response."""


def check_content_type(header: str | None) -> None:
    """BodyError unless the header says JSON."""
    if (header or "").partition(";")[0].strip().lower() != "application/json":
        raise BodyError(WRONG_CONTENT_TYPE)


def read_whole(model: type[Question], body: bytes) -> Question:
    """The body as `model`, with whole objects, as they may be returned unchanged. Only `managedFields` is dropped.

    That is a third of a body or more, and takes nine times as many bytes in memory: so it is dropped as soon as its
    object is complete. BodyError if the body is invalid.
    """
    try:
        content = _DECODER.decode(body.decode())
    except (ValueError, RecursionError) as error:
        raise BodyError(NOT_JSON) from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _describe(error, model) from error


def read_declared(model: type[Question], body: bytes) -> Question:
    """The body as `model`. Fields that it does not declare are skipped in the text, which is far cheaper than parsing.

    BodyError if the body is invalid.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _describe(error, model) from error


def _leave_managers_out(manifest: dict[str, Any]) -> dict[str, Any]:
    metadata = manifest.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("managedFields"), list):
        return {**manifest, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}
    return manifest


def _refuse_constant(_name: str) -> Never:
    raise ValueError("NaN and Infinity are not JSON")


_DECODER: Final = json.JSONDecoder(object_hook=_leave_managers_out, parse_constant=_refuse_constant)


def _describe(error: ValidationError, model: type[BaseModel]) -> BodyError:
    """What is wrong with the body: the parent's identity, if that is wrong, else the first problem."""
    faults = error.errors(include_input=False, include_url=False)
    if faults[0]["type"] == "json_invalid":
        return BodyError(NOT_JSON)
    places = [(*fault["loc"], *_locate_fault(fault)) for fault in faults]
    if _IDENTITY & {place[:2] for place in places}:
        return BodyError(WRONG_PARENT)
    return BodyError(describe_wrong_field(_write_path(places[0], _list_names(model))))


def _locate_fault(fault: ErrorDetails) -> Place:
    """The path of the problem within an object, if one of our own checks found it."""
    place: Place = fault["ctx"]["place"] if fault["type"] == WRONG_PART else ()
    return place


def _write_path(place: tuple[str | int, ...], names: frozenset[str]) -> str:
    """`children["Pod.v1"][*].metadata.uid`. `*` stands for any name that the sender chose."""
    return "".join(_write_part(part) if part in names else "[*]" for part in place).lstrip(".") or "its content"


def _write_part(name: str | int) -> str:
    return f".{name}" if str(name).isidentifier() else f'["{name}"]'


@cache
def _list_names(model: type[BaseModel]) -> frozenset[str]:
    """Every name that we have given: of the fields of the model and its parts, and of kinds."""
    return frozenset([*_list_properties(model.model_json_schema()), *CHILD_KINDS, POOL, ALLOCATION])


def _list_properties(schema: Any) -> Iterator[str]:  # noqa: ANN401 any part of a JSON schema
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in schema.values():
            yield from _list_properties(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _list_properties(inner)
