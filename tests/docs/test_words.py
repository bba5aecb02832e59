"""`python -m docs.tools.words`: words that the glossary replaces are refused, with what to write instead."""

from pathlib import Path

import pytest

from docs.tools import words
from docs.tools.words import Finding, check, find_words, keep_descriptions, list_files, main, read_glossary
from tests.shared_material import ROOT

GLOSSARY = """# Glossary

| term | meaning | instead of |
|---|---|---|
| recreated | Deleted and created a second time. | `anew`, `made again` |
| fix, repair | To make something work again. | `mend` |
| node pod | A pod that is a node. | — |
"""
REPLACED = {"anew": "recreated", "made again": "recreated", "mend": "fix, repair"}
CRD = """\
spec: # mend
  message: mend it
  properties:
    description: {type: string, description: 'Something to mend.'}
    list:
      items:
      - description: >-
          It is
          made again.
"""


def test_the_glossary_says_what_replaces_what() -> None:
    assert read_glossary(GLOSSARY) == REPLACED


def test_the_project_s_glossary_has_forty_terms_and_replaces_each_word_once() -> None:
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
        ("A [mend](page.md) of it.", 1),
        ("`code` and mend", 1),
        ('He "said" mend and "this"', 1),
    ],
    ids=["a word", "a capital", "over two lines", "the text of a link", "next to code", "between quotations"],
)
def test_a_replaced_word_is_found_on_its_line(text: str, line: int) -> None:
    (found,) = find_words(text, REPLACED)
    assert found.line == line
    assert found.instead == REPLACED[found.word.lower()]


@pytest.mark.parametrize(
    "text",
    [
        "`anew`",
        "```sh\nanew\n```",
        "- item\n  ```\n  anew\n  ```",
        'It says "made\nagain".',
        "[page](how-to-mend.md)",
        "[page](mend/again.md#mend)",
        "<!-- mend -->",
        "<!-- table: load -->\n| anew |\n<!-- end -->",
        "amend, mended, mend-it",
    ],
)
def test_what_is_quoted_and_other_words_are_allowed(text: str) -> None:
    assert list(find_words(text, REPLACED)) == []


def test_what_is_released_stays_as_it_was_written() -> None:
    text = "## Unreleased\nmend\n\n## 0.1.0\nmend\n"
    assert [found.line for found in find_words(text, REPLACED)] == [2]


def test_of_a_crd_only_descriptions_are_read() -> None:
    assert keep_descriptions(CRD).count("\n") == CRD.count("\n")
    assert [found.line for found in find_words(keep_descriptions(CRD), REPLACED)] == [4, 9]


def test_a_file_is_read_by_its_kind(tmp_path: Path) -> None:
    for name in ("crd.yaml", "page.md"):
        (tmp_path / name).write_text(CRD)
    assert [found.line for found in check(tmp_path / "crd.yaml", REPLACED)] == [4, 9]
    assert [found.line for found in check(tmp_path / "page.md", REPLACED)] == [1, 2, 4, 9]


def test_a_finding_has_place_word_and_what_to_write() -> None:
    assert list(find_words("\nMade  again", REPLACED)) == [Finding(2, "Made again", "recreated")]


def test_the_files_are_there_and_generated_pages_are_not_among_them() -> None:
    files = {path.relative_to(ROOT).as_posix() for path in list_files(ROOT)}
    assert {"README.md", "crds/vk8s.yaml", "docs/how-to/scale.md", "docs/troubleshooting.md"} <= files
    assert [file for file in files if file.startswith("docs/reference/")] == []
    for pattern in (*words.CHECKED, *words.LEFT_OUT):
        assert list(ROOT.glob(pattern)), pattern


def test_the_project_has_none_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert (main(), capsys.readouterr().out) == (0, "")


def test_findings_are_printed_and_fail_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / words.GLOSSARY).write_text(GLOSSARY)
    (tmp_path / "README.md").write_text("Fine.\nNot fine: mend it.\n")
    assert main(tmp_path) == 1
    assert capsys.readouterr().out == 'README.md:2: "mend": write: fix, repair\n'
