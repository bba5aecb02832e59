"""How log lines look."""

import json
import logging
import sys
from collections.abc import Mapping

import pytest

from hooks.server.logs import JsonFormatter, TextFormatter

SECRET = "c2VjcmV0"


def build_record(message: str, *arguments: object, failed: bool = False) -> logging.LogRecord:
    failure = None
    try:
        int(SECRET)
    except ValueError:
        failure = sys.exc_info() if failed else None
    return logging.LogRecord("vk8s.hooks", logging.INFO, "", 1, message, arguments, failure)


def parse(record: logging.LogRecord) -> Mapping[str, object]:
    line = JsonFormatter().format(record)
    assert line.isprintable()
    parsed: Mapping[str, object] = json.loads(line)
    return parsed


def test_line_for_people_has_time_level_and_message() -> None:
    assert TextFormatter().format(build_record("%s is %d", "one", 1)).endswith(" INFO one is 1")


def test_every_message_is_one_line() -> None:
    line = TextFormatter().format(build_record("%s", "demo\n2026-01-02 INFO forged\x1b[0m ä"))
    assert line.endswith(r"demo\n2026-01-02 INFO forged\x1b[0m ä")


def test_line_for_programs_is_an_object() -> None:
    parsed = parse(build_record("one\nmore"))
    assert {key: parsed[key] for key in ("level", "logger", "message")} == {
        "level": "INFO",
        "logger": "vk8s.hooks",
        "message": "one\nmore",
    }
    assert str(parsed["time"]).endswith("+00:00")


def test_named_value_is_a_field_and_replaces_no_other() -> None:
    parsed = parse(build_record("%(hook)s", {"hook": "vk8s/sync", "level": "FORGED"}))
    assert (parsed["hook"], parsed["level"], parsed["message"]) == ("vk8s/sync", "INFO", "vk8s/sync")


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()], ids=["text", "json"])
def test_exception_is_logged_by_type_and_place_alone(formatter: logging.Formatter) -> None:
    line = formatter.format(build_record("failed", failed=True))
    assert "ValueError at test_logs.py:" in line
    assert SECRET not in line
    assert "\n" not in line
    assert TextFormatter().formatException((None, None, None)) == ""
