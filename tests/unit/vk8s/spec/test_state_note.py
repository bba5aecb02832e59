"""The note on where the state of the nodes is: how it is read, and what is no note."""

import pytest

from hooks.vk8s.spec.state_note import StateNote, parse_note


@pytest.mark.parametrize(
    "text",
    [None, "", "{", "[]", '{"claims": 1, "generation": 1}', '{"claims": {}, "generation": 0}', '{"claims": {}}',
     '{"claims": {}, "generation": true}', '{"claims": {}, "generation": 1000000000}'],
)  # fmt: skip
def test_text_that_is_no_note_is_rejected(text: str | None) -> None:
    assert parse_note(text) is None


def test_note_keeps_no_name_that_no_node_can_have() -> None:
    assert parse_note('{"claims": {"UP/../x": "a", "m": "b"}, "generation": 2}') == StateNote({"m": "b"}, 2)
