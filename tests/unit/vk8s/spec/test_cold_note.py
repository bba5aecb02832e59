"""The note on a cold backup: what is written can be read, and nothing else counts."""

import json
from datetime import UTC, datetime

import pytest

from hooks.vk8s.spec.cold_note import COPYING, FAILED, ColdNote, parse_cold_note

SINCE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "note",
    [
        ColdNote("one", COPYING, "5fd3658b", SINCE, ("m", "w"), store="0a1b2c", owner="uid"),
        ColdNote("one", FAILED, message="no room", end=SINCE),
    ],
    ids=["copying", "failed"],
)
def test_note_that_is_written_can_be_read(note: ColdNote) -> None:
    assert parse_cold_note(note.encode()) == note


@pytest.mark.parametrize(
    "text",
    [None, "", "{", "[]", "3", '{"phase": "Other"}', '{"phase": "Copying"}', '{"phase": "Failed", "nodes": 3}'],
)
def test_anything_else_is_no_note(text: str | None) -> None:
    assert parse_cold_note(text) == ColdNote()


def test_long_message_is_cut() -> None:
    assert len(json.loads(ColdNote("one", FAILED, message="x" * 9999).encode())["message"]) == 1024
