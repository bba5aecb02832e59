"""Where programs of the tests run: on this machine, in the host cluster's network, in a pod."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# For keys and kubeconfigs, which are secret. Written under another name and moved, as others may read it meanwhile.
_WRITE = 'umask 077; mkdir -p "${1%/*}"; cat >"$1.new"; mv "$1.new" "$1"'
_COPY = 'mkdir -p "${1%/*}"; cat >"$1.new"; chmod 755 "$1.new"; mv "$1.new" "$1"'


@dataclass(frozen=True)
class Place:
    """A place; `enter` is what comes before a command that is to run there."""

    enter: Sequence[str] = ()

    def command(self, *command: str) -> list[str]:
        """The command, as it has to be typed here to run there."""
        return [*self.enter, *command]

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Runs a command there, and returns how it ended."""
        return subprocess.run(self.command(*command), input=stdin, capture_output=True, text=True, check=False)

    def write(self, path: Path, content: str) -> None:
        """Makes a file there, with its directory, that its owner alone can read."""
        written = self.run("bash", "-euc", _WRITE, "-", str(path), stdin=content)
        if written.returncode != 0:
            raise RuntimeError(f"{path} could not be written: {written.stderr.strip()}")

    def copy_program(self, program: Path, path: Path) -> None:
        """Makes a program of this machine one of that place."""
        with program.open("rb") as content:
            command = self.command("bash", "-euc", _COPY, "-", str(path))
            copied = subprocess.run(command, stdin=content, capture_output=True, check=False)
        if copied.returncode != 0:
            raise RuntimeError(f"{path} could not be written: {copied.stderr.decode(errors='replace').strip()}")
