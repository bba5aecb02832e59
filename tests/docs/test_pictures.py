"""The pictures of the documentation: made from what was printed, the same each time, and whole in themselves."""

import re
from pathlib import Path

import pytest

from docs.tools.scheme import follow_scheme
from docs.tools.terminal import WIDTH, draw_terminal
from docs.tools.timeline import FIRST, Step, draw_timeline, read_steps
from tests.shared_material import ROOT

LOG = """2026-11-26T10:39:40.817648774Z [   0.0 s] Node w (worker of virtual cluster demo) starts at 10.200.0.5.
2026-11-26T19:39:45.064494472+09:00 [   4.2 s] The API server answers.
something else
"""
APPLIED = 1795689577.5  # 2026-11-26T10:39:37.5Z
STEPS = [Step("m", "first", 0, 3), Step("m", "second", 3, 8), Step("w", "third", 1, 8)]
TERMINALS = {"get-watch"}
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.svg"))


def test_terminal_shows_command_and_output() -> None:
    svg = draw_terminal("a title", [("kubectl get vk8s", "NAME    PHASE\nlocal   Running\n"), ("true", "")])
    text = re.sub("<[^>]+>|&#160;", " ", svg)
    for words in ("a title", "$ kubectl get vk8s", "local Running", "$ true"):
        assert words in re.sub(r"\s+", " ", text)


def test_long_lines_are_cut() -> None:
    svg = draw_terminal("", [("true", "x" * (WIDTH + 1))])
    assert "x" * (WIDTH - 1) + "…" in svg


def test_each_sentence_begins_a_step() -> None:
    steps = read_steps("w", LOG, APPLIED)
    assert [step.name for step in steps] == [
        FIRST,
        "Node w (worker of virtual cluster demo) starts at 10.200.0.5.",
        "The API server answers.",
    ]
    assert [(round(step.start, 3), round(step.end, 3)) for step in steps] == [
        (0, 3.318),
        (3.318, 7.564),
        (7.564, 7.564),
    ]


def test_timeline_has_every_step_and_node() -> None:
    svg = draw_timeline("a title", STEPS, 8)
    for words in ("first", "second", "third", ">m<", ">w<", "a title"):
        assert words in svg


def test_pictures_are_the_same_each_time() -> None:
    assert draw_timeline("", STEPS, 8) == draw_timeline("", STEPS, 8)
    assert draw_terminal("", [("true", "")]) == draw_terminal("", [("true", "")])


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: str(path.name))
def test_pictures_fetch_nothing_and_name_no_machine(picture: Path) -> None:
    svg = picture.read_text()
    assert not re.search(r"url\(['\"]?http|href=\"http", svg)
    assert str(Path.home()) not in svg.replace("&#160;", " ")


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: str(path.name))
def test_pictures_fit_a_dark_page(picture: Path) -> None:
    """A terminal is dark in any case."""
    svg = picture.read_text()
    assert picture.stem in TERMINALS or svg.count("@media (prefers-color-scheme: dark)") == 1


def test_picture_without_a_style_sheet_is_rejected() -> None:
    with pytest.raises(ValueError, match="has one style sheet"):
        follow_scheme("<svg/>")


def test_pictures_exist() -> None:
    assert [path.stem for path in PICTURES] == [
        "boot",
        "get-watch",
        "how-it-works",
        "performance-hooks",
        "performance-load",
        "performance-operators",
    ], "run `make pictures` or `make bench`, or list what they write here"
