"""kubectl as the only way to a cluster: logins, proxies, impersonation and port-forwards are its own."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from shlex import join

from kubectl_vk8s import Manifest
from kubectl_vk8s.problems import Exit, ProblemError

NO_KUBECTL = "kubectl is not on PATH: https://kubernetes.io/docs/tasks/tools/ says how to install it."
NOT_FOUND, FORBIDDEN = "NotFound", "Forbidden"
_REASON = re.compile(r"^Error from server \((\w+)\): ", re.MULTILINE)
_NO_RESOURCE = re.compile(r"the server doesn't have a resource type|could not find the requested resource")
_UNREACHABLE = re.compile(
    r"Unable to connect to the server|The connection to the server|no configuration has been provided|"
    r"connect: connection refused"
)
# What an API server puts before the message of a rule.
_RULE = re.compile(r'<nil>: Invalid value: "[^"]*": |Invalid value: "(object|array)": ')
# klog's own lines, which repeat the error that follows.
_LOG_LINE = re.compile(r"^[EWI]\d{4} .*\n?", re.MULTILINE)


class KubectlError(ProblemError):
    """Kubectl failed. `reason`: the API server's, such as NotFound or Forbidden; empty where it gave none."""

    def __init__(self, said: str) -> None:
        found = _REASON.search(said)
        self.reason = found[1] if found else ""
        super().__init__(_explain(said), Exit.NOT_FOUND if self.reason == NOT_FOUND else Exit.FAILED)


def _explain(said: str) -> str:
    words = _LOG_LINE.sub("", said).strip() or said.strip()
    if _NO_RESOURCE.search(words):
        return (
            "This cluster does not have the resource Vk8s. Choose another one with --context, or install it there: "
            f"./install.sh of vk8s-metacontroller. kubectl says: {words}"
        )
    if _UNREACHABLE.search(words):
        return f"The host cluster can't be reached. Check --context and KUBECONFIG. kubectl says: {words}"
    return _RULE.sub("", _REASON.sub("", words)).removeprefix("error: ")


@dataclass(frozen=True)
class Kubectl:
    """kubectl with the flags that a user has given. With `is_verbose`, each command is printed to standard error."""

    flags: tuple[str, ...] = ()
    is_verbose: bool = False

    def within(self, namespace: str) -> "Kubectl":
        """The same in one namespace."""
        kept = tuple(flag for flag in self.flags if not flag.startswith("--namespace="))
        return Kubectl((*kept, f"--namespace={namespace}"), self.is_verbose)

    def build_command(self, *arguments: str) -> list[str]:
        """The whole command line."""
        return ["kubectl", *self.flags, *arguments]

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Standard output. Raises KubectlError."""
        command = self._announce(arguments)
        try:
            result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, errors="replace")
        except FileNotFoundError as error:
            raise ProblemError(NO_KUBECTL) from error
        if result.returncode != 0:
            raise KubectlError(result.stderr or result.stdout)
        return result.stdout

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """A running kubectl whose output is read while it comes; what it says of errors is lost."""
        return self._open(arguments, subprocess.DEVNULL)

    def call(self, *arguments: str) -> int:
        """Runs kubectl with the terminal of the user; its exit code."""
        try:
            return subprocess.run(self._announce(arguments), check=False).returncode
        except FileNotFoundError as error:
            raise ProblemError(NO_KUBECTL) from error

    def get(self, *arguments: str) -> Manifest:
        """The object, or the list, that `kubectl get` prints. Raises KubectlError."""
        found: Manifest = json.loads(self.run("get", *arguments, "--output=json"))
        return found

    def get_all(self, *arguments: str) -> list[Manifest]:
        """The objects of a list. Raises KubectlError."""
        return list(self.get(*arguments)["items"])

    def find(self, *arguments: str) -> Manifest | None:
        """The object, or None where the API server has none. Raises KubectlError for anything else."""
        try:
            return self.get(*arguments)
        except KubectlError as error:
            if error.reason == NOT_FOUND:
                return None
            raise

    def watch(self, *arguments: str) -> "subprocess.Popen[str]":
        """A running `kubectl get --watch`; `read_events` reads what it prints."""
        return self.start("get", *arguments, "--watch", "--output-watch-events", "--output=json")

    def _open(self, arguments: Sequence[str], stderr: int) -> "subprocess.Popen[str]":
        try:
            return subprocess.Popen(
                self._announce(arguments),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True, errors="replace",
            )  # fmt: skip
        except FileNotFoundError as error:
            raise ProblemError(NO_KUBECTL) from error

    def _announce(self, arguments: Sequence[str]) -> list[str]:
        command = self.build_command(*arguments)
        if self.is_verbose:
            sys.stderr.write(f"+ {join(command)}\n")
        return command


def read_events(lines: Iterable[str]) -> Iterator[tuple[str, Manifest]]:
    """Type and object of each event that a watch prints."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            # Half a line: kubectl was killed while it wrote.
            return
        if event["type"] != "ERROR":
            yield event["type"], event["object"]
