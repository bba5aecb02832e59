"""Quantities are exact numbers."""

from fractions import Fraction

import pytest

from hooks.kubernetes.quantity import parse_quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", "2"),
        ("0.5", "0.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("500m", "0.5"),
        ("100n", "0.0000001"),
        ("3k", "3000"),
        ("1e3", "1000"),
        ("12E-1", "1.2"),
        ("1Ki", "1024"),
        ("1.5Gi", "1610612736"),
        ("1E", "1000000000000000000"),
        ("-1", "-1"),
    ],
)
def test_number_that_a_quantity_means(text: str, number: str) -> None:
    assert parse_quantity(text) == Fraction(number)


@pytest.mark.parametrize("text", ["", "much", "1 Gi", "1gi", "1K", "Gi", "1e", "0x1", "1\n"])
def test_text_that_is_no_quantity_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        parse_quantity(text)
