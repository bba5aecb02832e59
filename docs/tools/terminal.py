"""What a terminal shows, as a picture."""

import re
from collections.abc import Iterable
from io import StringIO
from typing import Final

from rich.console import Console
from rich.text import Text

WIDTH: Final = 120
# rich would fetch its font from elsewhere; what every machine has serves as well.
_FONT_FACE: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_COMMENT: Final = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_FONT: Final = re.compile(r"font-family: Fira Code, monospace|font-family: arial")


def draw_terminal(title: str, commands: Iterable[tuple[str, str]]) -> str:
    """An SVG of commands and what they have printed, at most WIDTH columns wide; longer lines are cut."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    for command, output in commands:
        console.print(Text(f"$ {command}", style="bold green"), overflow="ellipsis", no_wrap=True)
        for line in output.splitlines():
            console.print(Text(line), overflow="ellipsis", no_wrap=True)
    svg = console.export_svg(title=title, unique_id="terminal")
    for part in (_FONT_FACE, _COMMENT):
        svg = part.sub("", svg)
    return _FONT.sub("font-family: monospace", svg)
