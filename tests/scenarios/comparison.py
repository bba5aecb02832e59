"""A text of YAML compared with an earlier one, as a reviewer wants to read it."""

from collections.abc import Sequence
from difflib import SequenceMatcher

CONTEXT = 1


def compare_texts(before: str, after: str, origin: str) -> str:
    """A unified diff whose hunks name the field that they begin in, and not a line: lines above may come and go."""
    old, new = before.splitlines(), after.splitlines()
    groups = list(SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT))
    lines = [f"# {'compared with' if groups else 'as in'} {origin}"]
    for group in groups:
        lines.append(f"@@ {describe_place(new, group[0][3])}".rstrip())
        for kind, old_from, old_to, new_from, new_to in group:
            if kind == "equal":
                lines += [f" {line}" for line in new[new_from:new_to]]
                continue
            lines += [f"-{line}" for line in old[old_from:old_to]]
            lines += [f"+{line}" for line in new[new_from:new_to]]
    return "\n".join([*lines, ""])


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
