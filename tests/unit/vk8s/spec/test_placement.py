"""The form of a pod's placement: complete, so that a typo is rejected."""

import pytest
from pydantic import ValidationError

from hooks.vk8s.spec.placement import Affinity, SpreadConstraint, is_label_key, is_label_value


@pytest.mark.parametrize("key", ["a", "A.b_c-d", "example.com/a", "n" * 63, f"{'d' * 100}/{'n' * 63}"])
def test_keys_of_labels_are_accepted(key: str) -> None:
    assert is_label_key(key)


@pytest.mark.parametrize(
    "key",
    ["", "-a", "a b", "a/b/c", "Example.com/a", "n" * 64, "example.com/", "a..b/c", "/a", "a\n", f"{'d' * 254}/n"],
)
def test_other_keys_are_rejected(key: str) -> None:
    assert not is_label_key(key)


def test_values_of_labels_are_recognized() -> None:
    assert all(map(is_label_value, ["", "a", "A.b_c-d", "n" * 63]))
    assert not any(map(is_label_value, ["-a", "a.", "a b", "a\n", "n" * 64]))


def test_unknown_field_is_rejected() -> None:
    with pytest.raises(ValidationError, match="podAfinity"):
        Affinity.model_validate({"podAfinity": {}})


def test_skew_is_at_least_one() -> None:
    with pytest.raises(ValidationError, match="maxSkew"):
        SpreadConstraint.model_validate({"maxSkew": 0, "topologyKey": "a", "whenUnsatisfiable": "ScheduleAnyway"})
