"""Label selectors: what they match, and which can't be one."""

import pytest

from testbed.metacontroller.errors import SyncError
from testbed.metacontroller.label_selector import LabelSelector, build_matcher
from testbed.metacontroller.objects import Manifest


def parse(selector: Manifest) -> LabelSelector:
    return LabelSelector.model_validate(selector)


def expression(operator: object, *values: str, key: str = "tier") -> Manifest:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "matched"),
    [
        ({}, ["none", "front", "back"]),
        ({"matchLabels": {"tier": "front"}}, ["front"]),
        ({"matchLabels": {"tier": None}}, []),
        ({"matchLabels": {"tier": "front"}, **expression("Exists", key="other")}, []),
        (expression("In", "front", "back"), ["front", "back"]),
        (expression("NotIn", "front"), ["none", "back"]),
        (expression("Exists"), ["front", "back"]),
        (expression("DoesNotExist"), ["none"]),
        ({"matchLabels": None, "matchExpressions": None}, ["none", "front", "back"]),
    ],
    ids=[
        "an empty one matches all",
        "by a label",
        "a null value is an empty one",
        "all of it has to match",
        "in",
        "not in matches an object without the label",
        "exists",
        "does not exist",
        "nulls are nothing",
    ],
)
def test_selector_matches_these_labels(selector: Manifest, matched: list[str]) -> None:
    matches = build_matcher(parse(selector))
    labels: dict[str, dict[str, str]] = {"none": {}, "front": {"tier": "front"}, "back": {"tier": "back"}}
    assert [name for name, each in labels.items() if matches(each)] == matched


def test_no_selector_matches_all() -> None:
    assert build_matcher(None)({})


@pytest.mark.parametrize(
    ("selector", "sentence"),
    [
        (expression("Near", "front"), '"Near" is not a valid label selector operator'),
        ({"matchExpressions": [None]}, '"" is not a valid label selector operator'),
        (expression("In"), "for operator In, values set can't be empty"),
        (expression("NotIn"), "for operator NotIn, values set can't be empty"),
        (expression("Exists", "front"), "for operator Exists, values set must be empty"),
        (expression("DoesNotExist", "front"), "for operator DoesNotExist, values set must be empty"),
        (expression("Exists", key=""), 'key: Invalid value: ""'),
        (expression("Exists", key="-a"), 'key: Invalid value: "-a"'),
        (expression("Exists", key="a" * 64), "key: Invalid value"),
        (expression("Exists", key="/a"), 'key: Invalid value: "/a"'),
        (expression("Exists", key="UP.example.com/a"), "key: Invalid value"),
        (expression("Exists", key="a/b/c"), 'key: Invalid value: "a/b/c"'),
        (expression("In", "a b"), 'values: Invalid value: "a b"'),
        ({"matchLabels": {"tier": "a" * 64}}, "values: Invalid value"),
    ],
    ids=[
        "an unknown operator",
        "a null requirement",
        "in nothing",
        "not in nothing",
        "exists with values",
        "does not exist with values",
        "no key",
        "a key that begins with a dash",
        "a long key",
        "an empty prefix",
        "a prefix in capitals",
        "two prefixes",
        "a value with a space",
        "a long value",
    ],
)
def test_invalid_selector_is_rejected(selector: Manifest, sentence: str) -> None:
    with pytest.raises(SyncError) as caught:
        build_matcher(parse(selector))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("key", ["a", "example.com/a", "a_b.C-1", "a" * 63])
def test_valid_keys_are_accepted(key: str) -> None:
    assert build_matcher(parse(expression("Exists", key=key)))({key: ""})
