"""Label selectors as hooks give them: what is wrong with them, and what they match. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from pydantic import Field

from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.strict_json import Struct, Text

_LONGEST_NAME: Final = 63
_LONGEST_PREFIX: Final = 253
_NAME: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_PREFIX: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")

# The value of a label, or that there is none, and the values of a requirement.
_OPERATORS: Final[Mapping[str, Callable[[str | None, list[str]], bool]]] = {
    "In": lambda value, values: value in values,
    "NotIn": lambda value, values: value not in values,
    "Exists": lambda value, _: value is not None,
    "DoesNotExist": lambda value, _: value is None,
}
_WITH_VALUES: Final = {"In", "NotIn"}

Matcher = Callable[[Mapping[str, str]], bool]


class Requirement(Struct):
    """What one label has to be."""

    key: Text = ""
    operator: Text = ""
    values: list[Text] = Field(default_factory=list)


class LabelSelector(Struct):
    """What labels have to be, all of it. An empty one matches everything."""

    match_labels: dict[str, Text] = Field(default_factory=dict)
    match_expressions: list[Requirement] = Field(default_factory=list)


def build_matcher(selector: LabelSelector | None) -> Matcher:
    """Whether labels match; without a selector all do. Raises SyncError for a selector that can't be one."""
    if selector is None:
        return lambda _: True
    exact = [Requirement(key=key, operator="In", values=[value]) for key, value in selector.match_labels.items()]
    requirements = [*exact, *selector.match_expressions]
    for requirement in requirements:
        _check(requirement)
    return lambda labels: all(_OPERATORS[each.operator](labels.get(each.key), each.values) for each in requirements)


def _check(requirement: Requirement) -> None:
    operator, values = requirement.operator, requirement.values
    if operator not in _OPERATORS:
        raise SyncError(f'"{operator}" is not a valid label selector operator')
    if not _is_key(requirement.key):
        raise SyncError(f'key: Invalid value: "{requirement.key}"')
    if bool(values) != (operator in _WITH_VALUES):
        needed = "can't be empty" if operator in _WITH_VALUES else "must be empty"
        raise SyncError(f"values: Invalid value: for operator {operator}, values set {needed}")
    for value in values:
        if value and not _is_name(value):
            raise SyncError(f'values: Invalid value: "{value}"')


def _is_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    has_prefix = len(prefix) <= _LONGEST_PREFIX and _PREFIX.fullmatch(prefix) is not None
    return _is_name(name) and (has_prefix or not slash)


def _is_name(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None
