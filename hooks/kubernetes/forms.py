"""The form of a spec: the base of the models that read it, and the messages for what does not match them."""

from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

DNS_ADVICE: Final = "write lower-case letters, digits and '-', the first and the last no '-'"
# What to write if a string does not match the pattern of its field. All other fields with patterns are quantities.
_CLASS_ADVICE: Final = "write lower-case letters, digits, '-' and '.', the first and the last a letter or digit"
_IMAGE_ADVICE: Final = "write an image without spaces"
_PATTERN_ADVICE: Final = {
    "accessPodImage": _IMAGE_ADVICE,
    "image": _IMAGE_ADVICE,
    "name": DNS_ADVICE,
    "priorityClassName": _CLASS_ADVICE,
    "runtimeClassName": _CLASS_ADVICE,
    "size": "write a size such as 20Gi",
}
_QUANTITY_ADVICE: Final = "write a quantity such as 500m, 2 or 8Gi"


class SpecModel(BaseModel):
    """A part of the spec. Fields that this version does not know are ignored: the schema prunes them anyway."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


def describe_form(error: ValidationError) -> list[str]:
    """`spec.nodes[0].role: Input should be 'master' or 'worker'.`, without values, which may be confidential."""
    return [_form_problem(details["loc"], _explain_pattern(details)) for details in error.errors(include_input=False)]


def _explain_pattern(details: ErrorDetails) -> str:
    """What to write if a string does not match its pattern; else pydantic's own message."""
    if details["type"] != "string_pattern_mismatch":
        return details["msg"]
    return _PATTERN_ADVICE.get(str(details["loc"][-1]), _QUANTITY_ADVICE)


def _form_problem(location: Iterable[str | int], message: str) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return f"spec{path}: {message}."
