"""Durations in Go's notation: `1m30s`, `500ms`."""

import re
from typing import Final

from testbed.metacontroller.errors import RefusedError

_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_TERM: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")
_WHOLE: Final = re.compile(rf"([+-]?)((?:{_TERM.pattern})+)")
# Of a second.
NANOSECONDS: Final = _UNITS["s"]


def parse_duration(text: str) -> int:
    """Nanoseconds of a duration. Raises RefusedError for what Go would not parse."""
    if text == "0":
        return 0
    match = _WHOLE.fullmatch(text)
    if match is None:
        raise RefusedError(f"{text!r} is not a duration such as 10s or 1m30s")
    total = sum(int(float(amount) * _UNITS[unit]) for amount, unit in _TERM.findall(match[2]))
    return -total if match[1] == "-" else total


def format_duration(nanoseconds: int) -> str:
    """The form in which Go prints it, which is the form in which hooks see it: 60 s is `1m0s`."""
    if nanoseconds == 0:
        return "0s"
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if rest < NANOSECONDS:
        unit = next(unit for unit in ("ms", "µs", "ns") if rest >= _UNITS[unit])
        return f"{sign}{_decimal(rest, _UNITS[unit])}{unit}"
    hours, rest = divmod(rest, _UNITS["h"])
    minutes, rest = divmod(rest, _UNITS["m"])
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if hours or minutes else "", f"{_decimal(rest, NANOSECONDS)}s"]
    return sign + "".join(parts)


def _decimal(amount: int, unit: int) -> str:
    whole, fraction = divmod(amount, unit)
    digits = str(fraction).rjust(len(str(unit)) - 1, "0").rstrip("0") if fraction else ""
    return f"{whole}.{digits}" if digits else str(whole)
