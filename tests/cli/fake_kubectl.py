"""A kubectl on PATH that writes down how it was called, and answers what a test wants."""

import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from hooks.kubernetes.manifest import Manifest

_SCRIPT = """#!/bin/bash
printf '%s\\n' "$*" >>{calls}
case "$*" in *--filename=-*) cat >{stdin} ;; esac
case "$*" in
{cases}
*) echo "error: this kubectl has no answer" >&2; exit 1 ;;
esac
"""


@dataclass
class FakeKubectl:
    """The program, in a directory of its own. The first pattern that a call has in it decides the answer."""

    directory: Path
    cases: list[str] = field(default_factory=list)

    def answer(self, pattern: str, output: object = "", error: str = "", code: int = 0) -> None:
        """Prints `output`, as JSON unless it is a text, and ends."""
        end = f"echo {shlex.quote(error)} >&2; exit {code or 1}" if error else f"exit {code}"
        self._add(pattern, f"cat {self._store(output)}; {end}")

    def watch(self, *objects: Manifest, pattern: str = "--watch") -> None:
        """Answers a watch: an event for each object, and then none, without an end."""
        events = "".join(json.dumps({"type": "MODIFIED", "object": each}) + "\n" for each in objects)
        self._add(pattern, f"cat {self._store(events)}; exec sleep 600")

    def refuse(self, pattern: str, reason: str, words: str) -> None:
        """Fails as kubectl does where an API server rejects a request."""
        self.answer(pattern, error=f"Error from server ({reason}): {words}")

    def answer_first(self, pattern: str, output: object) -> None:
        """The same, instead of what it would have answered."""
        self.answer(pattern, output)
        self._put_last_first()

    def refuse_first(self, pattern: str, reason: str, words: str) -> None:
        """Fails instead of what it would have answered."""
        self.refuse(pattern, reason, words)
        self._put_last_first()

    def run(self, pattern: str, script: str) -> None:
        """Answers by a few lines of bash."""
        self._add(pattern, script)

    @property
    def calls(self) -> list[str]:
        """All calls so far."""
        file = self.directory / "calls"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def stdin(self) -> str:
        """What the last call that read its input was given."""
        return (self.directory / "stdin").read_text()

    def _store(self, output: object) -> str:
        file = self.directory / f"answer-{len(self.cases)}"
        file.write_text(output if isinstance(output, str) else json.dumps(output))
        return shlex.quote(str(file))

    def _add(self, pattern: str, script: str) -> None:
        self.cases.append(f"*{shlex.quote(pattern)}*) {script} ;;")
        self._write()

    def _put_last_first(self) -> None:
        self.cases = [self.cases[-1], *self.cases[:-1]]
        self._write()

    def _write(self) -> None:
        path = self.directory / "bin" / "kubectl"
        path.parent.mkdir(exist_ok=True)
        places = {"calls": self.directory / "calls", "stdin": self.directory / "stdin"}
        path.write_text(_SCRIPT.format(cases="\n".join(self.cases), **places))
        path.chmod(0o755)
