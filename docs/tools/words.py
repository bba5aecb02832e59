"""The words of the glossary, enforced: `python -m docs.tools.words` refuses those that docs/glossary.md replaces.

The third column of the glossary is the only list of refused words. They are refused in prose: docs/tools/texts.py says
what that is in a page, in code, and in YAML.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from docs.tools.texts import read_prose
from testbed.layout import ROOT

GLOSSARY: Final = "docs/glossary.md"
# What is checked. To have more files checked, add a pattern here.
CHECKED: Final = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "Dockerfile",
    "Makefile",
    "install.sh",
    "uninstall.sh",
    "bench/*.py",
    "charts/*/*.yaml",
    "crds/*.yaml",
    "hooks/**/*.py",
    "hooks/vk8s/bootstrap/*",
    "docs/**/*.md",
    "docs/tools/*.py",
    "images/README.md",
    "images/**/*.go",
    "images/**/*.py",
    "images/**/*.sh",
    "metacontroller/**/*.sh",
    "metacontroller/**/*.yaml",
    "kubectl_vk8s/**/*.py",
    "release/*.py",
    "release/*.sh",
    "testbed/**/*.py",
    "testbed/**/*.sh",
    "testbed/image/*",
    "testbed/vm/*",
    "testbed/vm/arm64/*",
    "tests/**/*.py",
)
# What is not: docs/reference is written from crds, and these tests quote refused words.
LEFT_OUT: Final = ("docs/reference/*.md", "tests/docs/test_texts.py", "tests/docs/test_words.py")
_ROW: Final = re.compile(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
CODE: Final = re.compile(r"`([^`]+)`")


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
    return {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}


def check(path: Path, replaced: dict[str, str]) -> Iterator[Finding]:
    """The refused words in the prose of a file, from top to bottom."""
    return list_words(read_prose(path), replaced)


def list_words(prose: str, replaced: dict[str, str]) -> Iterator[Finding]:
    """The refused words, from top to bottom. A line may end between two words of one."""
    longest_first = sorted(replaced, key=len, reverse=True)
    pattern = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first)
    for found in re.finditer(rf"(?<![\w-])(?:{pattern})(?![\w-])", prose, re.IGNORECASE):
        word = " ".join(found[0].split())
        yield Finding(prose.count("\n", 0, found.start()) + 1, word, replaced[word.lower()])


if __name__ == "__main__":
    sys.exit(main())
