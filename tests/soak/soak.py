"""The soak test: faults for a while, then a recovery with every acknowledged write, and again."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from testbed.kubectl import KubectlError
from testbed.waiting import wait_for
from tests.soak.faults import DELETION, Fault, Place, draw
from tests.soak.ledger import Verdict, judge
from tests.soak.recoveries import Recoveries
from tests.soak.victims import kill, look_at
from tests.soak.world import RECOVERY_SECONDS, World
from tests.soak.writers import Writer

# From recovery to recovery.
FAULTS = 8
TICK_SECONDS = 0.5
# Of those that are wrong, so many are named.
NAMED = 10


class BrokenError(Exception):
    """What must never happen has happened; the message says what."""


class SoakTest:
    """A soak test of a world. `story`: each thing that happened, in order; `say` is called with each, too."""

    def __init__(self, world: World, writers: Sequence[Writer], say: Callable[[str], None]) -> None:
        self._world = world
        self._writers = writers
        self._say = say
        self._start = time.monotonic()
        # What is to be started again, and when.
        self._away: dict[str, float] = {}
        self.recoveries = Recoveries([writer.ledger for writer in writers])
        self.story: list[str] = []
        self.recovery_times: list[float] = []
        self.verdicts: dict[str, Verdict] = {}

    def run(self, seed: int, seconds: float) -> None:
        """Injects faults until the time is over, and ends with a recovery. Raises BrokenError, TimeoutError."""
        end = time.monotonic() + seconds
        faults = draw(seed, self._world.nodes)
        with self._watch():
            while time.monotonic() < end:
                self._inject_all(islice(faults, FAULTS), end)
                self._recover()
        self._look()

    @contextmanager
    def _watch(self) -> Iterator[None]:
        """Meanwhile, looks all the time at what has recovered."""
        is_over = threading.Event()

        def watch() -> None:
            while not is_over.wait(TICK_SECONDS):
                self._look()

        thread = threading.Thread(target=watch, name="watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _inject_all(self, faults: Iterable[Fault], end: float) -> None:
        for fault in faults:
            due = time.monotonic() + fault.wait
            while time.monotonic() < min(due, end):
                self._restart_what_is_due()
                time.sleep(TICK_SECONDS)
            if time.monotonic() >= end:
                return
            self._inject(fault)

    def _restart_what_is_due(self) -> None:
        now = time.monotonic()
        for program in [program for program, due in self._away.items() if due <= now]:
            self._restart(program)

    def _look(self) -> None:
        machine = look_at(self._world.host.testbed)
        self.recoveries.look(machine.select_victims, time.monotonic())

    def _restart(self, program: str) -> None:
        del self._away[program]
        self._world.restart(program)
        self._report(f"  {program} of the testbed is started again")

    def _inject(self, fault: Fault) -> None:
        victims = look_at(self._world.host.testbed).select_victims(fault)
        at = time.monotonic()
        if not victims:
            self._report(f"{fault}: not there at the moment")
            return
        if fault.kind is DELETION:
            self._world.virtual.kubectl.run("delete", "pod", fault.node, "--wait=false", "--ignore-not-found")
        else:
            kill(victims)
        self._report(str(fault))
        self.recoveries.note(fault, victims, at)
        if fault.kind.place is Place.TESTBED:
            self._away[fault.kind.program] = at + fault.away

    def _recover(self) -> None:
        start = time.monotonic()
        for program in list(self._away):
            self._restart(program)
        self._world.wait_until_well()
        for writer in self._writers:
            self._wait_for_answer(writer, start)
        self.recovery_times.append(time.monotonic() - start)
        self._check()

    def _wait_for_answer(self, writer: Writer, since: float) -> None:
        wait_for(
            f"an answer of {writer.ledger.name}",
            lambda: writer.ledger.find_answer(since) is not None,
            RECOVERY_SECONDS,
            self._describe,
        )

    def _check(self) -> None:
        self.verdicts = {writer.ledger.name: self._judge(writer) for writer in self._writers}
        wrong = {name: verdict for name, verdict in self.verdicts.items() if verdict != Verdict([], [])}
        if wrong:
            raise BrokenError("\n".join(_describe_verdict(name, verdict) for name, verdict in wrong.items()))
        count = sum(len(writer.ledger.acknowledged) for writer in self._writers)
        self._report(
            f"recovery: all is back after {self.recovery_times[-1]:.0f} s, with all {count} acknowledged writes"
        )

    def _judge(self, writer: Writer) -> Verdict:
        required = writer.ledger.acknowledged
        # In a list, as that of an empty file is no less an answer.
        (present,) = wait_for(
            f"what {writer.ledger.name} holds",
            lambda: None if (numbers := writer.target.read()) is None else [numbers],
            RECOVERY_SECONDS,
            self._describe,
        )
        return judge(required, present, writer.ledger.begun)

    def _describe(self) -> str:
        inside = self._world.inside
        try:
            return "\n".join([self._world.virtual.describe(), inside.run("get", "pods", "-A", "--output=wide")])
        except KubectlError as error:
            return str(error)

    def _report(self, what: str) -> None:
        seconds = time.monotonic() - self._start
        line = f"{int(seconds) // 60:3}:{int(seconds) % 60:02}  {what}"
        self.story.append(line)
        self._say(line)


def _describe_verdict(name: str, verdict: Verdict) -> str:
    strange = f"{len(verdict.strange)} never asked for or there twice {list(verdict.strange[:NAMED])}"
    return f"{name}: {len(verdict.lost)} lost {list(verdict.lost[:NAMED])}, {strange}"
