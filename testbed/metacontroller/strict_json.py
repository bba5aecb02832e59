"""JSON as Go decodes it: numbers, duplicate keys and nulls, which Python's own decoder treats otherwise; structs."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

from testbed.metacontroller.errors import SyncError

_INT64: Final = range(-(2**63), 2**63)

# A string; null decodes to "".
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class Strict(BaseModel):
    """An object of which every field is known and has its type; names are camelCase outside."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel)


class Struct(Strict):
    """What Go decodes into a struct: a null is an empty one, and a field that is null is as if it were not there."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        if not isinstance(value, dict):
            return {} if value is None else value
        known = {field.alias for field in cls.model_fields.values()}
        return {name: given for name, given in value.items() if given is not None or name not in known}


class Fields(list[tuple[str, Any]]):
    """An object as it came: every key in order, duplicates included."""


def parse(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The value of a body, objects as Fields. Raises SyncError; its message never repeats the body."""
    try:
        return json.loads(
            body.decode("utf-8", "replace"), object_pairs_hook=Fields, parse_int=_integer, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as error:
        problem = "unexpected end of JSON input" if not body.strip() else type(error).__name__
        raise SyncError(f"invalid JSON: {problem}") from error


def plain(node: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The value with objects as dicts; of duplicate keys the last one wins."""
    if isinstance(node, Fields):
        return {name: plain(value) for name, value in node}
    if isinstance(node, list):
        return [plain(value) for value in node]
    return node


def duplicates(node: object, path: str) -> Iterator[str]:
    """Paths of all keys that occur twice in one object, at any depth."""
    if isinstance(node, Fields):
        counts = Counter(name for name, _ in node)
        yield from (f"{path}.{name}".lstrip(".") for name, count in counts.items() if count > 1)
        for name, value in node:
            yield from duplicates(value, f"{path}.{name}")
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from duplicates(value, f"{path}[{position}]")


def type_name(node: object) -> str:
    """Go's word for the type of a JSON value."""
    if isinstance(node, Fields):
        return "object"
    if isinstance(node, list):
        return "array"
    if isinstance(node, bool):
        return "bool"
    return "string" if isinstance(node, str) else "number"


def _integer(digits: str) -> int | float:
    value = int(digits)
    return value if value in _INT64 else float(value)


def _refuse(constant: str) -> float:
    raise ValueError(constant)
