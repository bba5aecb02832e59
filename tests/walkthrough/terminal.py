"""A shell into which the commands of a page are typed."""

import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.walkthrough.pages import Command, find_difference

SECONDS = 900


@dataclass(frozen=True)
class Terminal:
    """A bash that keeps what is set in it from one command to the next, and ends at the first command that fails."""

    shell: "subprocess.Popen[str]"
    scratch: Path

    def follow(self, commands: list[Command]) -> None:
        """Types in one command after the other; AssertionError where one fails, or prints other things than shown."""
        assert commands
        for command in commands:
            output = self.type(command.text)
            difference = find_difference(command, output)
            assert difference is None, difference

    def type(self, text: str) -> str:
        """What a command prints, on both channels."""
        file, end = self.scratch / "command", f"end-{uuid.uuid4()}"
        file.write_text(text)
        stdin, stdout = _pipes(self.shell)
        # A command that reads its input must not read the next ones.
        stdin.write(f"source {file} </dev/null\necho; echo {end}\n")
        stdin.flush()
        lines: list[str] = []
        for line in stdout:
            if line == f"{end}\n":
                # `echo` has ended the last line.
                return "".join(lines).removesuffix("\n")
            lines.append(line)
        raise AssertionError(f"{text}\nfails:\n{''.join(lines)}")


@contextmanager
def open_terminal(directory: Path, environment: Mapping[str, str], scratch: Path) -> Iterator[Terminal]:
    """A shell in `directory`; what it has started in the background ends with it. It has SECONDS for all it does."""
    command = ["timeout", "--kill-after=5", str(SECONDS), "bash", "-euo", "pipefail"]
    with subprocess.Popen(
        command, cwd=directory, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, bufsize=1,
    ) as shell:  # fmt: skip
        try:
            yield Terminal(shell, scratch)
        finally:
            # `timeout` passes it on to all that runs below it.
            shell.terminate()


def _pipes(shell: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    assert shell.stdin
    assert shell.stdout
    return shell.stdin, shell.stdout
