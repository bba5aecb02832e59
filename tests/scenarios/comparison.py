"""A text of YAML compared with an earlier one, as a reviewer wants to read it."""

import re
from collections.abc import Sequence
from difflib import unified_diff

CONTEXT = 1


def compare_texts(before: str, after: str, origin: str) -> str:
    """A unified diff whose hunks name the field that they begin in, and not a line: lines above may come and go."""
    new = after.splitlines()
    _, _, *lines = [*unified_diff(before.splitlines(), new, n=CONTEXT, lineterm="")] or ("", "")
    named = [re.sub(r"^@@ \S+ \+(\d+).*", lambda start: _name_hunk(new, start[1]), line) for line in lines]
    return "\n".join([f"# {'compared with' if lines else 'as in'} {origin}", *named, ""])


def _name_hunk(lines: Sequence[str], start: str) -> str:
    return f"@@ {describe_place(lines, int(start) - 1)}".rstrip()


def describe_place(lines: Sequence[str], index: int) -> str:
    """The fields that the line is in, from the outermost on: `spec.containers`. Lists have no part in it."""
    fields, depth = list[str](), _measure_depth(lines[index])
    for line in reversed(lines[:index]):
        if depth > _measure_depth(line):
            depth = _measure_depth(line)
            fields.insert(0, line.strip("- ").partition(":")[0])
    return ".".join(fields)


def _measure_depth(line: str) -> int:
    return len(line) - len(line.lstrip("- "))
