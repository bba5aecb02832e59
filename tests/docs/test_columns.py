"""Prose is wrapped at 120 columns."""

import re
from pathlib import Path

import pytest

from docs.tools.words import list_files
from tests.shared_material import ROOT

COLUMNS = 120
FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
# Each of these is one line, whatever its length: headings, tables, definitions of links, comments, pictures.
ONE_LINE = re.compile(r"#|\||\[[^\]]+\]:|<!--|!\[")
# A link or a code span, with what clings to it, can't be broken.
WORD = re.compile(r"(?:\[[^\]]*\]\([^)\s]*\)|`[^`]*`|\S)+")
BULLET = re.compile(r" *(?:(?:[-*]|\d+\.) +)?")
PAGES = [path for path in list_files(ROOT) if path.suffix == ".md"]


def list_long_lines(markdown: str) -> list[str]:
    """Lines of prose that are too long and could be broken."""
    lines = FENCED.sub("", markdown).splitlines()
    prose = [line for line in lines if len(line) > COLUMNS and not ONE_LINE.match(line)]
    return [line for line in prose if len(WORD.findall(BULLET.sub("", line, count=1))) > 1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_line_of_prose_is_too_long(page: Path) -> None:
    assert list_long_lines(page.read_text()) == [], f"wrap these lines at {COLUMNS} columns"


@pytest.mark.parametrize(
    ("line", "is_too_long"),
    [
        ("word " * 30, True),
        ("- " + "word " * 30, True),
        ("word " * 20, False),
        ("# " + "word " * 30, False),
        ("| " + "word " * 30 + "|", False),
        ("```\n" + "word " * 30 + "\n```", False),
        ("[link](" + "x" * 130 + ")", False),
        ("- `" + "word " * 30 + "`,", False),
        ("[K1]: https://example.com/" + "x" * 130 + " title", False),
    ],
    ids=["prose", "an item", "short", "a heading", "a table", "a block", "a link", "a code span", "a definition"],
)
def test_only_what_can_be_broken_is_too_long(line: str, *, is_too_long: bool) -> None:
    assert bool(list_long_lines(line)) == is_too_long
