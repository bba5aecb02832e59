"""Programs in PATH that only write down how they were called, and answer as a test wants."""

import os
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """#!/bin/bash
echo "{name} $*" >>"{log}"
case "{name} $*" in
{cases}
esac
"""


@dataclass(frozen=True)
class FakePrograms:
    """A directory of programs, `bin`, and the log of their calls."""

    directory: Path

    def add(self, name: str, answers: dict[str, str]) -> None:
        """A program that answers the first of the patterns that its call has in it; with `!` in front, it fails."""
        path = self.directory / "bin" / name
        path.parent.mkdir(exist_ok=True)
        cases = (f"*{_quote(pattern)}*) {_build_answer(answer)} ;;" for pattern, answer in answers.items())
        path.write_text(_SCRIPT.format(name=name, log=self.directory / "calls", cases="\n".join(cases)))
        path.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """With which nothing but these and the system's own programs is found."""
        return {**os.environ, "PATH": f"{self.directory}/bin:{self.directory}/system"}

    def link(self, *names: str) -> None:
        """Makes programs of the system be found, too."""
        system = self.directory / "system"
        system.mkdir(exist_ok=True)
        for name in names:
            (system / name).symlink_to(Path("/usr/bin", name))

    def calls(self) -> list[str]:
        """All calls so far, each as it would be typed."""
        log = self.directory / "calls"
        return log.read_text().splitlines() if log.exists() else []


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _build_answer(answer: str) -> str:
    if answer.startswith("!"):
        return f"echo {_quote(answer[1:])} >&2; exit 1"
    return f"echo {_quote(answer)}"
