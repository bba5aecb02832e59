"""kubectl as a user types it, with parsed answers."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from testbed.reader import ReadError, get_reader, parse_question
from testbed.waiting import patient

Manifest = dict[str, Any]
_REQUEST_SECONDS = 32


class KubectlError(Exception):
    """Kubectl failed; the message is what it said."""


@dataclass(frozen=True)
class Kubectl:
    """kubectl for one cluster; `command` is everything before the arguments.

    `kubeconfig`: where it is named, `get` asks the API server itself, as far as it understands the question.
    """

    command: Sequence[str]
    kubeconfig: Path | None = None

    def within(self, namespace: str) -> "Kubectl":
        """The same for one namespace."""
        return replace(self, command=[*self.command, f"--namespace={namespace}"])

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Standard output. Raises KubectlError."""
        result = self._call(arguments, stdin)
        if result.returncode != 0:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {result.stderr.strip()}")
        return result.stdout

    def succeeds(self, *arguments: str) -> bool:
        """Whether kubectl says that it did it."""
        return self._call(arguments, None).returncode == 0

    def feed(self, file: Path, *arguments: str) -> None:
        """Runs it with the file, whatever bytes it holds, as standard input. Raises KubectlError."""
        with file.open("rb") as content:
            result = subprocess.run([*self.command, *arguments], stdin=content, capture_output=True, check=False)
        if result.returncode != 0:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {result.stderr.decode(errors='replace').strip()}")

    def get(self, *arguments: str) -> Manifest:
        """The object, or the list, that `kubectl get` shows. Raises KubectlError."""
        question = parse_question([*self._options, *arguments]) if self.kubeconfig else None
        if self.kubeconfig and question:
            try:
                return get_reader(self.kubeconfig).read(question)
            except ReadError as error:
                raise KubectlError(f"kubectl get {' '.join(arguments)}: {error}") from error
        found: Manifest = json.loads(self.run("get", *arguments, "--output=json"))
        return found

    def find(self, *arguments: str) -> Manifest | None:
        """The object that `kubectl get` shows, or None while it, or the API server, is not there."""
        try:
            return self.get(*arguments)
        except KubectlError:
            return None

    def watch(self, *arguments: str, seconds: int) -> Iterator[str]:
        """Each line that `kubectl get --watch` prints, as it comes; the last after `seconds` or when nobody listens."""
        command = [*self.command, "get", *arguments, "--watch", f"--request-timeout={seconds}s"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            try:
                yield from (line.rstrip("\n") for line in process.stdout or ())
            finally:
                process.terminate()

    def apply(self, *manifests: Manifest) -> None:
        """Applies manifests. Raises KubectlError."""
        self._apply("-", json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}))

    def apply_files(self, path: Path) -> None:
        """Applies a file, or all files of a directory. Raises KubectlError."""
        self._apply(str(path), None)

    @property
    def _options(self) -> list[str]:
        """What stands before the arguments, apart from the program and its kubeconfig."""
        return [each for each in self.command[1:] if not each.startswith("--kubeconfig=")]

    def _apply(self, file: str, stdin: str | None) -> None:
        # kubectl first fetches the API's description, for which it has a limit of its own.
        self.run("apply", f"--filename={file}", f"--request-timeout={patient(_REQUEST_SECONDS)}s", stdin=stdin)

    def _call(self, arguments: Sequence[str], stdin: str | None) -> subprocess.CompletedProcess[str]:
        # Never our own standard input: a command that reads it would take it from the program that started this.
        return subprocess.run(
            [*self.command, *arguments], input=stdin or "", capture_output=True, text=True, check=False
        )


def has_condition(thing: Manifest | None, kind: str = "Ready") -> bool:
    """Whether the object has a condition of that type, and it is true."""
    conditions = (thing or {}).get("status", {}).get("conditions", [])
    return any(entry["type"] == kind and entry["status"] == "True" for entry in conditions)
