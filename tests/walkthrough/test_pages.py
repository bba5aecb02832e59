"""The pages' commands, typed in as they stand, by somebody who has nothing but a clone of the project."""

import re
from collections import Counter
from pathlib import Path

import pytest

from testbed.layout import ROOT
from tests.walkthrough.pages import read_commands
from tests.walkthrough.terminal import Terminal

DOCS = ROOT / "docs"
# The others are typed in where there is something to install into, tests/install/test_pages.py, or rendered by Helm,
# tests/charts/test_pages.py.
README_SECTIONS = {"here": ["Try it", "The resource"], "elsewhere": ["With Helm", "With a script"]}
# As for the README; the hooks of a cluster are pods only there.
DEBUGGING_SECTIONS = {
    "here": ["Hooks on your machine", "What a broken spec is answered", "A virtual cluster as it is now"],
    "elsewhere": ["The hooks of a cluster"],
}


def test_readme_does_as_it_says(terminal: Terminal) -> None:
    for section in README_SECTIONS["here"]:
        terminal.follow(read_commands(ROOT / "README.md", under=section))


def test_korean_readme_has_the_same_commands() -> None:
    english, korean = (read_commands(ROOT / name) for name in ("README.md", "README.ko.md"))
    assert [(each.text, each.expected) for each in korean] == [(each.text, each.expected) for each in english]


def test_korean_page_for_owners_of_the_operator_has_the_same_code() -> None:
    """Its commands are in the text, like the names of objects and fields."""
    english, korean = (DOCS / f"from-the-operator{language}.md" for language in ("", ".ko"))
    assert read_code(korean) == read_code(english)
    assert [each.count("|") for each in list_rows(korean)] == [each.count("|") for each in list_rows(english)]


def read_code(page: Path) -> Counter[str]:
    """Each code span of a page, and how often it is there."""
    return Counter(re.findall(r"`([^`]+)`", page.read_text()))


def list_rows(page: Path) -> list[str]:
    """The rows of its tables."""
    return [line for line in page.read_text().splitlines() if line.startswith("|")]


@pytest.mark.nightly("tests/walkthrough/test_pages.py::test_readme_does_as_it_says")
def test_tutorial_does_as_it_says(terminal: Terminal) -> None:
    terminal.follow(read_commands(DOCS / "tutorial.md"))


@pytest.mark.nightly("tests/api/test_process.py")
def test_page_about_curl_does_as_it_says(up: Terminal) -> None:
    for section in DEBUGGING_SECTIONS["here"]:
        up.follow(read_commands(DOCS / "debugging.md", under=section))


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("connect", marks=pytest.mark.nightly("tests/kind/test_newcomer.py")),
        pytest.param(
            "ports",
            marks=pytest.mark.nightly(
                "tests/nested/test_ports.py::test_port_below_30000_is_reached_at_the_number_that_status_shows"
            ),
        ),
        pytest.param("ssh", marks=pytest.mark.nightly("tests/nested/test_access.py::test_kubectl_is_ready_to_use")),
    ],
)
def test_pages_about_the_use_of_a_virtual_cluster(page: str, up: Terminal) -> None:
    follow_how_to(page, up)


@pytest.mark.nightly("tests/cluster/test_edits.py::test_pause_takes_the_pods_and_a_resume_makes_them_again")
@pytest.mark.parametrize("page", ["lost-volumes", "pause", "scale"])
def test_pages_about_changes_of_a_virtual_cluster(page: str, up: Terminal) -> None:
    follow_how_to(page, up)


@pytest.mark.nightly("tests/cli/test_snapshot.py")
def test_snapshot_that_is_taken_by_hand_before_an_upgrade(up: Terminal) -> None:
    copy = ROOT / "before-v1.35.db"
    try:
        up.follow(read_commands(DOCS / "how-to" / "upgrade.md", under="Copy the state first"))
        assert copy.stat().st_size
    finally:
        copy.unlink(missing_ok=True)


@pytest.mark.nightly("tests/cli/test_restore.py")
def test_page_about_losses(backed_up: Terminal) -> None:
    follow_how_to("disaster-recovery", backed_up)


def follow_how_to(page: str, terminal: Terminal) -> None:
    terminal.follow(read_commands(DOCS / "how-to" / f"{page}.md"))


@pytest.mark.parametrize(
    ("page", "sections"), [(ROOT / "README.md", README_SECTIONS), (DOCS / "debugging.md", DEBUGGING_SECTIONS)]
)
def test_no_command_is_left_out(page: Path, sections: dict[str, list[str]]) -> None:
    listed = [name for names in sections.values() for name in names]
    lines = [command.line for name in listed for command in read_commands(page, under=name)]
    assert sorted(lines) == [command.line for command in read_commands(page)]
