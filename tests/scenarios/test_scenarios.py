"""The answers in every story are the committed ones, to the byte, and no file is left over."""

from difflib import unified_diff

import pytest
from pydantic import ValidationError

from tests.scenarios.golden import BOOT_FILES, read_answers, read_texts, render_answers, render_boot_files
from tests.scenarios.story import DIRECTORY, STORY, Story, list_stories

LINES = 100


def compare(committed: dict[str, str], rendered: dict[str, str]) -> None:
    """Fails with a diff, and with what to do about it."""
    lines = [
        line
        for name in sorted(committed.keys() | rendered.keys())
        for line in unified_diff(
            committed.get(name, "").splitlines(), rendered.get(name, "").splitlines(), name, name, n=1, lineterm=""
        )
    ]
    if len(lines) > LINES:
        lines = [*lines[:LINES], f"... and {len(lines) - LINES} lines more"]
    if lines or committed != rendered:
        pytest.fail("\n".join(["if the change is wanted: make golden, and read the diff", *lines]), pytrace=False)


@pytest.mark.parametrize("story", list_stories())
def test_answers_are_the_committed_ones(story: str) -> None:
    compare(read_answers(story), render_answers(story))


def test_bootstrap_files_are_the_committed_ones() -> None:
    compare(read_texts(BOOT_FILES), render_boot_files())


def test_folder_has_only_stories() -> None:
    folders = {path.parent.name for path in DIRECTORY.glob("*/*")} - {"__pycache__", BOOT_FILES.name}
    assert sorted(folders) == list_stories(), "a folder without story.yaml: delete it, or write its story"
    assert {path.name for folder in folders for path in (DIRECTORY / folder).iterdir() if path.is_file()} == {STORY}, (
        "a file that no step writes: delete it, or run make golden"
    )


def test_misspelt_event_is_rejected() -> None:
    with pytest.raises(ValidationError, match="mising"):
        Story.model_validate({"after": "first-boot", "steps": [{"step": "a pod is lost", "mising": ["Pod m"]}]})
