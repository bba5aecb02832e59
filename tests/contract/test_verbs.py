"""`find` has one meaning in the whole project: it looks something up that may be missing."""

import ast
from collections.abc import Iterator

from testbed.layout import ROOT

FOLDERS = ("bench", "docs", "hooks", "images", "release", "testbed", "tests")


def test_find_may_return_none() -> None:
    certain = [where for where, result in list_lookups() if "None" not in result]
    assert certain == [], "these return something always: call them by what they do (CONTRIBUTING.md, Code)"


def list_lookups() -> Iterator[tuple[str, str]]:
    """Functions that begin with `find`: where they are, and the type that they return."""
    for path in sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.lstrip("_").partition("_")[0] == "find":
                yield f"{where}: {node.name}", ast.unparse(node.returns) if node.returns else ""
