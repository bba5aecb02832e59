"""`make mutants` runs in a copy of the project, with what tests import, and collects them more than once."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.layout import ROOT

MUTMUT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
# mutmut copies the first by itself, and tests always.
COPIED = {*MUTMUT["source_paths"], "tests", *MUTMUT["also_copy"]}


def test_copy_has_every_package_that_the_tests_import() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert "bench" in packages
    assert set(list_imports()) & packages <= COPIED


def test_written_ids_are_the_same_when_collected_twice(request: pytest.FixtureRequest) -> None:
    """Pytest escapes such an id again whenever a process collects again, as mutmut does, and finds no test of it."""
    named = [item for item in request.session.items if any("ids" in mark.kwargs for mark in item.iter_markers())]
    assert [item.nodeid for item in named if "\\" in item.name] == []


def list_imports() -> Iterator[str]:
    """The top-level packages that the modules of the chosen tests import, and those of the tests' own modules."""
    folders = [ROOT / "tests", *(ROOT / folder for folder in MUTMUT["pytest_add_cli_args_test_selection"])]
    for path in (path for folder in folders for path in list_modules(folder)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]
            elif isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)


def list_modules(folder: Path) -> Iterator[Path]:
    """The modules in a folder and below; of tests alone, not those below, as they may not be chosen."""
    return folder.glob("*.py") if folder == ROOT / "tests" else folder.rglob("*.py")
