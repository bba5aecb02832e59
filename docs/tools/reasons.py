"""What `kubectl vk8s why` says of a reason: written from docs/troubleshooting.md, `python -m docs.tools.reasons`."""

import json
import re
import sys
from collections.abc import Iterator
from typing import Final

from testbed.layout import ROOT

PAGE: Final = ROOT / "docs" / "troubleshooting.md"
FILE: Final = ROOT / "kubectl_vk8s" / "reasons.json"
_ENTRY: Final = re.compile(r"^### ([A-Z]\w+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_PART: Final = re.compile(r"^- \*\*(Cause|Fix):\*\* (.*?)(?=^- |^$|\Z)", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]*\)")


def main() -> int:
    """Writes the file; the exit code."""
    FILE.write_text(build_text())
    return 0


def build_text() -> str:
    """The file: cause and fix by reason, as plain text."""
    return json.dumps(dict(list_entries(PAGE.read_text())), indent=1, ensure_ascii=False) + "\n"


def list_entries(page: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each reason, and what its entry says."""
    for reason, text in _ENTRY.findall(page):
        parts = {name.lower(): _flatten(words) for name, words in _PART.findall(text)}
        if parts:
            yield reason, parts


def _flatten(markdown: str) -> str:
    return _LINK.sub(r"\1", " ".join(markdown.split())).replace("`", "")


if __name__ == "__main__":
    sys.exit(main())
