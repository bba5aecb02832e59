"""Durations as Go reads and prints them."""

import pytest

from testbed.metacontroller.duration import format_duration, parse_duration
from testbed.metacontroller.errors import RefusedError

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "nanoseconds", "printed"),
    [
        ("10s", 10 * SECOND, "10s"),
        ("60s", 60 * SECOND, "1m0s"),
        ("1h", 3600 * SECOND, "1h0m0s"),
        ("1.5s", 1_500_000_000, "1.5s"),
        ("500ms", 500_000_000, "500ms"),
        ("1m30s", 90 * SECOND, "1m30s"),
        ("-2s", -2 * SECOND, "-2s"),
        (".5us", 500, "500ns"),
        ("0", 0, "0s"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_durations_are_read(text: str, nanoseconds: int, printed: str) -> None:
    assert parse_duration(text) == nanoseconds
    assert format_duration(nanoseconds) == printed
    assert parse_duration(printed) == nanoseconds


@pytest.mark.parametrize("text", ["10", "s", "", "1 s", "1d", "1s1", "++1s"], ids=repr)
def test_text_that_is_no_duration_is_rejected(text: str) -> None:
    with pytest.raises(RefusedError):
        parse_duration(text)
