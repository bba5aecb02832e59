"""`make mutants` runs in a copy of the project: what the tests that it runs import is in that copy."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from testbed.layout import ROOT

MUTMUT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
# mutmut copies the first by itself, and tests always.
COPIED = {*MUTMUT["source_paths"], "tests", *MUTMUT["also_copy"]}


def test_copy_has_every_package_that_the_tests_import() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert "bench" in packages
    assert set(list_imports()) & packages <= COPIED


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
