"""Every scenario is answered as it is committed, to the byte; a file without a scenario fails too."""

import pytest

from tests.scenarios.golden import (
    ANSWER,
    BOOT_FILES,
    DIRECTORY,
    REQUEST,
    read_answer,
    read_boot_files,
    render_answer,
    render_boot_files,
    scenarios,
)


@pytest.mark.parametrize("scenario", scenarios())
def test_the_answer_is_the_committed_one(scenario: str) -> None:
    assert render_answer(scenario) == read_answer(scenario), "if the change is wanted: make golden, and read the diff"


def test_the_boot_files_are_the_committed_ones() -> None:
    assert render_boot_files() == read_boot_files(), "if the change is wanted: make golden, and read the diff"


def test_there_is_nothing_but_scenarios() -> None:
    others = {"__pycache__", BOOT_FILES.name}
    folders = [path for path in DIRECTORY.iterdir() if path.is_dir() and path.name not in others]
    assert sorted(path.name for path in folders) == scenarios()
    assert {path.name for folder in folders for path in folder.iterdir()} == {REQUEST, ANSWER}
