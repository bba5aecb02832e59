"""`find` has one meaning in hooks and tests: it looks something up that may be missing."""

import ast
from collections.abc import Iterator

from testbed.layout import ROOT

# What follows the simulation, which its functions are part of.
LEFT_OUT = ("tests/chaos/", "tests/properties/", "tests/simulation/")


def test_find_may_return_none() -> None:
    certain = [where for where, result in list_lookups() if "None" not in result]
    assert certain == [], "these return something always: call them by what they do (CONTRIBUTING.md, Code)"


def list_lookups() -> Iterator[tuple[str, str]]:
    """Functions that begin with `find`: where they are, and the type that they return."""
    for path in sorted([*(ROOT / "hooks").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]):
        where = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text())) if not where.startswith(LEFT_OUT) else ():
            if isinstance(node, ast.FunctionDef) and node.name.lstrip("_").partition("_")[0] == "find":
                yield f"{where}: {node.name}", ast.unparse(node.returns) if node.returns else ""
