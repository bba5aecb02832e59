"""The tables of supported versions, from docs/support.yaml: `python -m docs.tools.support` writes them."""

import re
import sys
from typing import Final

import yaml

from hooks import VERSION
from testbed.layout import ROOT

FILE: Final = ROOT / "docs" / "support.yaml"
PAGES: Final = (ROOT / "README.md", ROOT / "docs" / "verified.md")
_BLOCK: Final = re.compile(r"(<!-- table: support -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    """Writes the table into all pages; the exit code."""
    for page in PAGES:
        page.write_text(fill(page.read_text(), read_rows()))
    return 0


def read_rows() -> list[dict[str, str]]:
    """What the file says of this version: `what`, `supported` and `tested` of each row."""
    rows: list[dict[str, str]] = yaml.safe_load(FILE.read_text().replace("{version}", VERSION))
    return rows


def fill(text: str, rows: list[dict[str, str]]) -> str:
    """A page with the table of these rows. It has a place for it."""
    lines = [f"| {row['what']} | {row['supported']} | {row['tested']} |" for row in rows]
    table = "\n".join(["| | supported | tested with |", "|---|---|---|", *lines])
    filled, count = _BLOCK.subn(lambda block: f"{block[1]}{table}\n{block[2]}", text)
    if count != 1:
        raise ValueError("the page has lost its place for the table of versions")
    return filled


if __name__ == "__main__":
    sys.exit(main())
