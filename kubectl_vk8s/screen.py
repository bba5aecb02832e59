"""What is printed: results to standard output, progress to standard error; plain text wherever nobody watches."""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TextIO

PLAIN_WIDTH: Final = 80
_GAP: Final = "   "
_CODES: Final = {"good": "32", "moving": "33", "bad": "31", "strong": "1", "faint": "2"}


class Tone(StrEnum):
    """What a text means; the word always says it, too."""

    GOOD = "good"
    MOVING = "moving"
    BAD = "bad"
    STRONG = "strong"
    FAINT = "faint"
    NONE = ""


@dataclass(frozen=True)
class Cell:
    """A text in a table, with its tone."""

    text: str
    tone: Tone = Tone.NONE


Row = Sequence[str | Cell]


@dataclass(frozen=True)
class Screen:
    """Where to print. `color`: auto, always or never; `is_quiet`: no progress."""

    color: str = "auto"
    is_quiet: bool = False

    @property
    def is_live(self) -> bool:
        """Whether somebody watches the progress, on a terminal that can redraw lines."""
        return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not self.is_quiet

    def paint(self, text: str, tone: Tone, stream: TextIO | None = None) -> str:
        """The text in the colour of its tone, where the stream shows colours."""
        return self.paint_code(text, _CODES.get(tone, ""), stream)

    def paint_code(self, text: str, code: str, stream: TextIO | None = None) -> str:
        """The text in a colour by its number, where the stream shows colours."""
        return f"\x1b[{code}m{text}\x1b[0m" if code and text and self.has_colors(stream or sys.stdout) else text

    def has_colors(self, stream: TextIO) -> bool:
        """Whether the stream shows colours."""
        if self.color != "auto":
            return self.color == "always"
        return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def print(self, text: str = "", tone: Tone = Tone.NONE) -> None:
        """A line of the result."""
        sys.stdout.write(f"{self.paint(text, tone)}\n")
        sys.stdout.flush()

    def print_json(self, value: object) -> None:
        """The result, for programs."""
        sys.stdout.write(f"{json.dumps(value, indent=2)}\n")

    def print_table(self, header: Row, rows: Sequence[Row]) -> None:
        """A table; on a terminal, its last column is cut at the edge."""
        for line in self.build_table(header, rows):
            self.print(line)

    def build_table(self, header: Row, rows: Sequence[Row]) -> list[str]:
        """The lines of a table. A column that is empty in every row is left out."""
        cells = [[entry if isinstance(entry, Cell) else Cell(entry) for entry in row] for row in (header, *rows)]
        shown = [index for index in range(len(header)) if not rows or any(row[index].text for row in cells[1:])]
        widths = {index: max(len(row[index].text) for row in cells) for index in shown}
        return [self._build_line([row[index] for index in shown], list(widths.values())) for row in cells]

    def _build_line(self, cells: Sequence[Cell], widths: Sequence[int]) -> str:
        before = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
        limit = get_width() - before
        last = cells[-1]
        padded = [
            self.paint(cell.text, cell.tone) + " " * (width - len(cell.text))
            for cell, width in zip(cells[:-1], widths[:-1], strict=True)
        ]
        text = shorten(last.text, limit) if sys.stdout.isatty() else last.text
        return _GAP.join([*padded, self.paint(text, last.tone)]).rstrip()

    def say(self, text: str, tone: Tone = Tone.NONE) -> None:
        """A line of progress."""
        if not self.is_quiet:
            sys.stderr.write(f"{self.paint(text, tone, sys.stderr)}\n")
            sys.stderr.flush()

    def wrap(self, text: str, indent: str = "") -> str:
        """A text in lines that fit, on a terminal; elsewhere one line, which programs can read."""
        if not sys.stdout.isatty():
            return f"{indent}{text}"
        return textwrap.fill(
            text, get_width(), initial_indent=indent, subsequent_indent=indent,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip


def get_width() -> int:
    """Columns of the terminal."""
    return shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns


def shorten(text: str, width: int) -> str:
    """The text, cut where it is longer than `width`."""
    return text if len(text) <= max(width, 1) else f"{text[: max(width, 1) - 1]}…"


def join_pairs(pairs: Iterable[tuple[str, str]] | Mapping[str, str]) -> str:
    """Names and values in one line; those without a value are left out."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return _GAP.join(f"{name} {value}" for name, value in items if value)
