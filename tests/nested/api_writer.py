"""A user of a virtual cluster who writes to its API ten times a second, from outside: images/binaries/api-writer.

The program runs where clients of virtual clusters are, and reaches the API by its kubeconfig and the name in it. What
it prints goes to a file there: a stream of `kubectl exec` may lose what is in it.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex

from testbed import builds
from testbed.kubectl import Kubectl, KubectlError
from testbed.waiting import wait_for
from tests.nested.place import Place
from tests.nested.virtual import VirtualCluster
from tests.soak.ledger import compute_longest_gap, judge

PROGRAM = "api-writer"
SECONDS = 120
# After which it ends by itself, whatever has become of the tests.
LONGEST_SECONDS = 7200
_START = 'timeout "$1" "${@:3}" >"$2" 2>"$2.errors" </dev/null & echo $!'


@dataclass(frozen=True)
class Request:
    """A write that has ended: acknowledged if there is no error. Times are in seconds since the start."""

    number: int
    begun: float
    ended: float
    error: str = ""


@dataclass(frozen=True)
class Log:
    """What the program has printed. `seconds`: how long it began writes; None as long as it runs."""

    requests: Sequence[Request]
    seconds: float | None = None

    @property
    def acknowledged(self) -> frozenset[int]:
        """Numbers that must be there."""
        return frozenset(each.number for each in self.requests if not each.error)

    def compute_longest_gap(self) -> float:
        """The longest time without an acknowledged write, from the start to the end, in seconds."""
        assert self.seconds is not None, "it still writes"
        answers = [each.ended for each in self.requests if not each.error]
        return compute_longest_gap([0.0, *answers, self.seconds])

    def list_errors(self) -> list[str]:
        """What the API said instead of an acknowledgement, each sentence once."""
        return sorted({each.error for each in self.requests if each.error})


def parse_log(text: str) -> Log:
    """What has been printed so far. The last line may not be whole yet."""
    lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    requests = [Request(**line) for line in lines if "number" in line]
    return Log(requests, next((line["seconds"] for line in lines if "seconds" in line), None))


@dataclass(frozen=True)
class Outage:
    """What the user has noticed. `gap`: the longest time without an acknowledged write, in seconds.

    `lost`: how many acknowledged writes are not there, or are there without having been asked for.
    """

    gap: float
    lost: int


class ApiWriter:
    """One run of the program. `command`: with its arguments; `log`: where what it prints is, in the same place."""

    def __init__(self, place: Place, command: Sequence[str], log: Path) -> None:
        self._place, self._command, self._log, self._process = place, command, log, ""

    def start(self) -> None:
        """Returns when a write has been acknowledged."""
        arguments = (str(LONGEST_SECONDS), str(self._log), *self._command)
        self._process = self._place.run("bash", "-euc", _START, "-", *arguments).stdout.strip()
        self.wait_for_answer()

    def wait_for_answer(self) -> None:
        """Returns when a write has been acknowledged that began after this call."""
        last = max((each.number for each in self.read().requests), default=-1)
        wait_for("an acknowledged write", partial(self._has_answer, last), SECONDS, self._describe)

    def _has_answer(self, last: int) -> bool:
        return any(number > last for number in self.read().acknowledged)

    def read(self, skipped: int = 0) -> Log:
        """What has been printed so far, without as many lines at the beginning."""
        return parse_log(self._place.run("tail", f"--lines=+{skipped + 1}", str(self._log)).stdout)

    def kill(self) -> None:
        """Ends it, whatever it does."""
        self._place.run("kill", self._process)

    def stop(self) -> Log:
        """Ends it; all that it has printed. Nothing is written after this."""
        self.kill()
        wait_for("the end of the writer", lambda: self.read().seconds is not None, SECONDS, self._describe)
        return self.read()

    def _describe(self) -> str:
        return f"{self._place.run('cat', f'{self._log}.errors').stdout}\n{self.read().list_errors()}"


class Measurement:
    """How the API was while someone wrote to it. `find_numbers`: what is there; None while there is no answer."""

    def __init__(self, writer: ApiWriter, find_numbers: Callable[[], list[int] | None]) -> None:
        self.writer, self._find_numbers = writer, find_numbers
        self._outage: Outage | None = None

    @property
    def outage(self) -> Outage:
        """What has been noticed, once the writer has ended."""
        assert self._outage, "someone still writes"
        return self._outage

    def end(self) -> None:
        """Ends the writer, and compares what is there with what was acknowledged."""
        log = self.writer.stop()
        (present,) = wait_for("the writes", self._read, SECONDS)
        verdict = judge(log.acknowledged, present, len(log.requests))
        self._outage = Outage(log.compute_longest_gap(), len(verdict.lost) + len(verdict.strange))

    def _read(self) -> list[list[int]]:
        """What is there, in a list, as there may be nothing; an empty one while there is no answer."""
        present = self._find_numbers()
        return [] if present is None else [present]


@contextmanager
def write_meanwhile(virtual: VirtualCluster) -> Iterator[Measurement]:
    """Someone writes to the virtual cluster meanwhile, and is answered at the beginning and in the end."""
    writer, find = build_writer(virtual)
    measurement = Measurement(writer, find)
    try:
        writer.start()
        yield measurement
        writer.wait_for_answer()
    except BaseException:
        writer.kill()
        raise
    measurement.end()


def build_writer(virtual: VirtualCluster) -> tuple[ApiWriter, Callable[[], list[int] | None]]:
    """One that writes to the virtual cluster once it is started; and what finds there what it has written."""
    run = f"write-{token_hex(3)}"
    command = [_install(virtual), f"--kubeconfig={virtual.write_kubeconfig()}", f"--run={run}"]
    writer = ApiWriter(virtual.host.client.network, command, virtual.directory / f"{run}.log")
    return writer, partial(find_numbers, virtual.inside, run)


def _install(virtual: VirtualCluster) -> str:
    """Makes the program known where the client is; its path there."""
    program = builds.build_binaries() / PROGRAM
    if virtual.host.machine:
        return str(program)
    path = Path("/tmp") / PROGRAM  # noqa: S108 in the client's pod
    virtual.host.client.network.copy_program(program, path)
    return str(path)


def find_numbers(inside: Kubectl, run: str) -> list[int] | None:
    """What a run has written; None while the API does not answer."""
    try:
        names = inside.run("get", "configmaps", f"--selector={PROGRAM}={run}", "--output=name").split()
    except KubectlError:
        return None
    return [int(name.rpartition("-")[2]) for name in names]
