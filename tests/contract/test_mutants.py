"""`make mutants` runs in a copy of the project, and collects the tests more than once."""

import subprocess
import tomllib

import pytest

from testbed.layout import ROOT

MUTMUT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
# mutmut copies the first by itself, and tests always.
COPIED = {*MUTMUT["source_paths"], "tests", *MUTMUT["also_copy"]}


def test_copy_has_the_whole_project() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {path.partition("/")[0] for path in listed.splitlines()} == COPIED, "correct also_copy in pyproject.toml"


def test_written_ids_are_the_same_when_collected_twice(request: pytest.FixtureRequest) -> None:
    """Pytest escapes such an id again whenever a process collects again, as mutmut does, and finds no test of it."""
    named = [item for item in request.session.items if any("ids" in mark.kwargs for mark in item.iter_markers())]
    assert [item.nodeid for item in named if "\\" in item.name] == []
