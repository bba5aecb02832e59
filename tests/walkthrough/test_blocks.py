"""What can be seen of the pages' commands without running them."""

import re
from pathlib import Path

import pytest

from testbed.layout import ROOT
from tests.walkthrough.pages import read_commands

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COLUMNS = 120
WRITES = re.compile(r"(?:>|-o )\s*build/(?!cli)")
CREATES = re.compile(r"^mkdir -p build\b", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_creates_the_directory_that_it_writes_to(page: Path) -> None:
    """A clone has no build/."""
    text = "\n".join(command.text for command in read_commands(page))
    written, created = WRITES.search(text), CREATES.search(text)
    assert not written or (created and created.start() < written.start()), "add `mkdir -p build` to the first block"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_are_not_cut_off_in_the_site(page: Path) -> None:
    """docs/site.css leaves room for so many columns. What a command prints is as long as it is."""
    typed = [command.text for command in read_commands(page) if command.expected is None]
    long = [line for text in typed for line in text.splitlines() if len(line) > COLUMNS]
    assert long == [], "break these lines"
