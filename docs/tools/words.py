"""The words of the glossary, enforced: `python -m docs.tools.words` refuses those that docs/glossary.md replaces.

The third column of the glossary is the only list of refused words. What is quoted is exempt: code spans, fenced blocks,
"quotations", targets of links, and tables that `make bench` writes.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from testbed.layout import ROOT

GLOSSARY: Final = "docs/glossary.md"
# What is checked. To have more files checked, add a pattern here.
CHECKED: Final = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "crds/*.yaml",
    "docs/**/*.md",
    "images/README.md",
)
# What is not: docs/reference is written from crds.
LEFT_OUT: Final = ("docs/reference/*.md",)
_ROW: Final = re.compile(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
CODE: Final = re.compile(r"`([^`]+)`")
_QUOTED: Final = (
    re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL),
    re.compile(r"^<!-- table: .*?^<!-- end -->$", re.MULTILINE | re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"`[^`]+`"),
    re.compile(r"(?<=\])\([^)\s]+\)"),
    re.compile(r'"[^"\n]*(?:\n[^"\n]+)?"'),
)
# In the changelog, what is released is history.
_RELEASED: Final = re.compile(r"^## \[?\d.*", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Finding:
    """A refused word: where it stands, and what to write instead."""

    line: int
    word: str
    instead: str


def main(root: Path = ROOT) -> int:
    """Prints each refused word, with its place and what to write instead; the exit code."""
    replaced = read_glossary((root / GLOSSARY).read_text())
    found = [(path, finding) for path in list_files(root) for finding in check(path, replaced)]
    for path, finding in found:
        print(f'{path.relative_to(root)}:{finding.line}: "{finding.word}": write: {finding.instead}')
    return 1 if found else 0


def read_glossary(text: str) -> dict[str, str]:
    """What to write, by the words that it replaces."""
    return {word: term for term, words in _ROW.findall(text) for word in CODE.findall(words)}


def list_files(root: Path) -> list[Path]:
    """The files that are checked, in order."""
    return sorted(_expand(root, CHECKED) - _expand(root, LEFT_OUT))


def _expand(root: Path, patterns: Iterable[str]) -> set[Path]:
    return {path for pattern in patterns for path in root.glob(pattern)}


def check(path: Path, replaced: dict[str, str]) -> Iterator[Finding]:
    """The refused words of a file, from top to bottom."""
    text = path.read_text()
    return find_words(keep_descriptions(text) if path.suffix == ".yaml" else text, replaced)


def find_words(text: str, replaced: dict[str, str]) -> Iterator[Finding]:
    """The refused words of a text, but those that are quoted. A line may end between two words."""
    for quoted in (*_QUOTED, _RELEASED):
        text = quoted.sub(lambda found: _blank(found[0]), text)
    longest_first = sorted(replaced, key=len, reverse=True)
    pattern = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first)
    for found in re.finditer(rf"(?<![\w-])(?:{pattern})(?![\w-])", text, re.IGNORECASE):
        word = " ".join(found[0].split())
        yield Finding(text.count("\n", 0, found.start()) + 1, word, replaced[word.lower()])


def keep_descriptions(text: str) -> str:
    """A CRD with nothing left but its descriptions, on their lines. Its messages are those of the hooks."""
    end = 0
    parts: list[str] = []
    for node in _find_descriptions(yaml.compose(text)):
        parts += [_blank(text[end : node.start_mark.index]), text[node.start_mark.index : node.end_mark.index]]
        end = node.end_mark.index
    return "".join([*parts, _blank(text[end:])])


def _find_descriptions(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            yield from _find_descriptions(entry)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "description" and isinstance(value, yaml.ScalarNode):
                yield value
            else:
                yield from _find_descriptions(value)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


if __name__ == "__main__":
    sys.exit(main())
