"""`find` has one meaning in the hooks: it looks something up that may be missing."""

import ast
from collections.abc import Iterator

from testbed.layout import ROOT


def test_find_may_return_none() -> None:
    certain = [where for where, result in list_lookups() if "None" not in result]
    assert certain == [], "these return something always: call them by what they do (CONTRIBUTING.md, Code)"


def list_lookups() -> Iterator[tuple[str, str]]:
    """Functions of the hooks that begin with `find`: where they are, and the type that they return."""
    for path in sorted((ROOT / "hooks").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.lstrip("_").partition("_")[0] == "find":
                yield f"{path.relative_to(ROOT)}: {node.name}", ast.unparse(node.returns) if node.returns else ""
