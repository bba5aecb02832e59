"""`python -m docs.tools.words`: words that the glossary replaces are refused, with what to write instead."""

from pathlib import Path

import pytest

from docs.tools import words
from docs.tools.words import Finding, check, list_files, list_words, main, read_glossary
from tests.shared_material import ROOT

GLOSSARY = """# Glossary

| term | meaning | instead of |
|---|---|---|
| recreated | Deleted and created a second time. | `anew`, `made again` |
| fix, repair | To make something work again. | `mend` |
| node pod | A pod that is a node. | — |
"""
REPLACED = {"anew": "recreated", "made again": "recreated", "mend": "fix, repair"}


def test_glossary_says_what_replaces_what() -> None:
    assert read_glossary(GLOSSARY) == REPLACED


def test_glossary_has_forty_terms_and_each_word_once() -> None:
    text = (ROOT / words.GLOSSARY).read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| term ")]
    assert len(rows) >= 40
    listed = [word for row in rows for word in words.CODE.findall(row.split(" | ")[2])]
    assert sorted(listed) == sorted(read_glossary(text))
    assert [word for word in listed if word != word.lower()] == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("It is anew.", 1),
        ("One.\n\nAnew, it is.", 3),
        ("One is made\nagain.", 1),
        ("amend, mended, mend-it, mend", 1),
    ],
    ids=["a word", "a capital", "over two lines", "next to other words"],
)
def test_replaced_word_is_found_on_its_line(text: str, line: int) -> None:
    (found,) = list_words(text, REPLACED)
    assert found.line == line
    assert found.instead == REPLACED[found.word.lower()]


def test_each_file_is_read_by_its_kind(tmp_path: Path) -> None:
    for name in ("page.md", "code.py"):
        (tmp_path / name).write_text("mend = 1  # mend\n")
    assert len([*check(tmp_path / "page.md", REPLACED)]) == 2
    assert len([*check(tmp_path / "code.py", REPLACED)]) == 1


def test_finding_has_place_word_and_what_to_write() -> None:
    assert list(list_words("\nMade  again", REPLACED)) == [Finding(2, "Made again", "recreated")]


def test_files_are_there_and_generated_pages_are_not_among_them() -> None:
    files = {path.relative_to(ROOT).as_posix() for path in list_files(ROOT)}
    assert {"README.md", "crds/vk8s.yaml", "docs/how-to/scale.md", "docs/troubleshooting.md"} <= files
    assert [file for file in files if file.startswith("docs/reference/")] == []
    for pattern in (*words.CHECKED, *words.LEFT_OUT):
        assert list(ROOT.glob(pattern)), f"nothing matches {pattern}: correct it in docs/tools/words.py"


def test_findings_are_printed_and_fail_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / words.GLOSSARY).write_text(GLOSSARY)
    (tmp_path / "README.md").write_text("Fine.\nNot fine: mend it.\n")
    assert main(tmp_path) == 1
    assert capsys.readouterr().out == 'README.md:2: "mend": write: fix, repair\n'
