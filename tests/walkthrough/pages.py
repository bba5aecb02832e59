"""The command blocks of a page, and whether what a command prints is what the page shows.

```sh blocks are typed in as they stand. In ```console blocks, lines that start with `$ ` are typed in, and what follows
is what they print, but for what differs each time: see `normalise`. A line `...` stands for any number of lines.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

PROMPT, CONTINUED, ANYTHING = "$ ", "> ", "..."
LANGUAGES = ("sh", "console")
# What a run has of its own, in the order in which it is looked for. All that is left of it is a word of the same kind.
_PARTICULARS = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "<time>"),
    (r"\d{1,3}(\.\d{1,3}){3}", "<address>"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uid>"),
    (r"\b(\d+[dhms])+\b|\b\d+\.\d+ s\b", "<age>"),
    (r"\(\S+ ago\)", ""),
    (r"-[0-9a-f]{6,10}(-[0-9a-z]{5})?\b", "-<suffix>"),
    (r"\b3[0-2]\d{3}\b", "<port>"),
    (r"-{2,}", "--"),
    (r" +", " "),
)


@dataclass(frozen=True)
class Command:
    """What is typed in at a line of a page. `expected`: what the page shows of its output; None where it shows none."""

    line: int
    text: str
    expected: tuple[str, ...] | None = None


def read_commands(page: Path, *, under: str | None = None) -> list[Command]:
    """The commands of a page in its order, or those below the heading `under` and above the next of its level."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(page.read_text())
    fences = [token for token in _cut(tokens, under) if token.type == "fence" and token.info in LANGUAGES]
    return [command for fence in fences for command in _read_fence(fence)]


def find_difference(command: Command, output: str) -> str | None:
    """What is not as the page shows it, as a sentence; None where all is."""
    if command.expected is None:
        return None
    printed = [normalise(line) for line in output.splitlines()]
    pattern = "".join(
        r"(?:.*\n)*?" if line == ANYTHING else re.escape(normalise(line)) + r"\n" for line in command.expected
    )
    if re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)):
        return None
    shown = "\n".join(map(normalise, command.expected))
    return f"line {command.line}: {command.text}\nprints\n{output}\nand the page shows, by its kind,\n{shown}"


def normalise(line: str) -> str:
    """A line of output with words for what differs each time: times, ages, addresses, generated names and ports."""
    for pattern, kind in _PARTICULARS:
        line = re.sub(pattern, kind, line)
    return line.strip()


def _cut(tokens: list[Token], under: str | None) -> list[Token]:
    if under is None:
        return tokens
    headings = [
        (index, opening.tag) for index, (opening, text) in enumerate(pairwise(tokens))
        if opening.type == "heading_open" and text.content == under
    ]  # fmt: skip
    ((start, tag),) = headings
    rest = tokens[start + 1 :]
    ends = [index for index, token in enumerate(rest) if token.type == "heading_open" and token.tag <= tag]
    return rest[: ends[0]] if ends else rest


def _read_fence(fence: Token) -> list[Command]:
    line = (fence.map or [0])[0] + 1
    if fence.info == "sh":
        return [Command(line, fence.content)]
    commands: list[Command] = []
    for number, text in enumerate(fence.content.splitlines(), line + 1):
        if text.startswith(PROMPT):
            commands.append(Command(number, text.removeprefix(PROMPT), ()))
            continue
        last = commands.pop()
        expected = last.expected or ()
        if text.startswith(CONTINUED) and not expected:
            commands.append(Command(last.line, f"{last.text}\n{text.removeprefix(CONTINUED)}", ()))
        else:
            commands.append(Command(last.line, last.text, (*expected, text)))
    return commands
