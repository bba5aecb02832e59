"""Names of tests state a behaviour in one short sentence that begins with a noun, in the words of the glossary."""

import ast
import re
from collections.abc import Iterator

from docs.tools import words
from testbed.layout import ROOT

LONGEST = 72
PRONOUNS = "it|its|they|their|those|these|there|what|whatever|who|whoever|whose|which|of"


def test_names_of_tests_are_short() -> None:
    long = [f"{where}: {len(name)}" for where, name in list_names() if len(name) > LONGEST]
    assert long == [], f"say it in {LONGEST} characters: what is under test, and what it does"


def test_names_of_tests_begin_with_a_noun() -> None:
    vague = [where for where, name in list_names() if re.match(rf"test_({PRONOUNS})_", name)]
    assert vague == [], "write the noun that the pronoun stands for"


def test_names_of_tests_use_the_words_of_the_glossary() -> None:
    replaced = words.read_glossary((ROOT / words.GLOSSARY).read_text())
    found = [
        f'{where}: "{finding.word}": write: {finding.instead}'
        for where, name in list_names()
        for finding in words.list_words(name.replace("_", " "), replaced)
    ]
    assert found == []


def list_names() -> Iterator[tuple[str, str]]:
    """Every test: where it is, and its name."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        place = path.relative_to(ROOT / "tests")
        functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
        names = [function.name for function in functions if function.name.startswith("test_")]
        yield from ((f"{place}::{name}", name) for name in names)
