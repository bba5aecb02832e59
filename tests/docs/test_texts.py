"""What is prose in a file of each kind: the rest is blank, and each word stays on its line."""

from pathlib import Path

import pytest

from docs.tools.texts import read_prose

PYTHON = """\
'''It is made
again, with "mend" and `mend`.'''

mend = "mend"  # mend
mended: dict = {"mend": mend}


def mend(path):
    # It is made
    # again in mend.py, "as
    # we mend" it.
    raise ValueError(f"{mend} can't mend \\"mend\\" or\\nmend {path.mend}")
"""
SHELL = """\
#!/bin/bash
# To mend it: mend.sh
mend() {
  say "mend $mend"  # mend
  mend 'mend' \\"mend "it
mend"
  [[ ${#mend} = 0 && $# = 0 ]]
}
"""
GO = """\
// Package mend mends, and `mend` is quoted.
package mend

/* mend
   it */
func mend() {
	mend := 'm' // mend
	log.Printf("mend: %v", mend, "mend", `mend it`)
}
"""
YAML = """\
mend: mend # mend
message: mend it, "mend"
properties:
  description: {type: string, description: 'Something to mend, not #mend.'}
  list:
    items:
    - summary: >-
        It is
        made again.
---
kind: mend it
"""
SERVICE = "# mend it\n[Unit]\nDescription=mend it\n"
MAKEFILE = "mend: mend ## To mend it\n\t@mend # mend\n"


@pytest.mark.parametrize(
    ("name", "text", "prose"),
    [
        (
            "code.py",
            PYTHON,
            ["It is made", "again, with and .", "mend", "It is made", "again in ,", "it.", "can't mend or mend"],
        ),
        ("code.sh", SHELL, ["!/bin/bash", "To mend it:", "mend mend", "it", "mend"]),
        ("code.go", GO, ["Package mend mends, and is quoted.", "mend", "it", "mend", "mend: %v"]),
        ("code.yaml", YAML, ["mend", "mend it,", "Something to mend, not #mend.", ">-", "It is", "made again."]),
        ("unit.service", SERVICE, ["mend it"]),
        ("Makefile", MAKEFILE, ["To mend it", "mend"]),
    ],
)
def test_prose_is_comments_and_sentences(tmp_path: Path, name: str, text: str, prose: list[str]) -> None:
    (tmp_path / name).write_text(text)
    assert [" ".join(line.split()) for line in read_prose(tmp_path / name).splitlines() if line.strip()] == prose


@pytest.mark.parametrize(("name", "text"), [("code.py", PYTHON), ("code.sh", SHELL), ("code.go", GO), ("a.yaml", YAML)])
def test_each_word_stays_where_it_was(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    prose = read_prose(tmp_path / name)
    assert len(prose) == len(text)
    assert [place for place, letter in enumerate(prose) if letter.isalpha() and text[place] != letter] == []
    assert [*map(len, prose.split("\n"))] == [*map(len, text.split("\n"))]


@pytest.mark.parametrize(
    "text",
    [
        "`mend`",
        "```sh\nmend\n```",
        "- item\n  ```\n  mend\n  ```",
        'It says "made\nagain".',
        "[page](how-to-mend.md)",
        "[page](mend/again.md#mend)",
        "<!-- mend -->",
        "<!-- table: load -->\n| mend |\n<!-- end -->",
        "## 0.1.0\nmend",
    ],
)
def test_quotations_and_released_changes_are_no_prose(tmp_path: Path, text: str) -> None:
    (tmp_path / "page.md").write_text(text)
    prose = read_prose(tmp_path / "page.md")
    assert not any(word in prose for word in ("mend", "made", "again.", "again\n"))


@pytest.mark.parametrize("text", ["A [mend](page.md) of it.", "`code` and mend", 'He "said" mend and "this"'])
def test_text_next_to_a_quotation_is_prose(tmp_path: Path, text: str) -> None:
    (tmp_path / "page.md").write_text(text)
    assert "mend" in read_prose(tmp_path / "page.md")


@pytest.mark.parametrize("name", ["role: mend", "role mend", "spec.role: write mend", "It should be 'mend'"])
def test_values_in_code_need_no_backticks(tmp_path: Path, name: str) -> None:
    (tmp_path / "code.py").write_text(f'message = "{name} for the owner\'s sake, and mend it"\n')
    assert read_prose(tmp_path / "code.py").count("mend") == 1


def test_page_has_no_names_that_need_no_backticks(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("A {mend} in mend.py")
    assert read_prose(tmp_path / "page.md") == "A {mend} in mend.py"
