"""Rows that are redrawn in place. The only file that imports rich, and only on a terminal."""

from dataclasses import dataclass, field
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from kubectl_vk8s.follow import Seen
from kubectl_vk8s.rows import Row, build_rows
from kubectl_vk8s.screen import Screen, Tone

_STYLES: Final = {Tone.GOOD: "green", Tone.MOVING: "yellow", Tone.BAD: "red"}
_MARKS: Final = {Tone.GOOD: "✓", Tone.BAD: "✗"}
_PER_SECOND: Final = 8


@dataclass
class LiveRows:
    """One line per row, with a mark, and when it changed last."""

    screen: Screen
    since: dict[Row, float] = field(default_factory=dict)
    live: Live | None = None
    spinner: Spinner = field(default_factory=lambda: Spinner("dots", style="yellow"))

    def show(self, seen: Seen) -> None:
        """Redraws the rows."""
        rows = build_rows(seen)
        self.since = {row: self.since.get(row, seen.seconds) for row in rows}
        if self.live is None:
            console = Console(stderr=True, color_system="auto" if self.screen.color != "never" else None)
            self.live = Live(console=console, refresh_per_second=_PER_SECOND)
            self.live.start()
        self.live.update(self._draw(rows))

    def close(self) -> None:
        """Leaves the rows as they are, without anything that moves."""
        if self.live:
            self.live.update(self._draw(list(self.since), is_over=True), refresh=True)
            self.live.stop()

    def _draw(self, rows: list[Row], *, is_over: bool = False) -> Group:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=1)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        table.add_column(justify="right", no_wrap=True)
        table.expand = True
        for row in rows:
            style = _STYLES.get(row.tone, "")
            mark = Text(_MARKS.get(row.tone, "·"), style) if row.tone != Tone.MOVING or is_over else self.spinner
            table.add_row(mark, row.name, Text(row.text, style), Text(f"{self.since[row]:.0f} s", "dim"))
        return Group(table)
