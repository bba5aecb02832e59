"""Waiting, with rows that somebody can watch: redrawn on a terminal, a line per change elsewhere, JSON for programs."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from kubectl_vk8s.follow import Seen, follow
from kubectl_vk8s.problems import Exit
from kubectl_vk8s.rows import Row, build_rows
from kubectl_vk8s.screen import Screen, get_width, shorten
from kubectl_vk8s.session import Session
from kubectl_vk8s.vk8s import Vk8s

_NAME_WIDTH: Final = 16
_TIME: Final = "{:7.1f} s  "


@dataclass(frozen=True)
class Goal:
    """What is waited for. `words`: how the sentence goes on that begins with the name; `seconds`: how long.

    `before`: the message of a failure that somebody has just done something about; it ends no wait.
    """

    words: str
    is_reached: Callable[[Vk8s], bool]
    seconds: float
    output: str = "table"
    before: str = ""

    def is_over(self, vk8s: Vk8s) -> bool:
        """Whether there is nothing more to wait for."""
        return self.is_reached(vk8s) or (is_hopeless(vk8s) and vk8s.message != self.before)


class Display(Protocol):
    """Shows the rows as they change."""

    def show(self, seen: Seen) -> None:
        """Shows how it is now."""

    def close(self) -> None:
        """Leaves what was shown last."""


@dataclass
class Lines:
    """A line for each change."""

    screen: Screen
    shown: dict[str, Row] = field(default_factory=dict)

    def show(self, seen: Seen) -> None:
        """Prints the rows that have changed."""
        for row in build_rows(seen):
            if self.shown.get(row.name) != row:
                self.shown[row.name] = row
                text = self.screen.paint(row.text, row.tone, sys.stderr)
                self.screen.say(f"{_TIME.format(seen.seconds)}{row.name:{_NAME_WIDTH}} {text}")

    def close(self) -> None:
        """Nothing is left to do."""


@dataclass
class Objects:
    """A JSON object for each change, on standard output."""

    shown: dict[str, Row] = field(default_factory=dict)

    def show(self, seen: Seen) -> None:
        """Prints the rows that have changed."""
        for row in build_rows(seen):
            if self.shown.get(row.name) != row:
                self.shown[row.name] = row
                self._print(
                    {"seconds": round(seen.seconds, 1), "name": row.name, "tone": row.tone, "message": row.text}
                )

    def close(self) -> None:
        """Nothing is left to do."""

    def _print(self, value: Mapping[str, object]) -> None:
        sys.stdout.write(f"{json.dumps(value)}\n")
        sys.stdout.flush()


def wait(session: Session, vk8s: Vk8s, goal: Goal) -> int:
    """Waits until the goal is reached, and says how it ended; the exit code."""
    last = Seen(vk8s, {}, 0)
    display = _choose_display(session, goal)
    try:
        for seen in follow(session.within(vk8s), vk8s.name, goal.seconds):
            display.show(seen)
            last = seen
            if seen.vk8s is None or goal.is_over(seen.vk8s):
                break
    except KeyboardInterrupt:
        display.close()
        session.screen.say(f"{vk8s.name} goes on without this command.")
        return Exit.INTERRUPTED
    display.close()
    return _conclude(session, last, goal, vk8s)


def is_hopeless(vk8s: Vk8s) -> bool:
    """Whether nothing will happen until somebody edits the spec or brings something back."""
    return vk8s.is_current and (vk8s.is_rejected or vk8s.phase == "Fail")


def _choose_display(session: Session, goal: Goal) -> Display:
    if goal.output == "json":
        return Objects()
    if not session.screen.is_live:
        return Lines(session.screen)
    from kubectl_vk8s.live import LiveRows

    return LiveRows(session.screen)


def _conclude(session: Session, seen: Seen, goal: Goal, before: Vk8s) -> int:
    vk8s, name = seen.vk8s, before.name
    say = session.screen.say if goal.output == "json" else session.screen.print
    if vk8s is None:
        session.screen.say(f"{name} has been deleted.")
        return Exit.NOT_FOUND
    if goal.is_reached(vk8s):
        say(f"{name} {goal.words}, after {seen.seconds:.0f} s. {shorten_message(vk8s)}".rstrip())
        return Exit.DONE
    why = session.suggest("why {name}", before)
    if is_hopeless(vk8s):
        session.screen.say(f"{name} needs you: {vk8s.message}\n{why} says more.")
        return Exit.NEEDS_YOU
    session.screen.say(
        f"Waited {goal.seconds:.0f} s for {name}; it goes on by itself. It is {vk8s.phase}: {vk8s.message}\n"
        f"{why} says more."
    )
    return Exit.NOT_READY


def shorten_message(vk8s: Vk8s) -> str:
    """The message of the status, in one line."""
    return shorten(vk8s.message, 2 * get_width())


def is_running(vk8s: Vk8s) -> bool:
    """Whether all of the spec as it is now is Ready."""
    return vk8s.is_current and vk8s.phase == "Running"
