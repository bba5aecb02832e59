"""Every scenario is answered as it is committed, to the byte; a file without a scenario fails too."""

import pytest

from tests.scenarios.golden import ANSWER, DIRECTORY, REQUEST, read_answer, render_answer, scenarios


@pytest.mark.parametrize("scenario", scenarios())
def test_the_answer_is_the_committed_one(scenario: str) -> None:
    assert render_answer(scenario) == read_answer(scenario), "if the change is wanted: make golden, and read the diff"


def test_there_is_nothing_but_scenarios() -> None:
    folders = [path for path in DIRECTORY.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert sorted(path.name for path in folders) == scenarios()
    assert {path.name for folder in folders for path in folder.iterdir()} == {REQUEST, ANSWER}
