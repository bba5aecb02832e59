"""The bearer tokens that open the hooks."""

from pathlib import Path

import pytest

from hooks.server.files import FileProblem
from hooks.server.tokens import MIN_LENGTH, watch_tokens

FIRST, SECOND = "a" * MIN_LENGTH, "Zz09-._~+/" * 4 + "=="


@pytest.mark.parametrize(
    ("header", "admitted"),
    [
        (f"Bearer {FIRST}", True),
        (f"bearer  {SECOND} ", True),
        (f"Basic {FIRST}", False),
        (FIRST, False),
        (f"Bearer {FIRST}a", False),
        (f"Bearer {FIRST[1:]}", False),
        (f"Bearer {FIRST}\n{SECOND}", False),
        ("Bearer \xff", False),
        ("Bearer", False),
        ("", False),
        (None, False),
    ],
)
def test_each_token_of_the_file_opens_and_nothing_else(tmp_path: Path, header: str | None, *, admitted: bool) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"{FIRST}\r\n\n  {SECOND}  \n")
    assert watch_tokens(path).current().admit(header) is admitted


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "has no token"),
        (b"\n \n", "has no token"),
        (FIRST[1:].encode(), "Line 1 "),
        (f"{FIRST}\nshort".encode(), "Line 2 "),
        (f"{FIRST} {SECOND}".encode(), "Line 1 "),
        ("ä".encode() * MIN_LENGTH, "Line 1 "),
        (b"\xff" * MIN_LENGTH, "Line 1 "),
    ],
)
def test_file_without_usable_tokens_is_rejected_unrepeated(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "tokens"
    path.write_bytes(content)
    with pytest.raises(FileProblem, match=sentence) as caught:
        watch_tokens(path)
    assert FIRST[1:] not in str(caught.value)


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=r"/tokens can't be read: No such file"):
        watch_tokens(tmp_path / "tokens")


def test_tokens_do_not_show_themselves(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(FIRST)
    assert FIRST not in repr(watch_tokens(path).current())
